from decimal import Decimal

import pytest

from ledger.clock import utcnow
from ledger.money import Money
from tests.workers.platforms.books import ACCOUNT, KEY, SIGNED, TENANT, Books
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import usd
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.netsuite import NetSuiteClient, host_name
from workers.platforms.slots import Slots


def test_an_account_has_a_host_of_its_own() -> None:
    assert host_name("1234567_SB1") == "1234567-sb1.suitetalk.api.netsuite.com"
    assert host_name("1234567") == "1234567.suitetalk.api.netsuite.com"


def test_a_billed_order_is_read_in_one_query(books: Books, http: Http) -> None:
    made = books.order()
    order = books.client(http).order("#1001", match="other_ref_num", key=KEY)
    assert [each.id for each in order.orders] == [made["salesOrder"]["id"]]
    (sale,) = order.billed
    assert (sale.id, sale.record_type) == (made["billed"]["id"], "cashsale")
    assert sale.created_from == frozenset({made["salesOrder"]["id"]})
    # Two at 20.00 with 8 % tax, one at 9.50, shipping 5.00.
    assert (sale.total, sale.tax, sale.shipping) == (usd("57.70"), usd("3.20"), usd("5.00"))
    assert [(each.sku, each.quantity, each.amount) for each in sale.lines] == [
        ("TSHIRT-M", Decimal(2), usd("40.00")),
        ("MUG", Decimal(1), usd("9.50")),
    ]
    assert (order.refunds, order.returns, order.linked_exists) == ((), (), None)
    assert books.control.operations("netsuite") == ["token", "suiteql"]


def test_what_items_cost_is_no_part_of_a_sale(books: Books, http: Http) -> None:
    # The T-shirt has a cost, so NetSuite books four more lines with the sale.
    books.order()
    (sale,) = books.client(http).order("#1001", match="other_ref_num", key=KEY).billed
    assert len(sale.lines) == 2


def test_an_order_is_found_by_whichever_field_holds_its_number(books: Books, http: Http) -> None:
    made = books.order("none", externalId="SHOP-1001", custom={"custbody_shop_order": "4501"})
    client = books.client(http)
    for match, number in (("external_id", "SHOP-1001"), ("custbody_shop_order", "4501")):
        order = client.order(number, match=match, key=KEY)
        assert [each.id for each in order.orders] == [made["salesOrder"]["id"]]


@pytest.mark.parametrize("number", ["#1002", "' OR 1=1 --", "", "%", "#100"])
def test_an_order_of_another_number_is_not_found(books: Books, http: Http, number: str) -> None:
    books.order()
    order = books.client(http).order(number, match="other_ref_num", key=KEY)
    assert (order.orders, order.billed) == ((), ())


def test_several_orders_of_one_number_are_all_found(books: Books, http: Http) -> None:
    books.order()
    books.order()
    order = books.client(http).order("#1001", match="other_ref_num", key=KEY)
    assert (len(order.orders), len(order.billed)) == (2, 2)


def test_a_linked_order_is_found_whatever_its_number(books: Books, http: Http) -> None:
    made = books.order("renumbered")
    order = books.client(http).order(
        "#1001", match="other_ref_num", key=KEY, linked_id=made["salesOrder"]["id"]
    )
    assert order.linked_exists is True
    assert [each.id for each in order.billed] == [made["billed"]["id"]]


def test_a_linked_order_that_was_deleted_is_missed(books: Books, http: Http) -> None:
    made = books.order(billed=None)["salesOrder"]
    client = books.client(http)
    assert client.order("#1001", match="other_ref_num", key=KEY, linked_id=made["id"]).linked_exists
    books.control.delete(f"netsuite/{TENANT}/records/salesOrder/{made['id']}")
    order = client.order("#1001", match="other_ref_num", key=KEY, linked_id=made["id"])
    assert order.linked_exists is False
    assert order.orders == ()


def test_refunds_are_read_whichever_way_they_were_made(books: Books, http: Http) -> None:
    made = books.order(billed="invoice")
    direct = books.refund(made["billed"], lines=[{"sku": "MUG", "quantity": 1}])
    authorized = books.authorize_return(made["billed"], lines=[{"sku": "TSHIRT-M", "quantity": 1}])
    by_return = books.refund(authorized)
    order = books.client(http).order("#1001", match="other_ref_num", key=KEY)
    assert {each.id for each in order.refunds} == {direct["id"], by_return["id"]}
    (returned,) = order.returns
    assert returned.id == authorized["id"]
    assert [(each.sku, each.quantity) for each in returned.lines] == [("TSHIRT-M", Decimal(1))]
    refunds = {each.id: each for each in order.refunds}
    assert refunds[direct["id"]].created_from == frozenset({made["billed"]["id"]})
    assert refunds[by_return["id"]].created_from == frozenset({authorized["id"]})
    assert refunds[direct["id"]].total == usd("9.50")


def test_a_refund_of_a_return_made_from_the_order_itself_is_read(books: Books, http: Http) -> None:
    made = books.order(billed="invoice")
    authorized = books.authorize_return(made["salesOrder"])
    refund = books.refund(authorized)
    order = books.client(http).order("#1001", match="other_ref_num", key=KEY)
    assert [each.id for each in order.returns] == [authorized["id"]]
    assert [each.id for each in order.refunds] == [refund["id"]]


