"""The arithmetic of orders and refunds."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sandbox.ebay.errors import EbayError
from sandbox.ebay.model import FAILED, PENDING, REFUNDED, Line, Order, Refund, money
from sandbox.ebay.refunds import check
from sandbox.ebay.visit import filters, moment, one_of, span

NOW = datetime(2026, 11, 20, tzinfo=UTC)
CENTS = st.integers(0, 10_000).map(lambda cents: Decimal(cents).scaleb(-2))


def line_of(number: int, cost: Decimal) -> Line:
    zero = Decimal(0)
    return Line(str(number), f"1{number}", "PEN", "Pen", 1, cost, zero, zero, zero)


def refund_of(number: int, amount: Decimal, lines: dict[str, Decimal], status: str) -> Refund:
    return Refund(
        number=str(number),
        by_api=True,
        amount=amount,
        lines=lines,
        reason="OTHER_ADJUSTMENT",
        comment="",
        status=status,
        requested_at=NOW,
        due=None,
        outcome=REFUNDED,
        transaction_id="t",
    )


def refusal_of(order: Order, amount: Decimal, lines: dict[str, Decimal]) -> str | None:
    """Return why a refund is refused."""
    try:
        check(order, amount, lines, NOW)
    except EbayError as error:
        return error.reason
    return None


@given(CENTS)
def test_an_amount_loses_needless_zeros_and_no_value(amount: Decimal) -> None:
    text = money(amount, "USD")["value"]
    assert Decimal(text) == amount
    assert text.partition(".")[2]
    assert text.endswith(".0") or not text.endswith("0")


@given(st.lists(CENTS, min_size=1, max_size=3), st.lists(st.tuples(CENTS, st.booleans(), st.integers(-1, 2))))
def test_whatever_is_asked_for_no_more_is_given_back_than_was_paid(
    costs: list[Decimal], asked: list[tuple[Decimal, bool, int]]
) -> None:
    lines = [line_of(number, cost) for number, cost in enumerate(costs)]
    order = Order("12-34567-89012", "ann", "USD", lines, NOW, NOW)
    for number, (amount, fails, place) in enumerate(asked):
        named = {lines[place].id: amount} if 0 <= place < len(lines) else {}
        refused = refusal_of(order, amount, named)
        assert refused in {None, "34915", "34917", "34924"}
        if refused is None:
            order.refunds.append(refund_of(number, amount, named, FAILED if fails else REFUNDED))
    assert order.remaining == order.total - order.refunded >= 0
    assert all(order.line_remaining(line) >= 0 for line in lines)


@given(CENTS)
def test_a_pending_refund_lets_no_other_in(amount: Decimal) -> None:
    order = Order("12-34567-89012", "ann", "USD", [line_of(1, Decimal(1000))], NOW, NOW)
    order.refunds.append(refund_of(1, amount, {}, PENDING))
    assert refusal_of(order, Decimal(1), {}) == "34922"


def test_filters_are_told_apart_by_commas_outside_of_brackets() -> None:
    text = "creationdate:[2026-01-01T00:00:00Z..], orderfulfillmentstatus:{A|B},buyer:{a,b}"
    assert filters(text) == [
        ("creationdate", "[2026-01-01T00:00:00Z..]"),
        ("orderfulfillmentstatus", "{A|B}"),
        ("buyer", "{a,b}"),
    ]
    assert filters("") == []
    assert one_of("{A|B}") == ["A", "B"]
    assert one_of("A") is None
    assert span("[a..b]") == ("a", "b")
    assert span("a..b") is None
    assert moment("2026-13-01T00:00:00Z") is None
