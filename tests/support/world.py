"""A worker process in a small world: a ledger, a Valkey, and both platforms in a sandbox, over real HTTP.

Every world has tenants of its own in the sandbox, so that one sandbox serves all tests of a run.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import select, update

from ledger import deliveries
from ledger.clock import utcnow
from ledger.database import Database
from ledger.events import Event, OrderSeen, RecordChanged
from ledger.models import (
    Account,
    Attempt,
    AuditEntry,
    Delivery,
    NetSuiteAccount,
    OrderLink,
    OrderState,
    Refund,
)
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.queue import QUEUES, open_queue
from ledger.settings import Settings
from ledger.states import State
from tests.support.ledger import NOW, make_account, make_delivery, make_netsuite_account
from tests.support.sandboxed import Books, Shop, Tenant, open_books, open_shop
from tests.support.sandboxed_amazon import Seller, open_amazon
from tests.support.sandboxed_ebay import EbaySeller, check_what_was_sent, open_ebay
from tests.support.sandboxed_magento import Store, open_magento
from tests.support.waiting import until
from tests.workers.platforms.world import Control
from workers.carry import carry
from workers.process import process
from workers.runtime import Runtime

T = TypeVar("T")

_NUMBERS: Final = itertools.count(1)
_LONGEST: Final = 30  # seconds a call is held, at most
_MOST_TRIES: Final = 20

ITEMS: Final = {
    "item_shipping": "901",
    "item_adjustment_positive": "902",
    "item_adjustment_negative": "903",
    "item_tax": "904",
    "item_gift_card": "905",
    "item_duty": "906",
    "item_fee": "907",
    "item_rounding": "908",
    "item_gift_wrap": "909",
    "item_promotion": "910",
    "item_goodwill": "911",
    "item_restocking_fee": "912",
    "item_facilitator_tax": "913",
}
"""The setting of each generic item, and its internal id in every NetSuite account made here."""


@dataclass
class World:
    """One worker process, and what is around it.

    Attributes:
        runtime: The process's tools.
        log: Every line written to the log.
    """

    runtime: Runtime = field(repr=False)
    control: Control = field(repr=False)
    log: Sequence[Mapping[str, Any]] = field(repr=False)
    _others: list[Runtime] = field(default_factory=list, repr=False)
    _on_ebay: list[EbaySeller] = field(default_factory=list, repr=False)

    @property
    def database(self) -> Database:
        """The ledger."""
        return self.runtime.database

    def another(self, **settings: Any) -> Runtime:  # noqa: ANN401 - whatever a setting holds
        """Return the tools of another worker process on the same ledger, or with other settings."""
        known = self.runtime.settings
        fields = {name: getattr(known, name) for name in Settings.__dataclass_fields__}
        self._others.append(Runtime(Settings(**{**fields, **settings})))
        return self._others[-1]

    def close(self) -> None:
        """Close every connection but those to the ledger that was handed in, and judge what eBay was sent."""
        self.runtime.redis.close()
        for runtime in self._others:
            runtime.redis.close()
            runtime.database.dispose()
        for seller in self._on_ebay:
            check_what_was_sent(seller.calls())

    # Furnishing.

    def add_books(self, slug: str = "books", **more: Any) -> Books:  # noqa: ANN401 - JSON may be anything
        """Open a NetSuite account in the sandbox and add it to the ledger."""
        account_id = f"{7_000_000 + next(_NUMBERS)}_SB1"
        tenant = account_id.lower().replace("_", "-")
        credentials = open_books(self.control, account_id, items=ITEMS, **more)
        with self.database.write() as session:
            account = make_netsuite_account(
                session,
                self.runtime.vault,
                slug=slug,
                account_id=account_id,
                credentials=credentials,
                api_url=f"{self.control.url}/netsuite/{tenant}",
            )
        return Books(self.control, tenant, account.id, slug)

    def add_shop(
        self,
        books: Books,
        slug: str = "shop",
        *,
        direction: Direction = Direction.TO_NETSUITE,
        now: datetime = NOW,
        currency: str = "USD",
        **settings: Any,  # noqa: ANN401 - whatever a setting holds
    ) -> Shop:
        """Open a shop in the sandbox and join it to a NetSuite account; all generic items are configured."""
        domain = f"{slug}-{next(_NUMBERS)}.myshopify.com"
        credentials = open_shop(self.control, domain, currency=currency)
        with self.database.write() as session:
            account = make_account(
                session,
                self.runtime.vault,
                slug=slug,
                storefront_id=domain,
                netsuite_slug=books.slug,
                direction=direction,
                credentials=credentials,
                api_url=f"{self.control.url}/shopify/{domain}",
                settings={**ITEMS, **settings},
                now=now,
            )
        return Shop(self.control, domain, account.id, slug)

    def add_ebay(
        self,
        books: Books,
        slug: str = "ebay",
        *,
        direction: Direction = Direction.TO_NETSUITE,
        now: datetime = NOW,
        seller: Mapping[str, Any] | None = None,
        more: Mapping[str, Any] | None = None,
        **settings: Any,  # noqa: ANN401 - whatever a setting holds
    ) -> EbaySeller:
        """Open an eBay seller in the sandbox and join it to a NetSuite account, as `add_shop` does.

        Args:
            books: The NetSuite account.
            slug: The ledger's name of the account.
            direction: Which way its refunds go.
            now: When it is added.
            seller: The sandbox's settings of the seller.
            more: Credentials besides those of the application.
            settings: The account's settings.
        """
        seller_id = f"{slug}-{next(_NUMBERS)}"
        credentials = open_ebay(self.control, seller_id, **(seller or {}))
        with self.database.write() as session:
            account = make_account(
                session,
                self.runtime.vault,
                slug=slug,
                platform=Platform.EBAY,
                storefront_id=seller_id,
                netsuite_slug=books.slug,
                direction=direction,
                credentials={**credentials, **(more or {})},
                api_url=f"{self.control.url}/ebay/{seller_id}",
                settings={**ITEMS, **settings},
                now=now,
            )
        self._on_ebay.append(EbaySeller(self.control, seller_id, account.id, slug))
        return self._on_ebay[-1]

    def add_amazon(
        self,
        books: Books,
        slug: str = "amazon",
        *,
        direction: Direction = Direction.TO_NETSUITE,
        now: datetime = NOW,
        seller: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        **settings: Any,  # noqa: ANN401 - whatever a setting holds
    ) -> Seller:
        """Make a seller on Amazon and join it to a NetSuite account; all generic items are configured.

        Args:
            books: The NetSuite account.
            slug: The ledger's name of it.
            direction: Which way its refunds are carried.
            now: When it was added.
            seller: Settings of the sandbox.
            credentials: More members of the credentials.
            settings: The account's.
        """
        seller_id = f"A{next(_NUMBERS)}SELLER"
        made = open_amazon(self.control, seller_id, **(seller or {}))
        kept = {name: made[name] for name in ("client_id", "client_secret", "refresh_token")}
        with self.database.write() as session:
            account = make_account(
                session,
                self.runtime.vault,
                platform=Platform.AMAZON,
                slug=slug,
                storefront_id=seller_id,
                netsuite_slug=books.slug,
                direction=direction,
                credentials={**kept, **(credentials or {})},
                api_url=f"{self.control.url}/amazon/{seller_id}",
                settings={**ITEMS, **settings},
                now=now,
            )
        return Seller(self.control, seller_id, account.id, slug)

    def add_magento(
        self,
        books: Books,
        slug: str = "store",
        *,
        direction: Direction = Direction.TO_NETSUITE,
        now: datetime = NOW,
        store: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        **settings: Any,  # noqa: ANN401 - whatever a setting holds
    ) -> Store:
        """Make a Magento store and join it to a NetSuite account; all generic items are configured.

        Args:
            books: The NetSuite account.
            slug: The ledger's name of it.
            direction: Which way its refunds are carried.
            now: When it was added.
            store: Settings of the sandbox.
            credentials: More members of the credentials.
            settings: The account's.
        """
        tenant = f"{slug}-{next(_NUMBERS)}"
        made = open_magento(self.control, tenant, **(store or {}))
        with self.database.write() as session:
            account = make_account(
                session,
                self.runtime.vault,
                platform=Platform.MAGENTO,
                slug=slug,
                storefront_id=f"{tenant}.example.com",
                netsuite_slug=books.slug,
                direction=direction,
                credentials={**made, **(credentials or {})},
                api_url=f"{self.control.url}/magento/{tenant}",
                settings={**ITEMS, **settings},
                now=now,
            )
        return Store(self.control, tenant, account.id, slug)

    def account(self, owner: Tenant) -> Account | NetSuiteAccount:
        """Return an account from the ledger, as it is now."""
        with self.database.read() as session:
            if isinstance(owner, Books):
                return session.get_one(NetSuiteAccount, owner.id)
            return session.get_one(Account, owner.id)

    def set(self, owner: Tenant, **columns: Any) -> None:  # noqa: ANN401 - whatever a column holds
        """Change columns of an account."""
        table = NetSuiteAccount if isinstance(owner, Books) else Account
        with self.database.write() as session:
            session.execute(update(table).where(table.id == owner.id).values(**columns))

    # What comes in, and what is done with it.

    def deliver(self, owner: Tenant, *events: Event, **more: Any) -> int:  # noqa: ANN401 - see make_delivery
        """Record a delivery to an account's endpoint as the web process would; return its id."""
        new = make_delivery(self.account(owner), *events, key=f"key-{next(_NUMBERS)}", **more)
        with self.database.write() as session:
            delivery_id = deliveries.accept(session, new, now=utcnow())
        assert delivery_id is not None
        return delivery_id

    def process(self, delivery_id: int) -> Delivery:
        """Work a delivery off once its time has come, and return it."""
        with self.database.write() as session:
            session.execute(update(Delivery).where(Delivery.id == delivery_id).values(not_before=None))
        process(self.runtime, delivery_id)
        self._carry_woken()
        return self.delivery(delivery_id)

    def _carry_woken(self) -> None:
        """Carry the refunds that a worker of another queue was woken for."""
        for queue in (open_queue(name, self.runtime.redis) for name in QUEUES):
            for job in queue.jobs:
                if job.func_name == "workers.jobs.carry_refund":
                    queue.remove(job)
                    carry(self.runtime, job.args[0])

    def tell(self, owner: Tenant, *events: Event) -> Delivery:
        """Record a delivery and work it off."""
        return self.process(self.deliver(owner, *events))

    def carry(self, refund_id: int) -> Refund:
        """Carry a refund as far as it goes once its time has come, and return it."""
        self.change(refund_id, not_before=None)
        carry(self.runtime, refund_id)
        return self.refund(refund_id)

    def carry_through(self, refund_id: int) -> Refund:
        """Carry a refund again and again, as the scheduler would, until it is not retried any more."""
        for _ in range(_MOST_TRIES):
            refund = self.carry(refund_id)
            if refund.state is not State.RETRYING:
                return refund
        raise AssertionError(f"refund {refund_id} is retried for ever")

    def act(self, action: Callable[..., Refund], refund_id: int, **more: str) -> None:
        """Do with a refund what a person may do."""
        with self.database.write() as session:
            action(session, refund_id, now=utcnow(), actor="cli:ada", **more)

    # What came of it.

    def delivery(self, delivery_id: int) -> Delivery:
        """Return a delivery as it is now."""
        with self.database.read() as session:
            return session.get_one(Delivery, delivery_id)

    def refund(self, refund_id: int) -> Refund:
        """Return a refund as it is now."""
        with self.database.read() as session:
            return session.get_one(Refund, refund_id)

    def refunds(self) -> list[Refund]:
        """Return every refund."""
        with self.database.read() as session:
            return list(session.scalars(select(Refund).order_by(Refund.id)))

    def only_refund(self) -> Refund:
        """Return the only refund there is."""
        (refund,) = self.refunds()
        return refund

    def links(self) -> list[OrderLink]:
        """Return every order link."""
        with self.database.read() as session:
            return list(session.scalars(select(OrderLink).order_by(OrderLink.id)))

    def attempts(self, refund_id: int) -> list[Attempt]:
        """Return a refund's attempts, oldest first."""
        with self.database.read() as session:
            query = select(Attempt).where(Attempt.refund_id == refund_id)
            return list(session.scalars(query.order_by(Attempt.id)))

    def audit(self, subject: str) -> list[AuditEntry]:
        """Return the audit trail of one kind of subject, oldest first."""
        with self.database.read() as session:
            query = select(AuditEntry).where(AuditEntry.subject == subject)
            return list(session.scalars(query.order_by(AuditEntry.id)))

    def change(self, refund_id: int, **columns: Any) -> None:  # noqa: ANN401 - whatever a column holds
        """Change columns of a refund: what time, or a process that died, would have left."""
        with self.database.write() as session:
            session.execute(update(Refund).where(Refund.id == refund_id).values(**columns))

    def change_attempt(self, attempt_id: int, **columns: Any) -> None:  # noqa: ANN401 - whatever a column holds
        """Change columns of an attempt: what time would have left."""
        with self.database.write() as session:
            session.execute(update(Attempt).where(Attempt.id == attempt_id).values(**columns))


