"""Workers that poll, and that work on runs, in a world."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import select, update

from ledger import polls, runs
from ledger.clock import utcnow
from ledger.models import Account, Delivery, DeliveryState, Poll, Run, RunItem, RunKind, RunState
from ledger.states import UNDER_WAY
from tests.support.ledger import TRACE
from tests.support.reading import poll_of
from tests.support.sandboxed import Shop, Tenant
from tests.support.world import World
from workers import running
from workers.platforms.shopify_storefront import ShopifyStorefront
from workers.polling import poll
from workers.runtime import Runtime

RECENT: Final = timedelta(minutes=30)
"""How long ago an account was added, and everything was read."""

_MOST_BITS: Final = 500


def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let polls and runs read up to a moment to come, since tests do not wait until the second is over."""
    monkeypatch.setattr(ShopifyStorefront, "lag", -timedelta(seconds=5))
    monkeypatch.setattr("workers.polling._Reader._lag", lambda _reader: -timedelta(seconds=5))


def begin_polls(world: World, *, since: datetime | None = None) -> None:
    """Let everything be polled from a time on; half an hour ago if none is said."""
    with world.database.write() as session:
        polls.ensure(session, now=utcnow())
        session.execute(update(Poll).values(watermark=since or utcnow() - RECENT))


def poll_now(world: World, owner: Tenant, runtime: Runtime | None = None) -> Poll:
    """Poll an account, or NetSuite itself, whether or not its time has come; return what became of it."""
    poll_id = polled(world, owner).id
    with world.database.write() as session:
        session.execute(update(Poll).where(Poll.id == poll_id).values(not_before=None))
    poll(runtime or world.runtime, poll_id)
    return polled(world, owner)


def polled(world: World, owner: Tenant) -> Poll:
    """Return the poll of an account, or of NetSuite itself."""
    account = world.account(owner)
    with world.database.read() as session:
        return poll_of(session, account)


def deliveries_of(world: World, **which: Any) -> list[Delivery]:  # noqa: ANN401 - columns
    """Return the deliveries with these columns."""
    with world.database.read() as session:
        return list(session.scalars(select(Delivery).filter_by(**which).order_by(Delivery.id)))


def work_off(world: World) -> None:
    """Work off every delivery there is, and carry every refund that has a way to go, once."""
    for delivery in deliveries_of(world, state=DeliveryState.RECEIVED):
        world.process(delivery.id)
    for refund in world.refunds():
        if refund.state in UNDER_WAY:
            world.carry(refund.id)


@dataclass(frozen=True)
class Runs:
    """Somebody who begins runs."""

    world: World

    def begin(
        self, shop: Shop | Tenant, kind: RunKind, since: datetime | None = None, until: datetime | None = None
    ) -> Run:
        """Begin a run over the last hour, in a moment: tests do not wait until the second is over."""
        now = utcnow() + timedelta(seconds=5)
        with self.world.database.write() as session:
            return runs.begin(
                session,
                session.get_one(Account, shop.id),
                kind,
                since or now - timedelta(hours=1),
                until or now + timedelta(minutes=1),
                actor="cli:ada",
                trace_id=TRACE,
                now=now,
            )

    def work(self, run: Run, runtime: Runtime | None = None) -> Run:
        """Do one bit of a run, whether or not its time has come."""
        with self.world.database.write() as session:
            session.execute(update(Run).where(Run.id == run.id).values(not_before=None))
        running.work(runtime or self.world.runtime, run.id)
        return self.get(run)

    def through(self, run: Run) -> Run:
        """Work on a run until it has ended, or is put off."""
        for _ in range(_MOST_BITS):
            run = self.work(run)
            if run.state is not RunState.RUNNING or run.reason:
                return run
        raise AssertionError(f"run {run.id} does not end")

    def done(self, shop: Shop | Tenant, kind: RunKind, **period: datetime) -> Run:
        """Begin a run, and work on it until it is done."""
        run = self.through(self.begin(shop, kind, **period))
        assert run.state is RunState.DONE, (run.state, run.reason, run.detail)
        return run

    def get(self, run: Run) -> Run:
        """Return a run as it is now."""
        with self.world.database.read() as session:
            return runs.get(session, run.id)

    def items(self, run: Run) -> list[RunItem]:
        """Return what a run wrote down."""
        with self.world.database.read() as session:
            return list(runs.items(session, run.id))
