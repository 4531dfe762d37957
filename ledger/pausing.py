"""Pausing an account: a credentials failure stops that account alone, and says so."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from ledger import alerts, audit
from ledger.accounts import subject_of
from ledger.models import Account, Delivery, NetSuiteAccount, News, Poll, Refund, Run, RunState
from ledger.models.deliveries import DeliveryState
from ledger.states import State


def pause(
    session: Session,
    account: Account | NetSuiteAccount,
    reason: str,
    detail: str,
    *,
    now: datetime,
    actor: str,
) -> bool:
    """Stop carrying the account's refunds; return False if it was paused already."""
    table = type(account)
    paused = session.execute(
        update(table)
        .where(table.id == account.id, table.paused_reason == "")
        .values(paused_reason=reason, paused_detail=detail, paused_at=now)
        .returning(table.id)
    ).first()
    if paused is None:
        return False
    subject = subject_of(account)
    audit.write(session, subject, account.id, "pause", at=now, actor=actor, reason=reason, note=detail)
    alert = alerts.of_account(News.PAUSED, account, subject, reason, detail, now=now)
    alerts.raise_all(session.connection(), [alert])
    return True


def resume(session: Session, account: Account | NetSuiteAccount, *, now: datetime, actor: str) -> int:
    """Carry on; wake what waited for it and return how many refunds and deliveries that is."""
    account.paused_reason = account.paused_detail = ""
    account.paused_at = None
    subject = subject_of(account)
    audit.write(session, subject, account.id, "resume", at=now, actor=actor)
    alerts.clear(session, subject, account.id, "resume", now=now)
    refunds = session.execute(
        update(Refund)
        .where(
            Refund.account_id.in_(select(Account.id).where(_members(account))),
            Refund.state == State.WAITING,
            Refund.reason == "ACCOUNT_PAUSED",
        )
        .values(due_at=now, not_before=None)
        .returning(Refund.id)
    ).all()
    deliveries = session.execute(
        update(Delivery)
        .where(_deliveries(account), Delivery.state == DeliveryState.RECEIVED, Delivery.reason != "")
        .values(due_at=now, not_before=None)
        .returning(Delivery.id)
    ).all()
    _wake_readers(session, account, now=now)
    return len(refunds) + len(deliveries)


def _wake_readers(session: Session, account: Account | NetSuiteAccount, *, now: datetime) -> None:
    """Let polls and runs go on that found the account paused."""
    of_account = select(Account.id).where(_members(account))
    is_books = isinstance(account, NetSuiteAccount)  # its own poll, and those of the shops joined to it
    polled = Poll.netsuite_account_id == account.id if is_books else Poll.account_id == account.id
    session.execute(update(Poll).where(polled).values(due_at=now, not_before=None))
    paused = (Run.state == RunState.RUNNING, Run.reason != "", Run.account_id.in_(of_account))
    session.execute(update(Run).where(*paused).values(due_at=now, not_before=None))


def _members(account: Account | NetSuiteAccount) -> ColumnElement[bool]:
    if isinstance(account, NetSuiteAccount):
        return Account.netsuite_account_id == account.id
    return Account.id == account.id


def _deliveries(account: Account | NetSuiteAccount) -> ColumnElement[bool]:
    """Return those that may have waited for the account; NetSuite's wait for shops that cannot be asked."""
    if isinstance(account, NetSuiteAccount):
        return Delivery.netsuite_account_id == account.id
    of_books = and_(
        Delivery.account_id.is_(None), Delivery.netsuite_account_id == account.netsuite_account_id
    )
    return or_(Delivery.account_id == account.id, of_books)
