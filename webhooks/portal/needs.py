"""What needs a person now, as lines of the overview: one for each thing to do, wherever it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from ledger.models import Account, NetSuiteAccount, Poll
from ledger.overview import MOST, Stuck, Unread
from webhooks.portal.formats import name
from webhooks.portal.navigation import url_if


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to do.

    Attributes:
        state: What is the matter: a state, or `paused`, or `poll`.
        count: How many there are, as far as they are counted; 0 where there is nothing to count.
        reason: A code of `ledger.reasons`.
        where: The accounts or channels it is at.
        since: Since when, in UTC.
        url: Where the rows behind it are; empty while there is no such page.
    """

    state: str
    count: int
    reason: str
    detail: str
    where: str
    since: datetime | None
    url: str

    @property
    def text(self) -> str:
        """Return the number as it is shown."""
        return shown(self.count)


def shown(count: int) -> str:
    """Return a number as it is shown: exact up to what is counted."""
    return f"{MOST}+" if count >= MOST else str(count)


def of_accounts(paused: Iterable[Account | NetSuiteAccount]) -> list[Need]:
    """Return a line for each account that is paused."""
    return [
        Need(
            "paused",
            0,
            account.paused_reason,
            account.paused_detail,
            account.slug,
            account.paused_at,
            url_if("syncs.index"),
        )
        for account in paused
    ]


def of_refunds(stuck: Sequence[Stuck], names: Mapping[int, str]) -> list[Need]:
    """Return a line for each state and reason that refunds wait for a person in."""
    needs = []
    for state, of_state in groupby(stuck, lambda each: each.state):
        by_reason: dict[str, list[Stuck]] = {}
        for each in of_state:
            by_reason.setdefault(each.reason, []).append(each)
        for reason, found in by_reason.items():
            where = ", ".join(f"{names[each.account_id]} ({shown(each.count)})" for each in found)
            count, since = sum(each.count for each in found), min(each.since for each in found)
            url = url_if("refunds.index", state=state.value, reason=reason)
            needs.append(Need(state.value, count, reason, "", where, since, url))
    return needs


def of_deliveries(unread: Sequence[Unread]) -> list[Need]:
    """Return a line for each kind of delivery that could not be worked off."""
    return [
        Need(
            each.state.value,
            each.count,
            each.reason,
            "",
            name(each.source),
            each.since,
            url_if("deliveries.index", state=each.state.value, source=each.source),
        )
        for each in unread
    ]


def of_polls(failing: Sequence[Poll], names: Mapping[int, str], books: Mapping[int, str]) -> list[Need]:
    """Return a line for each account that could not be asked when it was its turn."""
    return [
        Need(
            "poll",
            poll.failures,
            poll.reason,
            poll.detail,
            names[poll.account_id] if poll.account_id else books[poll.netsuite_account_id],
            poll.ended_at,
            "",
        )
        for poll in failing
    ]
