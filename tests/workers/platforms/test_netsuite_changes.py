"""What changed in NetSuite in a time, whatever its clock shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.clock import utcnow
from tests.workers.platforms.books import SIGNED, TENANT, Books
from tests.workers.platforms.world import usd
from workers.platforms import netsuite_changes
from workers.platforms.errors import PlatformError, TooMuchError
from workers.platforms.http import Http
from workers.platforms.netsuite_changes import Origin
from workers.platforms.netsuite_queries import UnknownFieldError

MINUTE = timedelta(minutes=1)
ONE = [{"sku": "TSHIRT-M", "quantity": 1}]
ZONES = [-480, -210, 0, 345, 840]
"""Minutes ahead of UTC: Los Angeles, Newfoundland in summer, UTC, Kathmandu, Kiritimati."""


@pytest.fixture(params=ZONES)
def abroad(request: pytest.FixtureRequest, books: Books) -> Books:
    """The account, with its clock in some zone."""
    books.control.patch(f"netsuite/{TENANT}", {"clock_ahead_minutes": request.param})
    return books


def delete(books: Books, kind: str, number: str) -> None:
    books.control.delete(f"netsuite/{TENANT}/records/{kind}/{number}?cascade=true&silent=true")


def edit(books: Books, kind: str, number: str, **fields: Any) -> None:  # noqa: ANN401 - JSON
    books.control.post(f"netsuite/{TENANT}/records/{kind}/{number}/edit", {"fields": fields, "silent": True})


def test_refunds_are_told_with_their_times_in_utc_wherever_netsuites_clock_is(
    abroad: Books, http: Http
) -> None:
    before = utcnow()
    memo = abroad.refund(abroad.order(billed="invoice")["billed"], lines=ONE, shippingCost="0")
    cash = abroad.refund(abroad.order("#1002")["billed"], lines=ONE, shippingCost="0")
    after = utcnow()
    changed, deleted = abroad.client(http).changes(before - MINUTE, after + MINUTE)
    assert deleted == ()
    assert [(each.record_type, each.record_id, each.number) for each in changed] == [
        ("creditmemo", memo["id"], memo["tranId"]),
        ("cashrefund", cash["id"], cash["tranId"]),
    ]
    second = timedelta(seconds=3)  # both clocks are read by the second, and the call takes a moment
    for each in changed:
        assert before - second <= each.created_at <= each.modified_at <= after + second
        assert (each.total, each.voided, each.external_id) == (usd("21.60"), False, "")
    assert abroad.client(http).changes(before - 9 * MINUTE, before - 8 * MINUTE) == ((), ())
    assert abroad.client(http).changes(after + 8 * MINUTE, after + 9 * MINUTE) == ((), ())


def test_a_record_is_told_as_it_stands(books: Books, http: Http) -> None:
    memo = books.refund(books.order(billed="invoice")["billed"], lines=ONE, externalId="by-hand-1")
    edit(books, "creditMemo", memo["id"], memo="sorry", voided=True)
    ((edited,), _) = books.client(http).changes(utcnow() - MINUTE, utcnow() + MINUTE)
    assert (edited.external_id, edited.voided) == ("by-hand-1", True)
    assert edited.created_at <= edited.modified_at
    assert datetime.fromisoformat(edited.stamp).replace(tzinfo=UTC) - edited.modified_at <= timedelta(
        seconds=3
    )


def test_both_ends_of_the_time_are_part_of_it(books: Books, http: Http) -> None:
    client = books.client(http)
    books.refund(books.order(billed="invoice")["billed"], lines=ONE)
    (memo,), _ = client.changes(utcnow() - MINUTE, utcnow() + MINUTE)
    slack = timedelta(seconds=2)
    assert len(client.changes(memo.modified_at - slack, memo.modified_at + slack)[0]) == 1


def test_a_record_that_was_made_from_another_says_from_which(books: Books, http: Http) -> None:
    invoice = books.order(billed="invoice")["billed"]
    by_return = books.refund(books.authorize_return(invoice, lines=ONE))
    credit = books.control.post(f"netsuite/{TENANT}/standalonecreditmemo", {"amount": "5.00"})
    changed, _ = books.client(http).changes(utcnow() - MINUTE, utcnow() + MINUTE)
    origins = {each.record_id: each.created_from for each in changed}
    assert origins[by_return["id"]] not in {"", invoice["id"]}
    assert origins[credit["id"]] == ""


def test_what_was_deleted_is_told_by_its_type_and_when(abroad: Books, http: Http) -> None:
    before = utcnow()
    made = abroad.order(billed="invoice")
    abroad.refund(made["billed"], lines=ONE)
    delete(abroad, "salesOrder", made["salesOrder"]["id"])
    changed, deleted = abroad.client(http).changes(before - MINUTE, utcnow() + MINUTE)
    assert changed == ()
    assert {(each.record_type, each.record_id) for each in deleted} >= {
        ("salesorder", made["salesOrder"]["id"]),
        ("invoice", made["billed"]["id"]),
    }
    assert {each.record_type for each in deleted} == {"salesorder", "invoice", "creditmemo"}
    assert all(before - MINUTE <= each.deleted_at <= utcnow() + MINUTE for each in deleted)


def test_records_we_do_not_follow_are_left_out_when_they_are_deleted(books: Books, http: Http) -> None:
    made = books.order(billed="invoice")
    delete(books, "returnAuthorization", books.authorize_return(made["billed"], lines=ONE)["id"])
    assert books.client(http).changes(utcnow() - MINUTE, utcnow() + MINUTE) == ((), ())


@pytest.mark.parametrize(("wanted", "calls"), [((True, True), 3), ((True, False), 2), ((False, True), 2)])
def test_only_what_is_wanted_is_asked_for(
    books: Books, http: Http, wanted: tuple[bool, bool], calls: int
) -> None:
    made = books.order(billed="invoice")
    books.refund(made["billed"], lines=ONE)
    delete(books, "salesOrder", books.order("#1002", billed=None)["salesOrder"]["id"])
    client = books.client(http, {**SIGNED})
    with_refunds, with_deleted = wanted
    changed, deleted = client.changes(
        utcnow() - MINUTE, utcnow() + MINUTE, with_refunds=with_refunds, with_deleted=with_deleted
    )
    assert (bool(changed), bool(deleted)) == wanted
    assert books.control.operations("netsuite") == ["suiteql"] * calls


def test_an_answer_that_is_none_is_a_passing_failure(books: Books, http: Http) -> None:
    books.fault("suiteql", "status", status=200, body={"items": [{"asked": "noon"}], "hasMore": False})
    with pytest.raises(PlatformError) as caught:
        books.client(http).changes(utcnow() - MINUTE, utcnow())
    assert caught.value.reason == "TRANSIENT"


def test_what_is_too_much_to_read_at_once_says_so(
    books: Books, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.platforms.netsuite._PAGE", 1)
    monkeypatch.setattr("workers.platforms.netsuite._MOST_PAGES", 1)
    for number in range(2):
        books.refund(books.order(f"#{number}", billed="invoice")["billed"], lines=ONE)
    with pytest.raises(TooMuchError):
        books.client(http).changes(utcnow() - MINUTE, utcnow() + MINUTE)


def test_a_record_leads_back_to_the_number_of_its_order(books: Books, http: Http) -> None:
    made = books.order("#1001", billed="invoice", externalId="SHOP-1", custom={"custbody_shop_order": "4501"})
    order, invoice = made["salesOrder"]["id"], made["billed"]["id"]
    client = books.client(http)
    found = client.origins([order, invoice, "999999"], match="other_ref_num")
    assert found == {
        order: Origin(order, "salesorder", "#1001", ""),
        invoice: Origin(invoice, "invoice", "#1001", order),
    }
    assert client.origins([order], match="external_id")[order].number == "SHOP-1"
    assert client.origins([order], match="custbody_shop_order")[order].number == "4501"


def test_an_order_tells_by_what_it_was_billed(books: Books, http: Http) -> None:
    made = {how: books.order(f"#{how}", billed=how) for how in ("invoice", "cashSale")}
    orders = {how: each["salesOrder"]["id"] for how, each in made.items()}
    unbilled = books.order("#open", billed="")["salesOrder"]["id"]
    assert books.client(http).bills([*orders.values(), unbilled]) == {
        orders["invoice"]: "invoice",
        orders["cashSale"]: "cashsale",
    }


def test_an_order_billed_by_both_types_tells_neither() -> None:
    rows = [{"orderid": 7, "recordtype": "invoice"}, {"orderid": 7, "recordtype": "cashsale"}]
    assert netsuite_changes.bills(rows) == {}
    assert netsuite_changes.bills(rows[:1]) == {"7": "invoice"}


def test_nobody_is_asked_for_no_records(books: Books, http: Http) -> None:
    client = books.client(http)
    assert client.bills(["", "x'; DROP"]) == {}
    assert client.origins([], match="other_ref_num") == {}
    assert client.origins(["", "x'; DROP"], match="other_ref_num") == {}
    assert books.control.operations("netsuite") == []


def test_a_field_that_is_none_is_a_missing_mapping(books: Books, http: Http) -> None:
    with pytest.raises(PlatformError) as caught:
        books.client(http).origins(["1"], match="memo")
    assert caught.value.reason == "MAPPING_MISSING"
    with pytest.raises(UnknownFieldError):
        netsuite_changes.origins_query(["1"], match="memo")


def test_columns_without_a_value_are_empty() -> None:
    row = {
        "docid": "7",
        "type": "CustCred",
        "tranid": None,
        "doctotal": "-21.6",
        "currency": "USD",
        "entered": "2026-03-14T08:00:00",
        "changed": "2026-03-14T09:00:00",
        "docstatus": "CustCred:V",
    }
    (memo,) = netsuite_changes.changed([row], timedelta(hours=-7))
    assert (memo.number, memo.external_id, memo.created_from) == ("", "", "")
    assert (memo.total, memo.voided) == (usd("21.60"), True)
    assert memo.created_at == datetime(2026, 3, 14, 15, tzinfo=UTC)
    assert list(netsuite_changes.origins([{"docid": "7", "recordtype": "Invoice"}])) == [
        Origin("7", "invoice", "", "")
    ]


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - made aware below
    minutes=st.integers(-12 * 60, 14 * 60),
    late=st.floats(0, 40),
)
def test_a_slow_answer_makes_a_change_look_newer_and_never_older(
    now: datetime, minutes: int, late: float
) -> None:
    asked = now.replace(tzinfo=UTC, microsecond=0)
    there = (asked + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")
    ahead = netsuite_changes.offset([{"asked": there}], asked + timedelta(seconds=late))
    row = {
        "type": "CashRfnd",
        "docid": "1",
        "doctotal": "1",
        "currency": "USD",
        "entered": there,
        "changed": there,
    }
    (record,) = netsuite_changes.changed([row], ahead)
    assert asked <= record.modified_at <= asked + timedelta(seconds=late + 1)


def test_no_answer_of_the_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="does not match"):
        netsuite_changes.offset([], utcnow())


def test_every_value_is_bound() -> None:
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    for query in (
        netsuite_changes.changed_query(since, until, timedelta(hours=-8)),
        netsuite_changes.deleted_query(since, until, timedelta(hours=-8)),
    ):
        assert query.params == ("2026-02-28 16:00:00", "2026-03-01 16:00:00")
        assert query.text.count("?") == 2
        assert "2026" not in query.text
    assert netsuite_changes.origins_query(["5", "7"], match="external_id").params == (5, 7)
