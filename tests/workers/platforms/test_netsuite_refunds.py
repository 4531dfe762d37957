from decimal import Decimal

import pytest

from tests.workers.platforms.books import TENANT, Books
from tests.workers.platforms.world import usd
from workers.platforms.http import Http


def test_a_cash_refund_is_read_up_to_its_order(books: Books, http: Http) -> None:
    made = books.order(externalId="SHOP-1001", custom={"custbody_shop_order": "4501"})
    refund = books.refund(made["billed"], lines=[{"sku": "TSHIRT-M", "quantity": 1}], shippingCost="2.50")
    fields = ["other_ref_num", "external_id", "custbody_shop_order"]
    read = books.client(http).refund("cashrefund", refund["id"], match_fields=fields)
    assert read.document is not None
    assert read.document.number == refund["tranId"]
    # One at 20.00 with 8 % tax, and half of the shipping.
    assert (read.document.total, read.document.tax) == (usd("24.10"), usd("1.60"))
    assert read.document.shipping == usd("2.50")
    assert [(each.sku, each.quantity) for each in read.document.lines] == [("TSHIRT-M", Decimal(1))]
    assert (read.order_id, read.order_type) == (made["salesOrder"]["id"], "salesorder")
    assert (read.billed_id, read.billed_type) == (made["billed"]["id"], "cashsale")
    assert read.order_numbers == {
        "other_ref_num": "#1001",
        "external_id": "SHOP-1001",
        "custbody_shop_order": "4501",
    }
    assert books.control.operations("netsuite") == ["token", "suiteql"]


def test_a_credit_memo_of_a_return_is_read_up_to_its_order(books: Books, http: Http) -> None:
    made = books.order(billed="invoice")
    memo = books.refund(books.authorize_return(made["billed"]))
    read = books.client(http).refund("creditmemo", memo["id"], match_fields=["other_ref_num"])
    assert (read.order_id, read.billed_id, read.billed_type) == (
        made["salesOrder"]["id"],
        made["billed"]["id"],
        "invoice",
    )
    assert read.order_numbers == {"other_ref_num": "#1001"}


def test_a_standalone_credit_memo_has_no_order(books: Books, http: Http) -> None:
    memo = books.control.post(f"netsuite/{TENANT}/standalonecreditmemo", {"amount": "10.00"})
    read = books.client(http).refund("creditmemo", memo["id"], match_fields=["other_ref_num"])
    assert read.document is not None
    assert read.document.total == usd("10.00")
    assert (read.order_id, read.billed_id) == ("", "")


@pytest.mark.parametrize("record_id", ["999999", "0", "", "abc", "-1"])
def test_a_refund_that_does_not_exist_has_no_document(books: Books, http: Http, record_id: str) -> None:
    assert books.client(http).refund("cashrefund", record_id, match_fields=[]).document is None


def test_a_record_of_another_type_is_not_the_refund(books: Books, http: Http) -> None:
    made = books.order()
    refund = books.refund(made["billed"])
    client = books.client(http)
    assert client.refund("creditmemo", refund["id"], match_fields=[]).document is None
