"""Makes accounts and changes their settings, from the control API's description of them."""

from datetime import date, timedelta

from sandbox.calls import CallLog
from sandbox.clock import Clock
from sandbox.jsonish import ControlError, Fields, Json
from sandbox.netsuite.account import (
    CURRENCIES,
    DEFAULT_RETRY_SECONDS,
    Account,
    TokenCredentials,
    Webhook,
)
from sandbox.netsuite.bodies import CUSTOM_BODY
from sandbox.netsuite.model import SELLABLE, ZERO, Currency, Customer, Item, Place
from sandbox.netsuite.oauth2 import read_certificate
from sandbox.netsuite.store import (
    add_custom_field,
    mirror_currency,
    mirror_customer,
    mirror_item,
    mirror_place,
)
from sandbox.netsuite.suiteql import SuiteQLDatabase

ITEM_TYPES = {each: each for each in (*SELLABLE, "Service", "Kit", "Description", "Discount", "GiftCert")} | {
    "NonInvt": "NonInvtPart"
}


class Office:
    """An account with its database.

    Attributes:
        account: The account.
        database: Its SuiteQL tables.
    """

    def __init__(self, account_id: str, clock: Clock) -> None:
        self.database = SuiteQLDatabase(clock)
        self.account = Account(account_id, self.database.connection)
        self.database.show(self.account)
        for number, (symbol, name, precision) in enumerate(CURRENCIES, start=1):
            currency = Currency(str(number), symbol, name, precision)
            self.account.currencies[symbol] = currency
            mirror_currency(self.account, currency)
        for number, name in enumerate(("Main warehouse", "Store", "Returns"), start=1):
            _add_location(self.account, Place(str(number), name))
        parent = Place("1", "Parent company")
        self.account.subsidiaries[parent.id] = parent
        mirror_place(self.account, "subsidiary", parent)
        customer_for(self.account, None)


def _add_location(account: Account, place: Place) -> None:
    account.locations[place.id] = place
    mirror_place(account, "location", place)


def customer_for(account: Account, email: str | None) -> Customer:
    """Return the customer with an email address, made if new; without one the account's web customer."""
    name = email or "Web Customer"
    for customer in account.customers.values():
        if customer.entityid == name:
            return customer
    customer = Customer(str(next(account.customer_numbers)), name, email)
    account.customers[customer.id] = customer
    mirror_customer(account, customer)
    return customer


def item_for(account: Account, name: str, itemtype: str = "InvtPart") -> Item:
    """Return the item with a name, made if new."""
    item = account.item_named(name)
    if item is None:
        item = Item(new_item_id(account), name, itemtype)
        account.items[item.id] = item
        mirror_item(account, item)
    return item


def new_item_id(account: Account) -> str:
    """Return an internal id that no item has."""
    return next(number for each in account.item_numbers if (number := str(each)) not in account.items)


def currency_for(account: Account, symbol: str) -> Currency:
    """Return a currency by its ISO code.

    Raises:
        ControlError: The account does not have it.
    """
    if symbol not in account.currencies:
        raise ControlError(f"The account has no currency {symbol}; it has {', '.join(account.currencies)}.")
    return account.currencies[symbol]


def set_account(account: Account, fields: Fields) -> None:
    """Change what is given; the rest stays.

    Raises:
        ControlError: A value makes no sense.
    """
    account.concurrency = fields.integer("concurrency", account.concurrency)
    if fields.has("refund_in_advance"):
        account.refund_in_advance = fields.flag("refund_in_advance")
    if fields.has("clock_ahead_minutes"):
        account.clock_ahead = timedelta(minutes=float(fields.decimal("clock_ahead_minutes")))
    _set_closed(account, fields)
    _set_logins(account, fields)
    webhook = fields.maybe_object("webhook")
    if webhook is not None:
        seconds = webhook.maybe_decimal("retry_seconds")
        account.webhook = Webhook(
            url=webhook.text("url"),
            secret=webhook.text("secret"),
            retry_seconds=DEFAULT_RETRY_SECONDS if seconds is None else float(seconds),
        )
        webhook.finish()
    for each in fields.objects("items"):
        _set_item(account, each)
    for each in fields.objects("locations"):
        _add_location(account, Place(each.text("id"), each.text("name", "Location")))
        each.finish()
    for name in fields.maybe_strings("custom_fields") or []:
        if not CUSTOM_BODY.fullmatch(name):
            raise ControlError(f"The body: {name} is not the id of a custom transaction body field.")
        add_custom_field(account, name)
    if fields.maybe_text("account_id") not in {None, account.account_id}:
        raise ControlError("The body: an account's id cannot be changed.")
    fields.finish()


def _set_closed(account: Account, fields: Fields) -> None:
    if not fields.has("closed_until"):
        return
    try:
        account.closed_until = date.fromisoformat(fields.text("closed_until"))
    except ValueError as error:
        raise ControlError("The body: closed_until must be a date, YYYY-MM-DD.") from error


def _set_logins(account: Account, fields: Fields) -> None:
    """Register a certificate or TBA credentials; a certificate with a new id is added to the others."""
    certificate_id, client_id = fields.maybe_text("certificate_id"), fields.maybe_text("client_id")
    pem = fields.maybe_text("certificate_pem")
    given = [each is not None for each in (certificate_id, client_id, pem)]
    if any(given) and not all(given):
        raise ControlError("The body: certificate_id, client_id and certificate_pem go together.")
    if certificate_id is not None and client_id is not None and pem is not None:
        account.certificates[certificate_id] = read_certificate(pem, client_id)
    tba = fields.maybe_object("tba")
    if tba is not None:
        names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
        account.tba = TokenCredentials(**{name: tba.text(name) for name in names})
        tba.finish()


def _set_item(account: Account, fields: Fields) -> None:
    """Make an item, or change the one with the same id or name."""
    name = fields.text("itemid")
    itemtype = ITEM_TYPES[fields.choice("itemtype", sorted(ITEM_TYPES), "InvtPart")]
    internal_id = fields.maybe_text("id")
    known = account.item_named(name) if internal_id is None else account.items.get(internal_id)
    item = known or Item(internal_id or new_item_id(account), name, itemtype)
    item.itemid, item.itemtype, item.inactive = name, itemtype, fields.flag("isinactive")
    item.cost = fields.decimal("cost", ZERO)
    account.items[item.id] = item
    mirror_item(account, item)
    fields.finish()


def account_json(account: Account, calls: CallLog) -> Json:
    """Show an account's settings and what the tests want to know of it."""
    return {
        "account_id": account.account_id,
        "slug": account.slug,
        "concurrency": account.concurrency,
        "in_flight": calls.in_flight("netsuite", account.slug),
        "max_in_flight": calls.most_in_flight("netsuite", account.slug),
        "refund_in_advance": account.refund_in_advance,
        "certificates": sorted(account.certificates),
        "tba": account.tba is not None,
        "webhook": account.webhook.url if account.webhook else None,
        "custom_fields": sorted(account.custom_fields),
        "items": [
            {"id": each.id, "itemid": each.itemid, "itemtype": each.itemtype}
            for each in account.items.values()
        ],
        "currencies": {each.symbol: each.id for each in account.currencies.values()},
        "locations": {each.id: each.name for each in account.locations.values()},
        "customers": {each.entityid: each.id for each in account.customers.values()},
    }
