"""The first rules, the same for both directions: what needs no look at the other side."""

from typing import Never

from ledger.events import MoneyState
from ledger.money import Money
from ledger.policy import Policy
from workers.rules.views import AccountView, Action, Decision, RefundView


def not_ours(refund: RefundView, account: AccountView) -> Decision[Never] | None:
    """Return why a refund is not ours to carry, or None if it is (rules 1 and 2)."""
    if refund.made_by_us or refund.mark:
        return Decision(Action.IGNORE, "ECHO", refund.mark)
    if not account.sync_enabled:
        return Decision(Action.IGNORE, "SYNC_OFF")
    if account.direction is not refund.direction:
        return Decision(Action.IGNORE, "WRONG_DIRECTION", f"the account carries refunds {account.direction}")
    return None


def no_money(refund: RefundView) -> Decision[Never] | None:
    """Return what follows where no money moved, not yet, or nobody knows how much; else None (rule 3)."""
    if refund.money is MoneyState.PENDING:
        return Decision(Action.WAIT, "MONEY_PENDING")
    if refund.money in {MoneyState.NONE, MoneyState.FAILED} or refund.amount.amount <= 0:
        return Decision(Action.IGNORE, "NO_MONEY_MOVED", f"the source says: {refund.money}, {refund.amount}")
    if not refund.amount_is_known:
        detail = "one of its payments failed, and the others are stated in another currency only"
        return Decision(Action.FAIL, "CURRENCY_MIXED", detail)
    return None


def differs(record: str, made: Money, meant: Money, policy: Policy) -> str:
    """Return how a record differs from its refund, in plain words; empty where it does not.

    Cents are no difference, where tax was rounded in another way.

    Args:
        record: What was made, for people.
        made: Its total.
        meant: The refund's.
        policy: The account's rules.
    """
    if made.currency == meant.currency and abs((made - meant).minor) <= policy.rounding_tolerance_minor:
        return ""
    return f"{record} comes to {made}, the refund to {meant}"


def paused(account: AccountView) -> Decision[Never] | None:
    """Return a wait while the account, or the NetSuite account behind it, is paused."""
    if account.paused:
        return Decision(Action.WAIT, "ACCOUNT_PAUSED", account.paused)
    return None
