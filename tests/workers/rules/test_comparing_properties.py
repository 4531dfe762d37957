"""What holds of every comparison, whatever the two sides have."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ledger.models import Finding
from ledger.money import Money
from workers.rules.comparing import Here, Line, There, compare_sides

SINCE = datetime(2026, 10, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=10)

_ORDERS = st.sampled_from(("", "1", "2"))
_AMOUNTS = st.builds(Money.parse, st.sampled_from(("5.00", "7.00", "9.00")), st.sampled_from(("USD", "EUR")))
_MOMENTS = st.integers(-48, 14 * 24).map(lambda hours: SINCE + timedelta(hours=hours))
_KEYS = st.sampled_from(("", "rs-shop-1", "rs-shop-2", "rs-shop-3"))
_IDS = st.sampled_from(("", "1", "2", "3"))


def _there(number: int) -> st.SearchStrategy[There]:
    in_period = st.integers(0, 10 * 24 - 1).map(lambda hours: SINCE + timedelta(hours=hours))
    return st.builds(
        There,
        refund_id=st.just(str(number)),
        order_id=_ORDERS,
        order_name=st.just(""),
        at=in_period,
        amount=_AMOUNTS,
        key=st.just(f"rs-shop-{number}"),
        mark=_KEYS,
        counterpart=_IDS,
    )


def _here(number: int) -> st.SearchStrategy[Here]:
    return st.builds(
        Here,
        record_type=st.sampled_from(("creditmemo", "cashrefund")),
        record_id=st.just(str(number)),
        number=st.just(""),
        external_id=_KEYS,
        order_id=_ORDERS,
        order_name=st.just(""),
        at=_MOMENTS,
        amount=_AMOUNTS,
        billed_type=st.sampled_from(("", "invoice", "cashsale")),
        key=_KEYS,
    )


refunds = st.integers(0, 5).flatmap(lambda count: st.tuples(*[_there(number) for number in range(count)]))
records = st.integers(0, 5).flatmap(lambda count: st.tuples(*[_here(number) for number in range(count)]))


def compare(there: tuple[There, ...], here: tuple[Here, ...]) -> tuple[Line, ...]:
    return compare_sides(there, here, since=SINCE, until=UNTIL)


def is_of_period(here: Here) -> bool:
    return SINCE <= here.at < UNTIL


@given(refunds, records)
def test_every_refund_of_both_sides_is_in_exactly_one_line(
    there: tuple[There, ...], here: tuple[Here, ...]
) -> None:
    lines = compare(there, here)
    seen_there = Counter(line.there.refund_id for line in lines if line.there)
    seen_here = Counter(line.here.record_id for line in lines if line.here)
    assert seen_there == Counter(each.refund_id for each in there)
    assert set(seen_here.values()) <= {1}
    assert {each.record_id for each in here if is_of_period(each)} <= seen_here.keys()
    paired = {line.here.record_id for line in lines if line.here and line.there}
    assert seen_here.keys() - paired <= {each.record_id for each in here if is_of_period(each)}


@given(refunds, records)
def test_a_finding_says_which_sides_there_are_and_whether_they_agree(
    there: tuple[There, ...], here: tuple[Here, ...]
) -> None:
    for line in compare(there, here):
        sides = (line.there is not None, line.here is not None)
        if line.finding is Finding.MISSING_IN_NETSUITE:
            assert sides == (True, False)
        elif line.finding is Finding.MISSING_IN_STOREFRONT:
            assert sides == (False, True)
        else:
            assert line.there is not None
            assert line.here is not None
            differ = line.there.amount != line.here.amount
            assert differ is (line.finding is Finding.AMOUNT_DIFFERS)
            assert line.finding in {Finding.MATCHED, Finding.AMOUNT_DIFFERS, Finding.TYPE_DIFFERS}


@given(refunds, records)
def test_the_lines_add_up_to_what_each_side_has(there: tuple[There, ...], here: tuple[Here, ...]) -> None:
    lines = compare(there, here)
    for currency in ("USD", "EUR"):
        of_lines = [
            line.there.amount.minor for line in lines if line.there and line.there.amount.currency == currency
        ]
        assert sum(of_lines) == sum(each.amount.minor for each in there if each.amount.currency == currency)
        taken = {line.here.record_id for line in lines if line.here}
        of_records = [each for each in here if each.record_id in taken and each.amount.currency == currency]
        of_lines = [
            line.here.amount.minor for line in lines if line.here and line.here.amount.currency == currency
        ]
        assert sum(of_lines) == sum(each.amount.minor for each in of_records)


@given(refunds, records, st.randoms(use_true_random=False))
def test_the_order_in_which_refunds_are_given_does_not_matter(
    there: tuple[There, ...], here: tuple[Here, ...], chance: Random
) -> None:
    shuffled_there, shuffled_here = list(there), list(here)
    chance.shuffle(shuffled_there)
    chance.shuffle(shuffled_here)
    assert set(compare(tuple(shuffled_there), tuple(shuffled_here))) == set(compare(there, here))


@given(refunds)
def test_a_side_that_has_the_same_refunds_differs_in_nothing(there: tuple[There, ...]) -> None:
    mirrored = tuple(
        Here("creditmemo", each.refund_id, "", each.key, each.order_id, "", each.at, each.amount)
        for each in there
    )
    assert [line.finding for line in compare(there, mirrored)] == [Finding.MATCHED] * len(there)


@given(refunds, records)
def test_what_is_missing_has_nothing_alike_left_on_the_other_side(
    there: tuple[There, ...], here: tuple[Here, ...]
) -> None:
    lines = compare(there, here)
    paired = {line.here.record_id for line in lines if line.here and line.there}
    left = {(each.order_id, each.amount) for each in here if each.record_id not in paired and each.order_id}
    for line in lines:
        if line.finding is Finding.MISSING_IN_NETSUITE:
            assert line.there is not None
            assert (line.there.order_id, line.there.amount) not in left


@given(refunds, records)
def test_to_swap_what_is_missing_where_swaps_the_findings(
    there: tuple[There, ...], here: tuple[Here, ...]
) -> None:
    """Without keys, and all of it in the period, neither side is preferred."""
    keyless = tuple(
        There(f"t{e.refund_id}", e.order_id, "", e.at, e.amount, f"no-{e.refund_id}") for e in there
    )
    records_of = tuple(
        Here("creditmemo", f"h{e.record_id}", "", "", e.order_id, "", e.at, e.amount)
        for e in here
        if is_of_period(e)
    )
    mirrored_there = tuple(
        There(e.record_id, e.order_id, "", e.at, e.amount, f"no-{e.record_id}") for e in records_of
    )
    mirrored_here = tuple(
        Here("creditmemo", e.refund_id, "", "", e.order_id, "", e.at, e.amount) for e in keyless
    )
    swapped = {
        Finding.MISSING_IN_NETSUITE: Finding.MISSING_IN_STOREFRONT,
        Finding.MISSING_IN_STOREFRONT: Finding.MISSING_IN_NETSUITE,
    }
    forth = Counter(swapped.get(line.finding, line.finding) for line in compare(keyless, records_of))
    back = Counter(line.finding for line in compare(mirrored_there, mirrored_here))
    assert forth == back
