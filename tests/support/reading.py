"""Polls and runs of a ledger, for tests."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import polls, runs
from ledger.models import Account, NetSuiteAccount, Poll, Run, RunKind
from tests.support.ledger import NOW, TRACE

DAY: Final = timedelta(days=1)


def poll_of(session: Session, owner: Account | NetSuiteAccount) -> Poll:
    """Return the poll of an account, or of NetSuite itself."""
    which = (
        Poll.account_id == owner.id
        if isinstance(owner, Account)
        else (Poll.netsuite_account_id == owner.id) & Poll.account_id.is_(None)
    )
    return session.scalars(select(Poll).where(which)).one()


def make_poll(session: Session, owner: Account | NetSuiteAccount, *, now: datetime = NOW) -> Poll:
    """Let everything be polled; return the poll of an account, or of NetSuite itself."""
    polls.ensure(session, now=now)
    return poll_of(session, owner)


def make_run(
    session: Session,
    account: Account,
    kind: RunKind = RunKind.BACKFILL,
    *,
    since: datetime = NOW - 30 * DAY,
    until: datetime = NOW,
    now: datetime = NOW,
) -> Run:
    """Begin a run over the last thirty days."""
    return runs.begin(session, account, kind, since, until, actor="cli:ada", trace_id=TRACE, now=now)