def changed(record_type: str, record_id: str, change: str = "create", **hints: str) -> RecordChanged:
    """Return what the NetSuite sender says of a record."""
    return RecordChanged(record_type, record_id, change, **hints)


def storefront_order(order: dict[str, Any], state: OrderState = OrderState.OPEN) -> OrderSeen:
    """Return what a shop's webhook says of an order."""
    return OrderSeen(str(order["id"]), order["name"], state, NOW)


@contextmanager
def while_held(
    tenant: Tenant, operation: str, work: Callable[[], T], *, after: int, when: str = "before"
) -> Iterator[None]:
    """Do some work in another thread, and run the block while one of its calls is held up.

    Args:
        tenant: Whose call is held up.
        operation: The call's name, as the sandbox knows it.
        work: What makes the call; what it raises is raised at the end.
        after: How many other calls to the tenant it makes before.
        when: Whether it is held up `before` its effect, or `after` it, with its answer on the way.

    Raises:
        AssertionError: If the work ended without that call.
    """
    ended, flying = len(tenant.operations()), tenant.in_flight()
    tenant.fault(operation, "latency", seconds=_LONGEST, when=when)

    def is_held() -> bool:
        return len(tenant.operations()) == ended + after and tenant.in_flight() == flying + 1

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            until(lambda: working.done() or is_held())
            assert not working.done(), "the work ended without the call that was to be held up"
            yield
        finally:
            tenant.control.delete("faults")
            working.result(_LONGEST)
