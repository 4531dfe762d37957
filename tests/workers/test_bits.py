"""The bits a run is worked on in: nothing is left out where one ends early."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import runs
from ledger.clock import utcnow
from ledger.models import Account, Run, RunKind
from ledger.refunds import LeaseLostError
from ledger.secrets import SecretsError
from tests.support.ledger import TRACE
from tests.support.sandboxed import SHIRT, Books, Shop
from tests.support.world import World
from workers import bits
from workers.asking import AskedError, asking
from workers.bits import EDGE, Bit, refunds_of
from workers.platforms.errors import CredentialsError, PlatformError, TooMuchError
from workers.platforms.netsuite_changes import CLOCK_CHANGE
from workers.platforms.shopify_storefront import ShopifyStorefront

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def run(world: World, shop: Shop) -> Run:
    """A run over the last two days, claimed by a worker."""
    return claimed(world, shop)


def claimed(world: World, shop: Shop) -> Run:
    now = utcnow()
    with world.database.write() as session:
        account = session.get_one(Account, shop.id)
        begun = runs.begin(
            session, account, RunKind.BACKFILL, now - 2 * DAY, now, actor="cli:ada", trace_id=TRACE, now=now
        )
        run = runs.claim(session, begun.id, now=now)
    assert run is not None
    return run


def itself(moment: datetime) -> datetime:
    return moment


def test_a_bit_reaches_as_far_as_a_run_strides_and_no_further_than_it_reaches(world: World, run: Run) -> None:
    first = Bit.of(world.runtime, run)
    assert (first.since, first.until, first.length) == (run.since, run.since + DAY, DAY)
    run.done_until = run.reaches_to - HOUR
    last = Bit.of(world.runtime, run)
    assert (last.since, last.until, last.length) == (run.done_until - EDGE, run.reaches_to, HOUR)


def test_a_bit_reaches_back_a_little_and_the_first_one_in_netsuite_over_a_change_of_its_clock(
    world: World, run: Run
) -> None:
    first = Bit.of(world.runtime, run)
    assert (first.is_first, first.since_in_netsuite) == (True, run.since - EDGE - CLOCK_CHANGE)
    run.done_until = run.since + HOUR
    second = Bit.of(world.runtime, run)
    assert (second.is_first, second.since_in_netsuite) == (False, run.done_until - EDGE)


def test_all_of_a_bit_is_yielded_the_oldest_first_while_there_is_time(world: World, run: Run) -> None:
    bit = Bit.of(world.runtime, run)
    found = [run.since + hours * HOUR for hours in (3, 1, 2)]
    assert list(bit.each(found, at=itself)) == sorted(found)
    assert bit.until == run.since + DAY


def test_the_lease_begins_anew_with_each_and_ends_the_bit_where_it_was_lost(world: World, run: Run) -> None:
    bit = Bit.of(world.runtime, run)
    with world.database.write() as session:
        runs.stop(session, run.id, now=utcnow(), actor="cli:ada")
    yielded = bit.each([run.since, run.since + HOUR], at=itself)
    assert next(yielded) == run.since
    with pytest.raises(LeaseLostError):
        next(yielded)


@given(st.lists(st.integers(-10, 30), max_size=12))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bits_that_always_end_early_come_to_the_end_and_leave_nothing_out(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, hours: list[int]
) -> None:
    monkeypatch.setattr(bits, "PATIENCE", -1.0)
    run.done_until = run.since
    changes = [run.since + number * HOUR for number in hours]
    seen: list[datetime] = []
    while run.done_until < run.reaches_to:
        bit = Bit.of(world.runtime, run)
        listed = [moment for moment in changes if bit.since <= moment <= bit.until]
        seen += bit.each(listed, at=itself)
        assert bit.until > run.done_until
        run.done_until = bit.until
    assert set(seen) == {moment for moment in changes if moment >= run.since}


def test_whose_platform_failed_is_said(world: World, netsuite: Books, shop: Shop) -> None:
    books = world.account(netsuite)
    with pytest.raises(AskedError) as caught, asking(world.account(shop)), asking(books):
        raise PlatformError("RATE_LIMITED", "429", retry_after=7.0)
    assert (caught.value.owner, caught.value.reason, caught.value.detail) == (books, "RATE_LIMITED", "429")
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize("error", [CredentialsError("no key"), SecretsError("sealed otherwise")])
def test_credentials_that_cannot_be_used_are_bad_ones(world: World, shop: Shop, error: Exception) -> None:
    owner = world.account(shop)
    with pytest.raises(AskedError, match=str(error)) as caught, asking(owner):
        raise error
    assert (caught.value.owner, caught.value.reason) == (owner, "BAD_CREDENTIALS")


def test_that_there_is_too_much_is_nobodys_failure(world: World, shop: Shop) -> None:
    with pytest.raises(TooMuchError), asking(world.account(shop)):
        raise TooMuchError("many pages")


def test_the_last_moments_are_not_asked_for_where_the_platform_does_not_answer_for_them(
    world: World, run: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = shop.order(silent=True)
    shop.refund(order, lines=[{"sku": SHIRT, "quantity": 1}], silent=True)
    run.until = run.reaches_to = utcnow() + HOUR
    run.done_until, run.stride = utcnow() - HOUR, 3 * 3600
    for lag, found in ((timedelta(minutes=2), 0), (timedelta(hours=2), 0), (-timedelta(seconds=5), 1)):
        monkeypatch.setattr(ShopifyStorefront, "lag", lag)
        assert len(list(refunds_of(Bit.of(world.runtime, run)))) == found
    assert shop.operations().count("graphql:query") == 4  # two lists, and the order's refunds in two calls
