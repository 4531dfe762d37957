"""Factories of what the ledger holds, with ids and amounts of the shapes the platforms document."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import accounts, refunds
from ledger.deliveries import NewDelivery
from ledger.events import Event, MoneyState, Part, PartKind, Payment, RefundSeen
from ledger.models import Account, NetSuiteAccount, OrderLink, Refund
from ledger.models.accounts import Direction
from ledger.money import Money
from ledger.platforms import Platform
from ledger.secrets import Vault

NOW: Final = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
"""The moment at which tests take place."""

SECRET: Final = "whsec-0123456789abcdef0123456789abcdef"
"""A webhook secret that accounts made here have."""

TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
"""A trace id (32 hexadecimal digits)."""

_STOREFRONT_IDS: Final = {
    Platform.SHOPIFY: "example.myshopify.com",
    Platform.MAGENTO: "https://magento.example.com",
    Platform.AMAZON: "A3TESTSELLER01",
    Platform.EBAY: "example-seller",
}


def make_netsuite_account(
    session: Session,
    vault: Vault,
    *,
    slug: str = "books",
    account_id: str = "1234567_SB1",
    credentials: dict[str, Any] | None = None,
    secret: str = SECRET,
    concurrency: int = 5,
    api_url: str = "",
    now: datetime = NOW,
) -> NetSuiteAccount:
    """Add a NetSuite account."""
    new = accounts.NewNetSuiteAccount(
        slug=slug,
        account_id=account_id,
        credentials=credentials or {},
        webhook_secret=secret,
        concurrency=concurrency,
        api_url=api_url,
    )
    return accounts.add_netsuite(session, vault, new, now=now, actor="test")


def make_account(
    session: Session,
    vault: Vault,
    *,
    platform: Platform = Platform.SHOPIFY,
    slug: str = "",
    storefront_id: str = "",
    netsuite_slug: str = "books",
    direction: Direction | None = None,
    credentials: dict[str, Any] | None = None,
    secret: str = SECRET,
    settings: dict[str, Any] | None = None,
    api_url: str = "",
    now: datetime = NOW,
) -> Account:
    """Add a storefront account, and its NetSuite account if there is none of that name yet.

    Without a slug it is called `{platform}-shop`; without a direction it takes its platform's usual one.
    """
    if not session.scalar(select(NetSuiteAccount.id).where(NetSuiteAccount.slug == netsuite_slug)):
        make_netsuite_account(session, vault, slug=netsuite_slug, now=now)
    new = accounts.NewAccount(
        slug=slug or f"{platform}-shop",
        platform=platform,
        storefront_id=storefront_id or _STOREFRONT_IDS[platform],
        netsuite_slug=netsuite_slug,
        credentials=credentials or {},
        webhook_secret=secret,
        direction=direction,
        settings=settings or {},
        api_url=api_url,
    )
    return accounts.add(session, vault, new, now=now, actor="test")


def make_part(
    net: str = "20.00",
    tax: str = "0.00",
    *,
    kind: PartKind = PartKind.ITEM,
    currency: str = "USD",
    sku: str = "TSHIRT-M",
    title: str = "T-shirt, M",
    quantity: str = "1",
    restock: bool = True,
    line_id: str = "703073504",
) -> Part:
    """Return one part of a refund; what only items have is dropped for other kinds."""
    is_item = kind is PartKind.ITEM
    return Part(
        kind,
        Money.parse(net, currency),
        Money.parse(tax, currency),
        sku=sku if is_item else "",
        title=title if is_item else kind.value.capitalize(),
        quantity=Decimal(quantity) if is_item else Decimal(0),
        restock=restock and is_item,
        source_line_id=line_id if is_item else "",
    )


def make_payment(
    amount: str | None = "20.00",
    *,
    payment_id: str = "179259969",
    state: MoneyState = MoneyState.MOVED,
    currency: str = "USD",
) -> Payment:
    """Return one movement of money; None for an amount the platform does not state in that currency."""
    return Payment(payment_id, state, None if amount is None else Money.parse(amount, currency))


def make_seen(
    *,
    origin: str = "shopify",
    refund_id: str = "509562969",
    order_id: str = "450789469",
    order_name: str = "#1001",
    occurred_at: datetime = NOW,
    currency: str = "USD",
    parts: tuple[Part, ...] | None = None,
    payments: tuple[Payment, ...] | None = None,
    mark: str = "",
    record_type: str = "",
    source_location_id: str = "",
    first_hand: bool = True,
) -> RefundSeen:
    """Return a refund as its source shows it: by default one T-shirt, paid back in full."""
    return RefundSeen(
        origin=origin,
        refund_id=refund_id,
        order_id=order_id,
        order_name=order_name,
        occurred_at=occurred_at,
        currency=currency,
        parts=(make_part(currency=currency),) if parts is None else parts,
        payments=(make_payment(currency=currency),) if payments is None else payments,
        mark=mark,
        record_type=record_type,
        source_location_id=source_location_id,
        first_hand=first_hand,
    )


def make_refund(
    session: Session,
    account: Account,
    seen: RefundSeen | None = None,
    link: OrderLink | None = None,
    *,
    now: datetime = NOW,
) -> Refund:
    """Write a refund down, or take over news of it."""
    refund, _ = refunds.record(session, account, seen or make_seen(), link, now=now, trace_id=TRACE)
    return refund


def make_delivery(
    account: Account | NetSuiteAccount,
    *events: Event,
    topic: str = "refunds/create",
    key: str = "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    headers: dict[str, str] | None = None,
    body: bytes = b'{"id":509562969}',
    order_ref: str = "450789469",
    reason: str = "",
    detail: str = "",
) -> NewDelivery:
    """Return a verified request to an account's endpoint, ready to be accepted."""
    if isinstance(account, Account):
        source, netsuite_id, account_id = account.platform.value, account.netsuite_account_id, account.id
    else:
        source, netsuite_id, account_id = "netsuite", account.id, None
    return NewDelivery(
        source=source,
        netsuite_account_id=netsuite_id,
        account_id=account_id,
        topic=topic,
        delivery_key=key,
        headers=headers or {},
        body=body,
        events=events,
        order_ref=order_ref,
        trace_id=TRACE,
        reason=reason,
        detail=detail,
    )
