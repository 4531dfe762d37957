"""Item lines of a transaction in the making: defaults from the source, changes from the body.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4267258715.html (transforms) and the
``replace`` query parameter in the REST API Browser.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sandbox.jsonish import Json
from sandbox.netsuite.account import Account
from sandbox.netsuite.errors import invalid_value, user_error
from sandbox.netsuite.flow import left
from sandbox.netsuite.kinds import RecordType
from sandbox.netsuite.model import ONE, SELLABLE, ZERO, Currency, Item, Line, Transaction, line_tax

OWN: Final = frozenset(
    {"item", "quantity", "rate", "amount", "location", "line", "orderLine", "orderDoc", "links"}
)


class LineMaker:
    """Makes the lines of one transaction.

    Args:
        account: Where items and locations are.
        currency: The transaction's currency.
        target: The transaction's type.
        source: The transaction it is made from, if any.
    """

    def __init__(
        self, account: Account, currency: Currency, target: RecordType, source: Transaction | None = None
    ) -> None:
        self._account = account
        self._currency = currency
        self._target = target
        self._source = source

    def defaults(self) -> list[Line]:
        """Return a line for every line of the source that has some quantity left."""
        if self._source is None:
            return []
        lines: list[Line] = []
        for line in self._source.lines:
            quantity = left(self._account, self._source, line, self._target)
            if quantity > ZERO:
                lines.append(self._from_source(line, quantity))
        return lines

    def _from_source(self, line: Line, quantity: Decimal) -> Line:
        """Return a line that takes some quantity of a source line over, at its price."""
        amount = line.amount if quantity == line.quantity else line.amount * quantity / line.quantity
        made = Line(
            line=0,
            unique_key=next(self._account.line_keys),
            item=line.item,
            quantity=quantity,
            rate=line.rate,
            amount=self._currency.rounded(amount),
            tax_rate=line.tax_rate,
            location=line.location,
            source=None if self._source is None else (self._source.id, line.line),
        )
        return self._taxed(made)

    def _taxed(self, line: Line) -> Line:
        line.tax = line_tax(line.amount, line.tax_rate, self._currency)
        return line

    def merged(self, given: Sequence[Json] | None, *, replace: bool) -> list[Line]:
        """Return the lines: the defaults changed by the body's, or with ``replace`` the body's alone.

        Raises:
            NetSuiteError: A line names what is not there, or takes more than is left.
        """
        kept = self.defaults()
        if given is not None:
            by_number = {line.source[1]: line for line in kept if line.source}
            kept = [] if replace else kept
            for index, body in enumerate(given):
                path = f"item.items[{index}]"
                if body.get("orderLine") is None:
                    kept.append(self.added(body, path))
                    continue
                line = self._taken(by_number, body, path)
                if line not in kept:
                    kept.append(line)
        for number, line in enumerate(kept, start=1):
            line.line = number
        return kept

    def _taken(self, by_number: dict[int, Line], body: Json, path: str) -> Line:
        """Return the line for a source line, with what the body says of it."""
        number = int(body["orderLine"])
        origin = self._source.line(number) if self._source else None
        if origin is None:
            raise invalid_value(number, "orderLine", f"{path}.orderLine")
        given_item = body.get("item")
        if given_item is not None and self._item(given_item, path) is not origin.item:
            raise invalid_value(given_item.get("id"), "item", f"{path}.item")
        line = by_number.get(number)
        quantity = body.get("quantity")
        most = ZERO if line is None else line.quantity
        if line is None or (quantity is not None and quantity > most):
            wanted = origin.quantity if quantity is None else quantity
            raise user_error(
                f"The quantity {wanted} is more than the {most} left of line {number}.",
                f"{path}.quantity",
            )
        if quantity is not None and quantity <= ZERO:
            raise invalid_value(quantity, "quantity", f"{path}.quantity")
        if quantity is not None and quantity != line.quantity:
            fresh = self._from_source(origin, quantity)
            line.quantity, line.amount = fresh.quantity, fresh.amount
        self.change(line, body, path)
        return self._taxed(line)

    def change(self, line: Line, body: Json, path: str) -> None:
        """Set a line's price, location and other properties from a body; an amount beats a rate."""
        if body.get("rate") is not None:
            line.rate = body["rate"]
            line.amount = self._currency.rounded(line.rate * line.quantity)
        if body.get("amount") is not None:
            line.amount = self._currency.rounded(body["amount"])
            if body.get("rate") is None and line.quantity:
                line.rate = (line.amount / line.quantity).normalize()
        if "location" in body:
            line.location = place_id(self._account, body["location"], f"{path}.location")
        line.extra |= {name: value for name, value in body.items() if name not in OWN}

    def added(self, body: Json, path: str) -> Line:
        """Return a line of its own, not taken from the source; it carries no tax.

        Raises:
            NetSuiteError: Its item cannot be sold, or its amount is missing.
        """
        if body.get("item") is None:
            raise user_error("Please enter a value for item.", f"{path}.item")
        item = self._item(body["item"], path)
        if item.inactive or item.itemtype not in SELLABLE:
            raise invalid_value(item.id, "item", f"{path}.item")
        if body.get("rate") is None and body.get("amount") is None:
            raise user_error("Please enter a value for amount.", f"{path}.amount")
        quantity = body.get("quantity")
        line = Line(
            line=0,
            unique_key=next(self._account.line_keys),
            item=item,
            quantity=ONE if quantity is None else quantity,
            rate=ZERO,
            amount=ZERO,
        )
        self.change(line, body, path)
        return line

    def _item(self, ref: Json, path: str) -> Item:
        item = self._account.items.get(str(ref.get("id")))
        if item is None:
            raise invalid_value(ref.get("id", ref.get("externalId")), "item", f"{path}.item")
        return item


def place_id(account: Account, ref: Json | None, path: str) -> str | None:
    """Return the internal id of a location a body refers to.

    Raises:
        NetSuiteError: There is no such location.
    """
    if ref is None:
        return None
    internal_id = str(ref.get("id"))
    if internal_id not in account.locations:
        raise invalid_value(internal_id, "location", path)
    return internal_id