def test_a_return_is_read_with_its_status(books: Books, http: Http) -> None:
    made = books.order()
    books.authorize_return(made["billed"], status="B")
    (returned,) = books.client(http).order("#1001", match="other_ref_num", key=KEY).returns
    assert returned.status == "B"


def test_a_voided_refund_is_read_as_such(books: Books, http: Http) -> None:
    made = books.order(billed="invoice")
    memo = books.refund(made["billed"])
    books.control.post(
        f"netsuite/{TENANT}/records/creditMemo/{memo['id']}/edit", {"fields": {"voided": True}}
    )
    (refund,) = books.client(http).order("#1001", match="other_ref_num", key=KEY).refunds
    assert refund.voided


def test_our_own_refund_is_found_though_its_order_is_not(books: Books, http: Http) -> None:
    made = books.order("another number")
    client = books.client(http)
    refund_id = client.transform("cashsale", made["billed"]["id"], "cashrefund", {"externalId": KEY})
    order = client.order("#1001", match="other_ref_num", key=KEY)
    assert [(each.id, each.external_id) for each in order.refunds] == [(refund_id, KEY)]


def test_our_own_return_is_found_by_its_key(books: Books, http: Http) -> None:
    made = books.order("another number")
    client = books.client(http)
    client.transform("cashsale", made["billed"]["id"], "returnauthorization", {"externalId": f"{KEY}-ra"})
    (returned,) = client.order("#1001", match="other_ref_num", key=KEY).returns
    assert returned.external_id == f"{KEY}-ra"


def test_when_a_record_was_entered_is_read(books: Books, http: Http) -> None:
    before = utcnow()
    books.order()
    (sale,) = books.client(http).order("#1001", match="other_ref_num", key=KEY).billed
    assert sale.created_at is not None
    assert abs((sale.created_at - before).total_seconds()) < 60


def test_amounts_are_read_in_their_own_currency(books: Books, http: Http) -> None:
    books.order("#1", currency="EUR", exchangeRate="1.1")
    books.order("#2", currency="JPY", lines=[{"sku": "MUG", "quantity": 1, "rate": "1200"}], shippingCost="0")
    client = books.client(http)
    assert client.order("#1", match="other_ref_num", key=KEY).billed[0].total == Money.parse("57.70", "EUR")
    assert client.order("#2", match="other_ref_num", key=KEY).billed[0].total == Money.parse("1200", "JPY")


def test_an_order_of_many_lines_is_read_page_by_page(books: Books, http: Http) -> None:
    lines = [{"sku": f"SKU-{number}", "quantity": 1, "rate": "1.00"} for number in range(600)]
    books.order(lines=lines, shippingCost="0")
    order = books.client(http).order("#1001", match="other_ref_num", key=KEY)
    assert [each.sku for each in order.billed[0].lines] == [f"SKU-{number}" for number in range(600)]
    assert len(order.orders[0].lines) == 600
    assert books.control.operations("netsuite") == ["token", "suiteql", "suiteql"]


def test_an_order_without_end_is_given_up(books: Books, http: Http) -> None:
    page = b'{"items": [{"docid": "1"}], "hasMore": true, "count": 1}'
    with wire(saying(answer(page))) as server:
        client = NetSuiteClient(ACCOUNT, server.url, SIGNED, http, Slots(books.redis, "endless", 5))
        with pytest.raises(PlatformError) as caught:
            client.order("#1001", match="other_ref_num", key=KEY)
    assert caught.value.reason == "REFUSED"
    assert len(server.requests) == 100
    offsets = [request.split(b"offset=")[1].split(b" ")[0] for request in server.requests]
    assert offsets == [str(page * 1000).encode() for page in range(100)]


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"count": 1}', b'{"items": {}}'])
def test_an_answer_without_rows_is_no_answer(books: Books, http: Http, body: bytes) -> None:
    with wire(saying(answer(body))) as server:
        client = NetSuiteClient(ACCOUNT, server.url, SIGNED, http, Slots(books.redis, "odd", 5))
        with pytest.raises(PlatformError) as caught:
            client.order("#1001", match="other_ref_num", key=KEY)
    assert caught.value.reason == "TRANSIENT"


@pytest.mark.parametrize("match", ["memo", "custbody", "otherrefnum = 1 --"])
def test_an_unfit_match_field_is_a_wrong_setting(books: Books, http: Http, match: str) -> None:
    client = books.client(http)
    with pytest.raises(PlatformError) as order:
        client.order("#1001", match=match, key=KEY)
    with pytest.raises(PlatformError) as refund:
        client.refund("cashrefund", "5", match_fields=[match])
    assert (order.value.reason, refund.value.reason) == ("MAPPING_MISSING", "MAPPING_MISSING")
    assert books.control.operations("netsuite") == []


def test_a_custom_field_netsuite_does_not_have_is_refused_by_it(books: Books, http: Http) -> None:
    with pytest.raises(PlatformError) as caught:
        books.client(http).check(match="custbody_no_such_field")
    assert caught.value.reason == "REFUSED"
    assert "custbody_no_such_field" in caught.value.detail
