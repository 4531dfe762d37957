"""Writes records as the record service answers them.

Shapes follow the REST API Browser 2026.1.
"""

from collections.abc import Mapping
from datetime import date

from sandbox.clock import iso_millis
from sandbox.jsonish import Json
from sandbox.netsuite.account import Account
from sandbox.netsuite.flow import amount_remaining, status_of, unapplied
from sandbox.netsuite.kinds import CASH_REFUND, CREDIT_MEMO, CUSTOMER_REFUND, INVOICE, RETURN, SALES_ORDER
from sandbox.netsuite.model import Line, Place, Transaction


class Renderer:
    """Writes the records of one account.

    Args:
        account: The account.
        base: Address of its record service, without a slash at its end.
    """

    def __init__(self, account: Account, base: str) -> None:
        self._account = account
        self._base = base

    def url(self, record: Transaction) -> str:
        """Return a record's own address."""
        return f"{self._base}/{record.type.rest}/{record.id}"

    def record(self, record: Transaction, *, expanded: bool) -> Json:
        """Write a record.

        Args:
            record: The record.
            expanded: Whether sublists are written out rather than linked.
        """
        body: Json = {
            "links": [link(self.url(record))],
            "id": record.id,
            "createdDate": iso_millis(record.created_at),
            "lastModifiedDate": iso_millis(record.modified_at),
            "tranDate": record.tran_date.isoformat(),
            "tranId": record.tran_id,
            "transactionNumber": record.id,
            "externalId": record.external_id,
            "memo": record.memo,
            "exchangeRate": record.exchange_rate,
            "total": record.total,
            "currency": self._ref("currency", record.currency.id, record.currency.name),
            "subsidiary": self._place("subsidiary", self._account.subsidiaries, record.subsidiary),
            "location": self._place("location", self._account.locations, record.location),
            **self._status(record),
            **(self._refund_fields(record) if record.type is CUSTOMER_REFUND else self._sale_fields(record)),
            **{name: plain(value) for name, value in record.extra.items()},
            **record.custom,
        }
        for name in self._sublists(record):
            body[name] = (
                self.sublist(record, name, expanded=True)
                if expanded
                else {"links": [link(f"{self.url(record)}/{name}")]}
            )
        return {name: value for name, value in body.items() if value is not None}

    def _sale_fields(self, record: Transaction) -> Json:
        fields: Json = {
            "entity": self._ref("customer", record.entity.id, record.entity.entityid),
            "otherRefNum": record.other_ref_num,
            "subtotal": record.subtotal,
            "taxTotal": record.tax_total,
            "createdFrom": self._source(record),
        }
        if record.type is not RETURN:
            fields["shippingCost"] = record.shipping_cost
        if record.type is INVOICE:
            fields["amountRemaining"] = amount_remaining(self._account, record)
        if record.type is CREDIT_MEMO:
            fields["unapplied"] = fields["amountRemaining"] = unapplied(self._account, record)
            fields["applied"] = record.total - fields["unapplied"]
        return fields

    def _refund_fields(self, record: Transaction) -> Json:
        return {"customer": self._ref("customer", record.entity.id, record.entity.entityid)}

    def _source(self, record: Transaction) -> Json | None:
        source = self._account.transactions.get(record.created_from or "")
        if source is None:
            return None
        return self._ref(source.type.rest, source.id, f"{source.type.label} #{source.tran_id}")

    def _status(self, record: Transaction) -> Json:
        """Write the status: a cash refund has none, orders and returns have theirs under two names."""
        letter = status_of(self._account, record)
        if letter is None or record.type is CASH_REFUND:
            return {}
        status = {"id": letter, "refName": record.type.statuses.get(letter, letter)}
        if record.type in {SALES_ORDER, RETURN}:
            return {"status": status, "orderStatus": status}
        return {"status": status}

    def _sublists(self, record: Transaction) -> list[str]:
        if record.type is CUSTOMER_REFUND:
            return ["apply", "deposit"]
        return ["item", "apply"] if record.type is CREDIT_MEMO else ["item"]

    def sublist(self, record: Transaction, name: str, *, expanded: bool) -> Json | None:
        """Write a sublist; ``None`` if the record has no such one."""
        if name not in self._sublists(record):
            return None
        address = f"{self.url(record)}/{name}"
        if name == "item":
            items = [self.line(record, line) for line in record.lines]
        else:
            items = self._applications(record) if name == "apply" else []
        if not expanded:
            items = [{"links": [link(f"{address}/{number}")]} for number, _ in enumerate(items, start=1)]
        return collection(items, address)

    def line(self, record: Transaction, line: Line) -> Json:
        """Write an item line."""
        body: Json = {
            "links": [link(f"{self.url(record)}/item/{line.line}")],
            "line": line.line,
            "uniqueKey": line.unique_key,
            "item": self._ref("item", line.item.id, line.item.itemid),
            "itemType": {"id": line.item.itemtype, "refName": line.item.itemtype},
            "quantity": line.quantity,
            "rate": line.rate,
            "amount": line.amount,
            "taxRate1": line.tax_rate * 100,
            "tax1Amt": line.tax,
            "grossAmt": line.amount + line.tax,
            "price": {"id": "-1", "refName": "Custom"},
            "location": self._place("location", self._account.locations, line.location),
            **{name: plain(value) for name, value in line.extra.items()},
        }
        if line.source is not None:
            origin = self._account.transactions.get(line.source[0])
            if origin is not None:
                body["orderDoc"] = self._ref(origin.type.rest, origin.id, origin.tran_id)
            body["orderLine"] = line.source[1]
        return {name: value for name, value in body.items() if value is not None}

    def _applications(self, record: Transaction) -> list[Json]:
        found = [(self._account.transactions.get(part.doc), part.amount) for part in record.applications]
        return [
            {
                "links": [link(f"{self.url(record)}/apply/doc={doc.id},line=0")],
                "doc": self._ref(doc.type.rest, doc.id, doc.tran_id),
                "line": 0,
                "apply": True,
                "amount": amount,
                "total": doc.total,
                "refNum": doc.tran_id,
                "type": doc.type.label,
                "currency": doc.currency.symbol,
                "applyDate": doc.tran_date.isoformat(),
            }
            for doc, amount in found
            if doc is not None
        ]

    def _ref(self, kind: str, internal_id: str, name: str) -> Json:
        return {"links": [link(f"{self._base}/{kind}/{internal_id}")], "id": internal_id, "refName": name}

    def _place(self, kind: str, places: Mapping[str, Place], internal_id: str | None) -> Json | None:
        if internal_id is None or internal_id not in places:
            return None
        return self._ref(kind, internal_id, places[internal_id].name)


def link(href: str, rel: str = "self") -> Json:
    """Write a link."""
    return {"rel": rel, "href": href}


def collection(items: list[Json], address: str) -> Json:
    """Write items as a collection that fits one page."""
    return {
        "links": [link(address)],
        "count": len(items),
        "hasMore": False,
        "items": items,
        "offset": 0,
        "totalResults": len(items),
    }


def plain(value: object) -> object:
    """Write a value that was read from a body back as JSON."""
    return value.isoformat() if isinstance(value, date) else value
