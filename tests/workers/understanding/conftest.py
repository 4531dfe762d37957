"""A ledger with a shop, and what tests of its news say to it and ask of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import select

from ledger import orders, refunds
from ledger.database import Database
from ledger.events import Event, RefundSeen
from ledger.models import Account, AuditEntry, NetSuiteAccount, OrderLink, Refund
from ledger.models.accounts import Direction
from ledger.secrets import Vault
from ledger.states import Transition
from tests.support.ledger import NOW, TRACE, make_account, make_refund, make_seen
from workers.understanding import storefront


@dataclass(frozen=True)
class News:
    """A shop of the ledger, and its books."""

    database: Database
    shop: Account

    @property
    def books(self) -> NetSuiteAccount:
        """The NetSuite account the shop is joined to."""
        with self.database.read() as session:
            return session.get_one(NetSuiteAccount, self.shop.netsuite_account_id)

    def tell(self, *events: Event, account: Account | None = None, now: datetime = NOW) -> list[int]:
        """Take over what a storefront says; return the refunds worth carrying."""
        with self.database.write() as session:
            return [
                refund.id
                for event in events
                for refund in storefront.take(session, account or self.shop, event, now=now, trace_id=TRACE)
            ]

    def wait(
        self,
        reason: str,
        seen: RefundSeen | None = None,
        *,
        linked: bool = True,
        account: Account | None = None,
    ) -> int:
        """Let a refund wait for something; return its id."""
        owner, seen = account or self.shop, seen or make_seen()
        with self.database.write() as session:
            link = (
                orders.ensure(session, owner.id, seen.order_id, now=NOW, name=seen.order_name)
                if linked
                else None
            )
            refund = make_refund(session, owner, seen, link)
            refunds.move(session, refund, Transition.WAIT, reason, now=NOW)
            return refund.id

    def refund(self, refund_id: int) -> Refund:
        """Return a refund as it is now."""
        with self.database.read() as session:
            return session.get_one(Refund, refund_id)

    def refunds(self) -> list[Refund]:
        """Return every refund."""
        with self.database.read() as session:
            return list(session.scalars(select(Refund).order_by(Refund.id)))

    def links(self) -> list[OrderLink]:
        """Return every order link."""
        with self.database.read() as session:
            return list(session.scalars(select(OrderLink).order_by(OrderLink.id)))

    def audit(self, action: str) -> list[AuditEntry]:
        """Return the entries of one action."""
        with self.database.read() as session:
            return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


MakeShop = Callable[..., Account]


@pytest.fixture
def make_shop(database: Database, vault: Vault) -> MakeShop:
    """Adds a shop to the books."""

    def make(slug: str, direction: Direction = Direction.TO_NETSUITE, **settings: str) -> Account:
        with database.write() as session:
            return make_account(
                session,
                vault,
                slug=slug,
                storefront_id=f"{slug}.myshopify.com",
                direction=direction,
                settings=settings,
            )

    return make


@pytest.fixture
def news(database: Database, make_shop: MakeShop) -> News:
    """A shop whose refunds go to NetSuite."""
    return News(database, make_shop("shop"))
