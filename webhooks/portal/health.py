"""How an account does, in one word with its reason: the worst that is true of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.models import Account, NetSuiteAccount, Poll
from ledger.overview import Stuck


@dataclass(frozen=True, slots=True)
class Health:
    """How an account does.

    Attributes:
        state: `paused`, `failed` (it cannot be asked), `off` or `ok`.
        reason: A code of `ledger.reasons`; empty where there is nothing to say.
        stuck: How many of its refunds wait for a person, as far as they are counted.
    """

    account: Account
    state: str
    reason: str = ""
    detail: str = ""
    stuck: int = 0


def of_accounts(
    accounts: Sequence[Account], stuck: Sequence[Stuck], failing: Sequence[Poll]
) -> Sequence[Health]:
    """Return how each account does."""
    polls = {poll.account_id: poll for poll in failing if poll.account_id is not None}
    waiting: dict[int, int] = {}
    for each in stuck:
        waiting[each.account_id] = waiting.get(each.account_id, 0) + each.count
    return [_of(account, polls, waiting.get(account.id, 0)) for account in accounts]


def _of(account: Account, polls: Mapping[int, Poll], stuck: int) -> Health:
    for joined in (account, account.netsuite):
        if joined.paused_reason:
            return Health(account, "paused", joined.paused_reason, joined.paused_detail, stuck)
    if not account.sync_enabled:
        return Health(account, "off", "SYNC_OFF", "", stuck)
    if poll := polls.get(account.id):
        return Health(account, "failed", poll.reason, poll.detail, stuck)
    return Health(account, "ok", stuck=stuck)


def paused(
    accounts: Sequence[Account], books: Sequence[NetSuiteAccount]
) -> Sequence[Account | NetSuiteAccount]:
    """Return the accounts that are paused, of either kind."""
    everyone: list[Account | NetSuiteAccount] = [*books, *accounts]
    return [each for each in everyone if each.paused_reason]
