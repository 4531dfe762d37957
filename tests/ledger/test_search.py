"""Searching refunds: what is found is what was asked for, whichever way the search went."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from ledger import money, search
from ledger.accounts import AccountError
from ledger.database import Database
from ledger.models import Account, Refund, RefundLine
from ledger.narrowing import EXPONENTS
from ledger.platforms import Platform
from ledger.search import FEW, NEAR, Found, Place, Wanted
from ledger.secrets import Vault
from ledger.states import State
from tests.support.explaining import explained
from tests.support.ledger import NOW, make_account
from tests.support.transactions import make_link, make_transaction

STATES = (State.POSTED, State.ERROR, State.WAITING, State.CANCELLED)
AMOUNTS = ("5.00", "20.00", "20.01", "300.00")
DAY = timedelta(days=1)


@pytest.fixture
def several(database: Database, vault: Vault, shop: Account) -> None:
    """Forty refunds of two accounts that differ in everything."""
    with database.write() as session:
        auctions = make_account(session, vault, platform=Platform.EBAY, slug="auctions")
        link = make_link(session, shop, 7, netsuite_id="60277")
        for number in range(40):
            refund = make_transaction(
                session,
                (shop, auctions)[number % 3 == 0],
                number,
                state=STATES[number % 4],
                amount=AMOUNTS[number % 4] if number % 5 else str(100 + number),
                currency="USD" if number % 5 else "JPY",
                origin="netsuite" if number % 7 == 0 else "",
                link=link if number == 7 else None,
                at=NOW - (number * 11 % 17) * DAY / 4,
            )
            if number % 2:
                refund.transaction_type, refund.target_id = "cash_refund", str(88_000 + number)


def fits(refund: Refund, wanted: Wanted) -> bool:
    """Tell whether a refund is what was asked for, told without the database."""
    names = (refund.source_refund_id, refund.key, refund.target_id, refund.storefront_order_id)
    order = (
        refund.storefront_order_name,
        refund.storefront_order_name.lstrip("#"),
        refund.storefront_order_id,
    )
    return all(
        (
            not wanted.states or refund.state in wanted.states,
            not wanted.platform or refund.account.platform == wanted.platform,
            not wanted.account or refund.account.slug == wanted.account,
            not wanted.source_channel or refund.origin == wanted.source_channel,
            not wanted.transaction_type or refund.transaction_type == wanted.transaction_type,
            not wanted.reason or refund.reason == wanted.reason,
            wanted.since is None or refund.occurred_at >= wanted.since,
            wanted.until is None or refund.occurred_at <= wanted.until,
            wanted.least is None or refund.amount.amount >= wanted.least,
            wanted.most is None or refund.amount.amount <= wanted.most,
            any(begins(name, wanted.order) for name in order),
            str(refund.id) == wanted.text or any(begins(name, wanted.text) for name in (*names, *order)),
            refund.id > wanted.newer_than,
        )
    )


def begins(name: str, text: str) -> bool:
    return name == text or (name.startswith(text) and (not text or len(text.lstrip("#")) >= 3))


def moments() -> st.SearchStrategy[datetime | None]:
    return st.none() | st.integers(0, 20).map(lambda quarters: NOW - quarters * DAY / 4)


def wishes() -> st.SearchStrategy[Wanted]:
    amounts = st.none() | st.sampled_from(
        [Decimal(text) for text in ("0", "5", "20", "20.005", "120", "999")]
    )
    return st.builds(
        Wanted,
        states=st.lists(st.sampled_from(STATES), max_size=2, unique=True).map(tuple),
        platform=st.sampled_from(["", "", "shopify", "ebay", "magento"]),
        account=st.sampled_from(["", "", "auctions"]),
        source_channel=st.sampled_from(["", "", "netsuite", "shopify"]),
        transaction_type=st.sampled_from(["", "", "cash_refund", "credit_memo"]),
        reason=st.sampled_from(["", "", "MAPPING_MISSING", "POSTED"]),
        since=moments(),
        until=moments(),
        least=amounts,
        most=amounts,
        order=st.sampled_from(["", "", "", "1007", "#1013", "45000000", "99"]),
        text=st.sampled_from(
            ["", "", "", "9000000012", "88017", "rs-auctions", "#10", "#1004", "3", "900000003"]
        ),
        newer_than=st.sampled_from([0, 0, 12, 39]),
    )


def all_of(
    session: Session, wanted: Wanted, limit: int, *, few: int, reach: int, is_whole: bool
) -> list[int]:
    """Return everything a search finds, taken up again and again where it stopped."""
    ids: list[int] = []
    after: Place | None = None
    is_first = True
    while is_first or after is not None:
        found = search.find(
            session, wanted, after=after, limit=limit, few=few, reach=reach, is_whole=is_whole
        )
        assert len(found.rows) == limit or found.is_unfinished or found.next is None
        assert not found.is_cut
        ids += [refund.id for refund in found.rows]
        after, is_first = found.next, False
    return ids


def test_whatever_is_asked_and_however_it_is_searched_every_refund_that_fits_is_found_once_in_order(
    database: Database, several: None
) -> None:
    with database.read() as session:
        everything = session.scalars(select(Refund).options(joinedload(Refund.account))).all()

        @settings(max_examples=75)
        @given(
            wishes(),
            st.integers(1, 12),
            st.sampled_from([0, 2, 9, 100]),
            st.sampled_from([1, 5, 100]),
            st.booleans(),
        )
        def check(wanted: Wanted, limit: int, few: int, reach: int, is_whole: bool) -> None:  # noqa: FBT001 - Hypothesis hands it over by its place
            by_time = wanted.since is not None or wanted.until is not None
            fitting = [refund for refund in everything if fits(refund, wanted)]
            fitting.sort(key=lambda each: (each.occurred_at if by_time else NOW, each.id), reverse=True)
            ids = all_of(session, wanted, limit, few=few, reach=reach, is_whole=is_whole)
            assert ids == [each.id for each in fitting]

        check()


def test_a_search_that_finds_little_stops_says_so_and_can_be_taken_up_again(
    database: Database, several: None
) -> None:
    wanted = Wanted(states=(State.POSTED,), reason="NOT_BILLED")
    with database.read() as session:
        found = search.find(session, wanted, limit=5, few=0, reach=4)
        assert (found.rows, found.is_unfinished) == ([], True)
        looks = 1
        while found.next is not None:
            found = search.find(session, wanted, after=found.next, limit=5, few=0, reach=4)
            looks += 1
    assert (found, looks) == (Found([]), 3)


def test_names_that_begin_alike_are_cut_unless_all_are_asked_for_and_the_whole_name_is_found(
    database: Database, shop: Account
) -> None:
    with database.write() as session:
        for number in range(1, 162):
            make_transaction(session, shop, number)
    with database.read() as session:
        whole = search.find(session, Wanted(text="4500000"), limit=200, is_whole=True)
        many = search.find(session, Wanted(text="4500000"), limit=200)
        one = search.find(session, Wanted(text="4500000161"), limit=200)
    assert many.is_cut
    assert len(many.rows) == 150
    assert (len(whole.rows), whole.is_cut) == (161, False)
    assert not one.is_cut
    assert [refund.storefront_order_id for refund in one.rows] == ["4500000161"]


@pytest.mark.parametrize(
    "text", ["%", "_", "100%", "\\", "\U0010ffff", "x\U0010ffff\U0010ffff", "\ud7ff", "'"]
)
def test_a_text_means_itself_whatever_characters_it_has(database: Database, shop: Account, text: str) -> None:
    with database.write() as session:
        one, other = make_transaction(session, shop, 1), make_transaction(session, shop, 2)
        one.storefront_order_name, other.storefront_order_name = f"abc{text}z", "abcdef"
    with database.read() as session:
        found = search.find(session, Wanted(text=f"abc{text}"), limit=9)
    assert [refund.id for refund in found.rows] == [one.id]


def test_netsuite_s_order_finds_its_refunds(database: Database, several: None) -> None:
    with database.read() as session:
        (found,) = search.find(session, Wanted(text="60277"), limit=9).rows
    assert found.storefront_order_name == "#1007"


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_whole_sku_of_a_line_finds_its_refunds_once(
    database: Database, several: None, *, is_whole: bool
) -> None:
    with database.write() as session:
        for refund_id, position in ((3, 7), (3, 8), (9, 7)):
            line = RefundLine(refund_id=refund_id, position=position, kind="item", sku="LAMP-7")
            line.net_minor = line.tax_minor = 0
            session.add(line)
    with database.read() as session:
        for text, ids in (("LAMP-7", [9, 3]), ("LAMP", []), ("LAMP-71", []), ("lamp-7", [])):
            found = search.find(session, Wanted(text=text), limit=9, is_whole=is_whole)
            assert [refund.id for refund in found.rows] == ids
        assert all_of(session, Wanted(text="LAMP-7"), 1, few=0, reach=1, is_whole=True) == [9, 3]


def test_an_account_that_is_not_there_is_no_filter(database: Database) -> None:
    with database.read() as session, pytest.raises(AccountError, match="nowhere"):
        search.find(session, Wanted(account="nowhere"), limit=9)


def test_every_currency_has_one_of_the_exponents_that_amounts_are_searched_by() -> None:
    assert {money.exponent(code) for code in ("JPY", "USD", "KWD", "CLF")} == set(EXPONENTS)
    assert set(money._EXPONENTS.values()) < set(EXPONENTS)  # noqa: SLF001 - its table is what has to fit


def test_rows_are_given_in_the_order_asked_for_without_those_that_are_gone(
    database: Database, several: None
) -> None:
    with database.read() as session:
        newest = search.newest_id(session)
        rows = search.of_ids(session, [3, newest + 1, 1, 3, 2])
        assert newest == session.scalar(select(func.max(Refund.id)))
    assert [refund.id for refund in rows] == [3, 1, 2]
    assert rows[0].account.slug


SEARCHES = [
    Wanted(),
    Wanted(states=(State.POSTED,)),
    Wanted(states=(State.POSTED, State.ERROR), reason="POSTED"),
    Wanted(account="shopify-shop", source_channel="shopify"),
    Wanted(platform="ebay", transaction_type="cash_refund"),
    Wanted(least=Decimal(5), most=Decimal(20), states=(State.ERROR,)),
    Wanted(least=Decimal(5)),
    Wanted(since=NOW - DAY, until=NOW),
    Wanted(since=NOW - DAY, states=(State.CANCELLED,), account="shopify-shop"),
    Wanted(text="#1007"),
    Wanted(text="88", order="1003"),
    Wanted(text="rs-shopify", since=NOW - DAY, states=(State.POSTED,)),
    Wanted(order="4500000", account="shopify-shop"),
    Wanted(newer_than=30, source_channel="shopify"),
]


@pytest.mark.parametrize(("few", "reach"), [(0, NEAR), (FEW, NEAR), (0, 3)])
def test_no_search_reads_a_whole_table(database: Database, several: None, few: int, reach: int) -> None:
    plans: list[str] = []
    with database.read() as session, explained(database.engine, plans):
        for wanted in SEARCHES:
            found = search.find(session, wanted, limit=3, few=few, reach=reach, is_whole=True)
            if found.next:
                after = found.next
                search.find(session, wanted, limit=3, few=few, reach=reach, after=after, is_whole=True)
        search.of_ids(session, [1, 2, 3])
        search.newest_id(session)
    assert len(plans) > len(SEARCHES)
    for plan in plans:
        for table in ("refunds", "order_links", "refund_lines"):
            assert f"Seq Scan on {table}" not in plan, plan
            assert f"SCAN {table}\n" not in f"{plan}\n", plan


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(states=(State.POSTED,)), "ix_refunds_state"),
        (Wanted(account="shopify-shop"), "ix_refunds_account"),
        (Wanted(reason="POSTED"), "ix_refunds_reason"),
        (Wanted(source_channel="shopify"), "ix_refunds_origin"),
        (Wanted(transaction_type="cash_refund"), "ix_refunds_type"),
        (Wanted(since=NOW - DAY), "ix_refunds_occurred"),
    ],
)
def test_a_filter_is_walked_along_its_own_index_however_common_its_value_is(
    database: Database, several: None, wanted: Wanted, index: str
) -> None:
    plans: list[str] = []
    with database.read() as session, explained(database.engine, plans):
        search.find(session, wanted, limit=3, after=Place(30, NOW if wanted.since else None))
    assert any(index in plan for plan in plans)
