from datetime import timedelta
from pathlib import Path

import pytest

from ledger.clock import utcnow
from ledger.policy import Policy
from tests.support.sandboxed_ebay import EbaySeller
from tests.support.specs_ebay import check_calls
from tests.workers.platforms.ebay import (
    KEY,
    LINES,
    ORDER,
    client,
    open_seller,
    plan,
    refused,
    seen,
    signing_key,
)
from tests.workers.platforms.world import Control, usd
from workers.platforms.ebay import EbayClient
from workers.platforms.ebay_storefront import EbayStorefront
from workers.platforms.http import Http


@pytest.fixture
def seller(control: Control) -> EbaySeller:
    return open_seller(control)[0]


@pytest.fixture
def ebay(seller: EbaySeller, http: Http) -> EbayStorefront:
    return client(seller, http)


def test_a_quota_that_is_used_up_is_left_alone_for_a_while(seller: EbaySeller, ebay: EbayStorefront) -> None:
    seller.change(quotas={"fulfillment": 1})
    ebay.check()
    error = refused("RATE_LIMITED", ebay.check)
    assert error.retry_after == 300.0
    calls = seller.operations()
    error = refused("RATE_LIMITED", ebay.check)
    assert error.retry_after is not None
    assert 290 < error.retry_after <= 300
    assert seller.operations() == calls


def test_the_time_that_ebay_names_is_kept(seller: EbaySeller, ebay: EbayStorefront) -> None:
    seller.fault("getOrders", "status", status=429, headers={"Retry-After": "7"})
    assert refused("RATE_LIMITED", ebay.check).retry_after == 7.0


@pytest.mark.parametrize(("status", "reason"), [(403, "NO_PERMISSION"), (503, "TRANSIENT"), (302, "REFUSED")])
def test_a_check_tells_what_is_wrong(
    seller: EbaySeller, ebay: EbayStorefront, status: int, reason: str
) -> None:
    seller.fault("getOrders", "status", status=status, body="")
    refused(reason, ebay.check)


def test_no_address_is_confirmed(ebay: EbayStorefront) -> None:
    refused("REFUSED", ebay.confirm, "https://api.ebay.com/confirm")


def test_ebays_own_hosts_are_called_where_no_other_is_named(http: Http) -> None:
    own = EbayClient("", dict.fromkeys(("client_id", "client_secret", "refresh_token"), "x"), http)
    assert (own._api, own._apiz) == ("https://api.ebay.com", "https://apiz.ebay.com")  # noqa: SLF001 - nobody may call them here


def test_every_call_is_of_ebays_contracts(specs_dir: Path, control: Control, http: Http) -> None:
    seller, _ = open_seller(control, eu=True)
    ebay = client(seller, http, signing=signing_key(seller, "ED25519"))
    ebay.check()
    order = seller.order(lines=LINES)
    ebay.refund(plan(order), key=KEY)
    seen(ebay, order, Policy(selling_fees="post"))
    ebay.refund(plan(order, "6.00", shipping=usd("5.00")), key=KEY)
    refused("OVER_REFUND", ebay.refund, plan(order, "500.00"), key=KEY)
    now = utcnow()
    assert list(ebay.changes(now - timedelta(days=40), now))
    assert ebay.order(ORDER) is None
    check_calls(specs_dir, seller.calls())
    assert {
        "token",
        "getOrder",
        "getOrders",
        "issueRefund",
        "getTransactions",
        "searchReturns",
        "searchInquiries",
        "searchCases",
        "searchCancellations",
    } <= set(seller.operations())
