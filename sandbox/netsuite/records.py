"""Creates, changes and deletes records, with the rules NetSuite enforces when it saves them."""

import copy
from datetime import date, datetime
from typing import Final

from sandbox.jsonish import Json
from sandbox.netsuite import userevents
from sandbox.netsuite.account import Account
from sandbox.netsuite.errors import NetSuiteError, bad_request, invalid_value, no_record, user_error
from sandbox.netsuite.fields import READ_ONLY
from sandbox.netsuite.flow import unapplied
from sandbox.netsuite.kinds import CREDIT_MEMO, CUSTOMER_REFUND, INVOICE, RETURN, SALES_ORDER, RecordType
from sandbox.netsuite.lines import LineMaker, place_id
from sandbox.netsuite.model import ONE, ZERO, Application, Currency, Customer, Transaction
from sandbox.netsuite.store import mirror, mirror_deletion
from sandbox.world import World

EXISTS: Final = "This entity/record already exists."
FIRST_STATUS: Final = {SALES_ORDER.rest: "F", RETURN.rest: "B"}
HANDLED: Final = READ_ONLY | frozenset(
    [
        "apply",
        "autoApply",
        "currency",
        "customer",
        "deposit",
        "entity",
        "exchangeRate",
        "externalId",
        "item",
        "location",
        "memo",
        "orderStatus",
        "otherRefNum",
        "shippingCost",
        "status",
        "subsidiary",
        "tranDate",
        "tranId",
    ]
)


