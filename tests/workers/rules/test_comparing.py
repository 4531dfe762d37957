from datetime import UTC, datetime, timedelta

import pytest

from ledger.models import Finding
from ledger.money import Money
from workers.rules.comparing import BY_AMOUNT, BY_ORDER, Here, Line, There, compare_sides

SINCE = datetime(2026, 10, 1, tzinfo=UTC)
UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
NOON = SINCE + timedelta(days=10, hours=12)
HOUR = timedelta(hours=1)


def money(amount: str) -> Money:
    number, _, currency = amount.partition(" ")
    return Money.parse(number, currency or "USD")


def refund(
    number: str = "1",
    amount: str = "20.00",
    *,
    order: str = "100",
    at: datetime = NOON,
    mark: str = "",
    counterpart: str = "",
) -> There:
    """Return a refund in the storefront."""
    return There(number, order, f"#{order}", at, money(amount), f"rs-shop-{number}", mark, counterpart)


def record(
    number: str = "1",
    amount: str = "20.00",
    *,
    order: str = "100",
    at: datetime = NOON,
    external_id: str = "",
    key: str = "",
    record_type: str = "creditmemo",
    billed_type: str = "invoice",
) -> Here:
    """Return a refund in NetSuite."""
    return Here(
        record_type,
        number,
        f"CM{number}",
        external_id,
        order,
        f"#{order}",
        at,
        money(amount),
        billed_type,
        key,
    )


def compare(there: list[There], here: list[Here]) -> list[Line]:
    return list(compare_sides(there, here, since=SINCE, until=UNTIL))


def pairs(lines: list[Line]) -> set[tuple[str, str]]:
    return {
        (line.there.refund_id if line.there else "", line.here.record_id if line.here else "")
        for line in lines
    }


def test_nothing_on_either_side_makes_no_line() -> None:
    assert compare([], []) == []


@pytest.mark.parametrize(
    ("there", "here"),
    [
        (refund("7"), record(external_id="rs-shop-7")),
        (refund("7", counterpart="5"), record("5")),
        (refund("7", mark="rs-shop-55"), record("5", key="rs-shop-55")),
    ],
    ids=["our external id", "the ledger", "our mark"],
)
def test_what_is_known_to_be_the_same_is_matched_whatever_its_order(there: There, here: Here) -> None:
    stray = record("9", order="999", amount="1.00")
    (line, other) = compare([there], [here, stray])
    assert line == Line(Finding.MATCHED, there, here)
    assert (line.there, line.here) == (there, here)
    assert other == Line(Finding.MISSING_IN_STOREFRONT, stray)
    assert (other.there, other.here) == (None, stray)


def test_a_key_counts_before_what_looks_alike() -> None:
    lines = compare(
        [refund("1"), refund("2", at=NOON + HOUR)], [record("5", external_id="rs-shop-2"), record("6")]
    )
    assert pairs(lines) == {("2", "5"), ("1", "6")}


def test_our_external_id_counts_before_the_ledger_and_the_ledger_before_the_mark() -> None:
    by_id, by_ledger = refund("1"), refund("2", counterpart="5")
    contested = record("5", external_id="rs-shop-1", order="")
    assert pairs(compare([by_ledger, by_id], [contested])) == {("1", "5"), ("2", "")}
    by_mark = refund("3", mark="rs-shop-8")
    contested = record("5", key="rs-shop-8", order="")
    assert pairs(compare([by_mark, by_ledger], [contested])) == {("2", "5"), ("3", "")}


def test_what_no_key_joins_is_matched_by_order_and_amount() -> None:
    there, here = refund(), record()
    assert compare([there], [here]) == [Line(Finding.MATCHED, there, here, BY_AMOUNT)]


def test_of_what_is_alike_the_nearest_in_time_is_the_same() -> None:
    refunds = [refund("1", at=NOON), refund("2", at=NOON + 9 * HOUR)]
    assert pairs(compare(refunds, [record("5", at=NOON + 10 * HOUR)])) == {("2", "5"), ("1", "")}
    records = [record("5", at=NOON + 9 * HOUR), record("6", at=NOON - HOUR)]
    assert pairs(compare(refunds, records)) == {("1", "6"), ("2", "5")}


def test_what_is_alone_on_each_side_of_an_order_is_compared_though_the_amounts_differ() -> None:
    there, here = refund(amount="20.00"), record(amount="18.00")
    (line,) = compare([there], [here])
    assert line.finding is Finding.AMOUNT_DIFFERS
    assert line.note == f"20.00 USD in the storefront, 18.00 USD in NetSuite; {BY_ORDER}"


def test_two_that_are_left_on_a_side_are_not_guessed_at() -> None:
    lines = compare([refund("1", "20.00"), refund("2", "21.00")], [record("5", "18.00")])
    assert [line.finding for line in lines] == [
        Finding.MISSING_IN_NETSUITE,
        Finding.MISSING_IN_NETSUITE,
        Finding.MISSING_IN_STOREFRONT,
    ]


def test_the_amount_of_what_a_key_joins_may_differ_too() -> None:
    (line,) = compare([refund("7")], [record(amount="19.99", external_id="rs-shop-7")])
    assert (line.finding, line.note) == (
        Finding.AMOUNT_DIFFERS,
        "20.00 USD in the storefront, 19.99 USD in NetSuite",
    )


def test_the_same_number_in_another_currency_is_another_amount() -> None:
    (line,) = compare([refund(amount="20.00 EUR")], [record(amount="20.00")])
    assert line.finding is Finding.AMOUNT_DIFFERS


@pytest.mark.parametrize(
    ("record_type", "billed_type", "finding"),
    [
        ("creditmemo", "invoice", Finding.MATCHED),
        ("cashrefund", "cashsale", Finding.MATCHED),
        ("creditmemo", "cashsale", Finding.TYPE_DIFFERS),
        ("cashrefund", "invoice", Finding.TYPE_DIFFERS),
        ("cashrefund", "", Finding.MATCHED),
        ("creditmemo", "", Finding.MATCHED),
    ],
)
def test_the_records_type_follows_from_how_the_order_was_billed(
    record_type: str, billed_type: str, finding: Finding
) -> None:
    (line,) = compare([refund()], [record(record_type=record_type, billed_type=billed_type)])
    assert line.finding is finding
    if finding is Finding.TYPE_DIFFERS:
        kinds = {"creditmemo": "credit memo", "cashrefund": "cash refund", "cashsale": "cash sale"}
        record_name, billed = (kinds.get(each, each) for each in (record_type, billed_type))
        assert line.note.startswith(f"a {record_name} of an order billed by {billed}, which asks for a c")
        assert line.note.endswith(BY_AMOUNT)


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (SINCE - timedelta(seconds=1), False),
        (SINCE, True),
        (UNTIL - timedelta(seconds=1), True),
        (UNTIL, False),
    ],
)
def test_a_record_outside_the_period_counts_only_as_another_side(at: datetime, *, counts: bool) -> None:
    stray = record(at=at)
    assert compare([], [stray]) == ([Line(Finding.MISSING_IN_STOREFRONT, stray)] if counts else [])
    assert [line.finding for line in compare([refund()], [stray])] == [Finding.MATCHED]


def test_a_record_of_no_known_order_is_matched_by_key_alone() -> None:
    here = record(order="", external_id="rs-shop-7")
    assert pairs(compare([refund("7", order="")], [here])) == {("7", "1")}
    assert pairs(compare([refund("8", order="")], [here])) == {("8", ""), ("", "1")}
    assert pairs(compare([refund("8", "1.00", order="")], [here])) == {("8", ""), ("", "1")}
