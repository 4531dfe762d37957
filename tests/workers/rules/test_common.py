import pytest

from ledger.events import MoneyState
from ledger.models.accounts import Direction
from ledger.money import Money
from tests.support.ledger import make_part
from tests.support.rules import make_owner, make_view, usd
from workers.rules.common import no_money, not_ours, paused
from workers.rules.views import Action, Decision

BOTH_WAYS = pytest.mark.parametrize("direction", list(Direction))


def other(direction: Direction) -> Direction:
    return next(each for each in Direction if each is not direction)


@BOTH_WAYS
def test_rule_1_what_this_service_made_is_an_echo(direction: Direction) -> None:
    account = make_owner(direction=direction)
    assert not_ours(make_view(direction=direction, made_by_us=True), account) == Decision(
        Action.IGNORE, "ECHO"
    )


@BOTH_WAYS
def test_rule_1_our_key_makes_an_echo_and_is_said(direction: Direction) -> None:
    account = make_owner(direction=direction)
    decision = not_ours(make_view(direction=direction, mark="rs-shop-1"), account)
    assert decision == Decision(Action.IGNORE, "ECHO", "rs-shop-1")


@BOTH_WAYS
def test_rules_1_and_2_let_a_refund_of_somebody_else_through(direction: Direction) -> None:
    assert not_ours(make_view(direction=direction), make_owner(direction=direction)) is None


@BOTH_WAYS
def test_rule_2_a_switched_off_account_carries_nothing(direction: Direction) -> None:
    account = make_owner(direction=direction, sync_enabled=False)
    assert not_ours(make_view(direction=direction), account) == Decision(Action.IGNORE, "SYNC_OFF")


@BOTH_WAYS
def test_rule_2_a_refund_of_the_other_direction_is_ignored(direction: Direction) -> None:
    decision = not_ours(make_view(direction=other(direction)), make_owner(direction=direction))
    detail = f"the account carries refunds {direction}"
    assert decision == Decision(Action.IGNORE, "WRONG_DIRECTION", detail)


@pytest.mark.parametrize(
    ("money", "amount", "expected"),
    [
        (MoneyState.MOVED, "20.00", None),
        (MoneyState.MOVED, "0.01", None),
        (MoneyState.MOVED, "0.00", (Action.IGNORE, "NO_MONEY_MOVED")),
        (MoneyState.MOVED, "-0.01", (Action.IGNORE, "NO_MONEY_MOVED")),
        (MoneyState.NONE, "20.00", (Action.IGNORE, "NO_MONEY_MOVED")),
        (MoneyState.FAILED, "20.00", (Action.IGNORE, "NO_MONEY_MOVED")),
        (MoneyState.PENDING, "20.00", (Action.WAIT, "MONEY_PENDING")),
        (MoneyState.PENDING, "0.00", (Action.WAIT, "MONEY_PENDING")),
    ],
)
def test_rule_3_only_money_that_moved_is_carried(
    money: MoneyState, amount: str, expected: tuple[Action, str] | None
) -> None:
    decision = no_money(make_view(money=money, amount=usd(amount)))
    assert (decision and (decision.action, decision.reason)) == expected


@pytest.mark.parametrize(("currency", "smallest"), [("JPY", "1"), ("USD", "0.01"), ("KWD", "0.001")])
def test_rule_3_the_smallest_unit_of_a_currency_is_money(currency: str, smallest: str) -> None:
    part = make_part(smallest, "0", currency=currency)
    assert no_money(make_view(part)) is None
    nothing = make_view(part, amount=Money.zero(currency))
    assert no_money(nothing) == Decision(
        Action.IGNORE, "NO_MONEY_MOVED", f"the source says: moved, {Money.zero(currency)}"
    )


def test_a_paused_account_waits_and_says_what_paused_it() -> None:
    assert paused(make_owner(paused="APP_UNINSTALLED")) == Decision(
        Action.WAIT, "ACCOUNT_PAUSED", "APP_UNINSTALLED"
    )


def test_an_account_that_is_not_paused_does_not_wait() -> None:
    assert paused(make_owner()) is None