class Records:
    """The records of one account, as the record service and the people in the UI change them.

    Args:
        world: For the time and the user events; its lock must be held.
        account: The account.
        api: Whether changes come through the API and count as its writes.
    """

    def __init__(self, world: World, account: Account, *, api: bool = True) -> None:
        self._world = world
        self._api = api
        self.account = account
        self.silent = False

    def find(self, kind: RecordType, reference: str) -> Transaction:
        """Return a record by internal id, or by external id as ``eid:...``.

        Raises:
            NetSuiteError: There is none.
        """
        if reference.startswith("eid:"):
            found = self.account.by_external_id(kind, reference.removeprefix("eid:"))
        else:
            found = self.account.transactions.get(reference)
        if found is None or found.type is not kind:
            raise no_record()
        return found

    def blank(self, kind: RecordType, entity: Customer, currency: Currency) -> Transaction:
        """Return a new transaction that is not saved yet."""
        now = self._world.clock.now()
        number = str(next(self.account.numbers))
        return Transaction(
            id=number,
            type=kind,
            tran_id=f"{kind.prefix}{number}",
            entity=entity,
            currency=currency,
            exchange_rate=ONE,
            tran_date=now.date(),
            created_at=now,
            modified_at=now,
            status=FIRST_STATUS.get(kind.rest),
        )

    def create(self, kind: RecordType, body: Json, external_id: str | None = None) -> Transaction:
        """Make a record from a body alone.

        Raises:
            NetSuiteError: The body does not make a record.
        """
        name = "customer" if kind is CUSTOMER_REFUND else "entity"
        if body.get(name) is None:
            raise user_error(f"Please enter a value for {name}.", name)
        entity = self.account.customers.get(str(body[name].get("id")))
        if entity is None:
            raise invalid_value(body[name].get("id"), name, name)
        currency = self._currency(body)
        made = self.blank(kind, entity, currency)
        made.external_id = external_id
        if kind is not CUSTOMER_REFUND:
            if not body.get("item"):
                raise user_error("You must enter at least one line item for this transaction.", "item")
            made.lines = LineMaker(self.account, currency, kind).merged(body["item"], replace=True)
        return self.save_new(made, body)

    def _currency(self, body: Json) -> Currency:
        if body.get("currency") is None:
            return self.account.currencies["USD"]
        internal_id = str(body["currency"].get("id"))
        currency = self.account.currency_by_id(internal_id)
        if currency is None:
            raise invalid_value(internal_id, "currency", "currency")
        return currency

    def save_new(self, made: Transaction, body: Json) -> Transaction:
        """Set what the body says, check the whole, keep it and tell the script.

        Raises:
            NetSuiteError: A rule forbids to save it.
        """
        self.set_fields(made, body)
        self._apply(made, body.get("apply"))
        self._check(made)
        self.account.keep(made)
        mirror(self.account, made)
        if self._api:
            self._world.writes.add(userevents.PLATFORM, self.account.slug, made.type.rest)
        self.tell("create", made)
        return made

    def tell(self, kind: str, transaction: Transaction) -> None:
        """Run the user event script, unless told to be silent."""
        if not self.silent:
            userevents.announce(self._world, self.account, kind, transaction)

    def update(self, record: Transaction, body: Json, *, replace: bool = False, event: str = "edit") -> None:
        """Change a record as a body says.

        Raises:
            NetSuiteError: A rule forbids it.
        """
        before = {**vars(record), "extra": {**record.extra}, "custom": {**record.custom}}
        before["lines"] = [copy.copy(line) for line in record.lines]
        try:
            if body.get("item") is not None:
                self._update_lines(record, body["item"], replace=replace)
            self.set_fields(record, body)
            if "apply" in body:
                self._apply(record, body["apply"])
            self._check(record)
        except NetSuiteError:
            vars(record).update(before)
            raise
        record.modified_at = self._world.clock.now()
        self.account.keep(record)
        mirror(self.account, record)
        self.tell(event, record)

    def _update_lines(self, record: Transaction, given: list[Json], *, replace: bool) -> None:
        """Change lines by their number, add those without one; with ``replace`` keep only those named."""
        maker = LineMaker(self.account, record.currency, record.type)
        kept = []
        for index, body in enumerate(given):
            path = f"item.items[{index}]"
            if body.get("line") is None:
                kept.append(maker.added(body, path))
                continue
            line = record.line(int(body["line"]))
            if line is None:
                raise invalid_value(body["line"], "line", f"{path}.line")
            maker.change(line, body, path)
            kept.append(line)
        lines = kept if replace else [*record.lines, *(line for line in kept if line not in record.lines)]
        number = max((line.line for line in record.lines), default=0)
        for line in lines:
            if line.line == 0:
                number += 1
                line.line = number
        record.lines = lines

    def set_fields(self, record: Transaction, body: Json) -> None:
        """Set a record's own fields from a body; what the sandbox has no use for is kept and shown."""
        record.external_id = body.get("externalId", record.external_id)
        record.memo = body.get("memo", record.memo)
        record.other_ref_num = body.get("otherRefNum", record.other_ref_num)
        record.tran_id = body.get("tranId") or record.tran_id
        given: date | None = body.get("tranDate")
        record.tran_date = given or record.tran_date
        record.exchange_rate = body.get("exchangeRate") or record.exchange_rate
        if body.get("shippingCost") is not None:
            record.shipping_cost = record.currency.rounded(body["shippingCost"])
        if "location" in body:
            record.location = place_id(self.account, body["location"], "location")
        if body.get("subsidiary") is not None:
            internal_id = str(body["subsidiary"].get("id"))
            if internal_id not in self.account.subsidiaries:
                raise invalid_value(internal_id, "subsidiary", "subsidiary")
            record.subsidiary = internal_id
        self._set_status(record, body)
        for name, value in body.items():
            if name.startswith("custbody"):
                record.custom[name] = None if value is None else str(value)
            elif name not in HANDLED:
                record.extra[name] = value

    def _set_status(self, record: Transaction, body: Json) -> None:
        """Set an order's or a return's status by its letter; other types' statuses follow from the facts."""
        wanted = body.get("orderStatus") or body.get("status")
        if wanted is None or record.type not in {SALES_ORDER, RETURN}:
            return
        letter = str(wanted.get("id"))
        if letter not in record.type.statuses:
            raise invalid_value(letter, "orderStatus", "orderStatus")
        record.status = letter

    def _apply(self, record: Transaction, given: list[Json] | None) -> None:
        """Set what a credit memo or a customer refund is applied to."""
        if given is None:
            return
        target = CREDIT_MEMO if record.type is CUSTOMER_REFUND else INVOICE
        record.applications = []
        for index, part in enumerate(given):
            path = f"apply.items[{index}]"
            if not part.get("apply", True):
                continue
            doc = self.account.transactions.get(str((part.get("doc") or {}).get("id")))
            if doc is None or doc.type is not target:
                raise invalid_value(part.get("doc"), "doc", f"{path}.doc")
            room = unapplied(self.account, doc) if target is CREDIT_MEMO else doc.total
            amount = part.get("amount")
            if amount is not None and amount > room:
                raise user_error("The amount is more than what is left to apply.", f"{path}.amount")
            record.applications.append(Application(doc.id, room if amount is None else amount))

    def _check(self, record: Transaction) -> None:
        """Check what NetSuite checks on every save."""
        if record.external_id is not None:
            other = self.account.by_external_id(record.type, record.external_id)
            if other is not None and other is not record:
                raise bad_request("USER_ERROR", f"Error while accessing a resource. {EXISTS}", "externalId")
        if record.total < ZERO:
            raise user_error("Transaction amount must not be negative.")
        if record.type is CUSTOMER_REFUND and not record.applications:
            raise user_error("You must apply this refund to at least one credit.", "apply")
        if record.type is CREDIT_MEMO and record.applied > record.total:
            raise user_error("More is applied than the credit memo is worth.", "apply")
        closed = self.account.closed_until
        if closed is not None and record.tran_date <= closed:
            raise user_error("The transaction date is in a closed accounting period.", "tranDate")

    def dependents(self, record: Transaction) -> list[Transaction]:
        """Return the records that were made from this one or are applied to it."""
        index = self.account.index
        found = {each.id: each for each in (*index.children(record.id), *index.appliers(record.id))}
        return list(found.values())

    def refresh(self, record: Transaction) -> None:
        """Show in SuiteQL what was changed outside of a save."""
        mirror(self.account, record)

    def delete(self, record: Transaction) -> None:
        """Delete a record.

        Raises:
            NetSuiteError: Other records depend on it.
        """
        if self.dependents(record):
            raise user_error("This record cannot be deleted because it has dependent records.")
        self.account.forget(record)
        mirror_deletion(self.account, record, self.now())
        self.tell("delete", record)

    def now(self) -> datetime:
        """Return the present time."""
        return self._world.clock.now()
