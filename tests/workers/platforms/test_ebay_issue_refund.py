from typing import Any

import pytest

from ledger.clock import utcnow
from ledger.events import MoneyState
from ledger.policy import Policy
from tests.support.sandboxed_ebay import EbaySeller
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
from workers.platforms.ebay_storefront import EbayStorefront
from workers.platforms.http import Http
from workers.platforms.storefront import Asked


@pytest.fixture
def seller(control: Control) -> EbaySeller:
    return open_seller(control)[0]


@pytest.fixture
def ebay(seller: EbaySeller, http: Http) -> EbayStorefront:
    return client(seller, http)


def test_a_refund_is_made_by_one_call_and_then_pending(seller: EbaySeller, ebay: EbayStorefront) -> None:
    order = seller.order()
    written = ebay.refund(plan(order), key=KEY)
    assert (written.money, written.problem) == (MoneyState.PENDING, "")
    assert seller.operations() == ["token", "issueRefund"]
    (made,) = seller.refunds(order)
    assert (made["refund"], made["comment"], made["reason"]) == (written.id, KEY, "BUYER_RETURN")


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("PENDING", (MoneyState.PENDING, "")),
        ("REFUNDED", (MoneyState.MOVED, "")),
        ("FAILED", (MoneyState.FAILED, "PAYMENT_FAILED")),
    ],
)
def test_its_outcome_is_followed(seller: EbaySeller, ebay: EbayStorefront, outcome: str, state: Any) -> None:  # noqa: ANN401 - as given
    seller.change(refund_outcome=outcome)
    made = seller.order(lines=LINES)
    written = ebay.refund(plan(made), key=KEY)
    order = ebay.order(made["orderId"])
    assert order is not None
    became = ebay.outcome(order, Asked(KEY, written.id, utcnow(), usd("20.00")))
    assert became is not None
    assert (became.money, became.problem) == state


@pytest.mark.parametrize("refund_id", ["", "5000000001"])
def test_a_refund_that_ebay_fails_at_once_needs_a_person(
    seller: EbaySeller, ebay: EbayStorefront, refund_id: str
) -> None:
    body = {"refundStatus": "FAILED", **({"refundId": refund_id} if refund_id else {})}
    seller.fault("issueRefund", "status", status=200, body=body)
    written = ebay.refund(plan(seller.order()), key=KEY)
    assert (written.id, written.money, written.problem) == (refund_id, MoneyState.FAILED, "PAYMENT_FAILED")


@pytest.mark.parametrize("body", ["", "[]", '{"refundStatus": "PENDING"}', "{}"])
def test_an_answer_to_a_refund_that_is_not_of_the_contract_leaves_open_whether_it_was_made(
    seller: EbaySeller, ebay: EbayStorefront, body: str
) -> None:
    order = seller.order()
    seller.fault("issueRefund", "status", status=200, body=body, when="after")
    error = refused("UNKNOWN_OUTCOME", ebay.refund, plan(order), key=KEY)
    assert error.outcome_unknown
    assert len(seller.refunds(order)) == 1


@pytest.mark.parametrize("kind", ["reset", "status", "internal_error"])
def test_a_refund_that_is_not_answered_may_have_been_made(
    seller: EbaySeller, ebay: EbayStorefront, kind: str
) -> None:
    order = seller.order()
    seller.fault("issueRefund", kind, when="after")
    assert refused("UNKNOWN_OUTCOME", ebay.refund, plan(order), key=KEY).outcome_unknown
    assert len(seller.refunds(order)) == 1


@pytest.mark.parametrize(
    ("error_id", "reason"),
    [
        (34914, "STOREFRONT_LINE_NOT_FOUND"),
        (34920, "REFUSED"),
        (34926, "REFUSED"),
        (34930, "REFUSED"),
        (1100, "NO_PERMISSION"),
        (215120, "BAD_CREDENTIALS"),
    ],
)
def test_refusals_have_their_reasons_and_ebays_words(
    seller: EbaySeller, ebay: EbayStorefront, error_id: int, reason: str
) -> None:
    seller.refuse("issueRefund", error_id)
    error = refused(reason, ebay.refund, plan(seller.order()), key=KEY)
    assert error.detail.startswith(f"{error_id} ")
    assert not error.outcome_unknown


def test_refusals_come_from_what_is_so(seller: EbaySeller, ebay: EbayStorefront) -> None:
    order = seller.order(lines=LINES)
    refused("OVER_REFUND", ebay.refund, plan(order, "105.01"), key=KEY)  # 34924
    refused("OVER_REFUND", ebay.refund, plan(order, "200.00", lines=()), key=KEY)  # 34915
    asked = seller.ask(order, "return")
    refused("BUYER_CASE_OPEN", ebay.refund, plan(order), key=KEY)  # 34916
    seller.close(asked)
    pending = seller.refund(order, amount="5.00", status="PENDING")
    refused("IN_PROGRESS", ebay.refund, plan(order), key=KEY)  # 34922
    seller.settle(pending)
    seller.refund(order)
    refused("OVER_REFUND", ebay.refund, plan(order), key=KEY)  # 34917
    refused("TRANSIENT", ebay.refund, plan(seller.order(payment="pending")), key=KEY)  # 34929
    refused("REFUSED", ebay.refund, plan(seller.order(unmanaged=True)), key=KEY)  # 34918
    refused("NONEXISTENT_RECORD", ebay.refund, plan({**order, "orderId": ORDER}), key=KEY)  # 34913
    assert seller.writes() == {}


@pytest.mark.parametrize("cipher", ["ED25519", "RSA"])
def test_calls_for_money_are_signed_for_a_seller_in_the_eu(control: Control, http: Http, cipher: str) -> None:
    seller, _ = open_seller(control, eu=True)
    ebay = client(seller, http, signing=signing_key(seller, cipher))
    order = seller.order()
    assert ebay.refund(plan(order), key=KEY).money is MoneyState.PENDING
    assert len(seen(ebay, order, Policy(unrequested="post", selling_fees="post"))) == 1
    signed = {each["operation"] for each in seller.calls() if "signature" in each["request"]["headers"]}
    assert signed == {"issueRefund", "getTransactions"}


def test_a_seller_in_the_eu_without_a_key_is_refused(control: Control, http: Http) -> None:
    seller, _ = open_seller(control, eu=True)
    refused("BAD_CREDENTIALS", client(seller, http).refund, plan(seller.order()), key=KEY)
    assert seller.writes() == {}
