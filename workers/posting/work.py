"""One claimed refund, as the worker that claimed it sees it."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from ledger import restoring
from ledger.events import MoneyState, Part, RefundSeen
from ledger.models import Account, Attempt, Refund
from ledger.policy import Policy
from ledger.restoring import Gap
from workers.rules.views import AccountView, LinkView, RefundView


class Others(NamedTuple):
    """The targets of other refunds that went the same way.

    Attributes:
        all: Of the order, and of the account since this one may have been sent.
        of_order: Of the order alone.
    """

    all: frozenset[str] = frozenset()
    of_order: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Work:
    """A claim on a refund.

    Attributes:
        row: The refund with account, order link and lines, detached from any session.
        token: The claim's fencing token.
        gap: The time in which it may have been sent and a restored ledger has forgotten it; else None.
        sent_since: When it may have been sent first, of what no answer is known; None if it was not.
        others: Other refunds, as far as they may be taken for this one.
        broke_at: The address of the last write, where the other side broke down over it and no person has
            looked since; else empty.
    """

    row: Refund
    token: int
    refund: RefundView
    account: AccountView
    link: LinkView | None
    parts: tuple[Part, ...]
    gap: Gap | None
    sent_since: datetime | None
    others: Others
    broke_at: str

    @property
    def number(self) -> str:
        """Return what the account's NetSuite order field holds of the storefront order."""
        if self.account.policy.order_match_value == "id":
            return self.row.storefront_order_id
        return self.row.storefront_order_name


def work_of(session: Session, row: Refund) -> Work:
    """Return the work of a claimed refund."""
    seen = RefundSeen.from_json(row.source_facts)
    parts = seen.balanced()
    ours = select(Refund.id).where(
        Refund.account_id == row.account_id,
        Refund.target_id == row.source_refund_id,
        Refund.direction != row.direction,
    )
    refund = RefundView(
        key=row.key,
        direction=row.direction,
        amount=row.amount,
        money=MoneyState(row.money_state),
        parts=parts,
        occurred_at=row.occurred_at,
        made_by_us=session.scalar(ours.limit(1)) is not None,
        mark=seen.mark,
        reviewed=row.reviewed,
        write_began=row.write_began,
        write_began_at=row.write_began_at,
        unanswered_at=row.unanswered_at,
        target_id=row.target_id,
        record_type=seen.record_type,
        requested=seen.requested,
        amount_is_known=seen.amount_is_known,
        number=row.id,
    )
    gap = restoring.gap_of(session, row)
    sent_since = _sent_since(row, gap)
    return Work(
        row,
        row.lease_token,
        refund,
        account_view(row.account),
        link_view(row),
        parts,
        gap=gap,
        sent_since=sent_since,
        others=_others(session, row, sent_since) if sent_since else Others(),
        broke_at=_broke_at(session, row),
    )


def _broke_at(session: Session, row: Refund) -> str:
    if row.unanswered_at is None or row.reason == "REQUESTED_BY_PERSON":
        return ""
    query = select(Attempt.calls).where(
        Attempt.refund_id == row.id, Attempt.started_at <= row.unanswered_at, Attempt.ended_at.is_not(None)
    )
    calls = session.scalar(query.order_by(Attempt.id.desc()).limit(1)) or [{}]
    last: dict[str, Any] = calls[-1]
    return str(last["url"]) if (last.get("status") or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR else ""


def _sent_since(row: Refund, gap: Gap | None) -> datetime | None:
    began_at = row.write_began_at if row.unanswered_at else None
    if gap is None:
        return began_at
    return min(began_at, gap.since) if began_at else gap.since


def _others(session: Session, row: Refund, since: datetime) -> Others:
    of_order = _of_its_order(row)
    query = select(Refund.target_id, of_order).where(
        Refund.account_id == row.account_id,
        Refund.direction == row.direction,
        Refund.id != row.id,
        Refund.target_id != "",
        or_(of_order, Refund.write_began_at >= since),
    )
    found = session.execute(query).all()
    return Others(
        frozenset(target_id for target_id, _ in found),
        frozenset(target_id for target_id, is_of_order in found if is_of_order),
    )


def _of_its_order(row: Refund) -> ColumnElement[bool]:
    if row.order_link_id is not None:
        return Refund.order_link_id == row.order_link_id
    # Until it is read, the order is known by its number.
    number = row.storefront_order_id or row.storefront_order_name
    return or_(Refund.storefront_order_id == number, Refund.storefront_order_name == number)


def account_view(account: Account) -> AccountView:
    """Return what the rules see of an account."""
    return AccountView(
        slug=account.slug,
        platform=account.platform,
        direction=account.direction,
        sync_enabled=account.sync_enabled,
        policy=Policy.of(account.settings),
        paused=account.paused_reason or account.netsuite.paused_reason,
    )


def link_view(row: Refund) -> LinkView | None:
    """Return what the rules see of a refund's order link."""
    link = row.order_link
    if link is None:
        return None
    return LinkView(
        link.storefront_order_id, link.storefront_state, link.netsuite_state, link.netsuite_order_id
    )
