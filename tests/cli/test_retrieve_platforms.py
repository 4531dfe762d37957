"""`refund-sync refund retrieve` for Amazon, eBay and Magento, from either side over real HTTP."""

import pytest

from tests.cli.elsewhere import SLUG, Elsewhere, connect_elsewhere
from tests.cli.installation import Installation
from tests.support.selling import NOWHERE, PLATFORMS, refunded, sold
from tests.workers.platforms.world import Control

pytestmark = pytest.mark.parametrize("platform", PLATFORMS)


@pytest.fixture
def inward(control: Control, installation: Installation, platform: str) -> Elsewhere:
    """An account whose refunds are carried to NetSuite."""
    return connect_elsewhere(control, installation, platform)


@pytest.fixture
def outward(control: Control, installation: Installation, platform: str) -> Elsewhere:
    """An account that NetSuite's refunds are carried to."""
    return connect_elsewhere(control, installation, platform, "from_netsuite")


def test_a_storefronts_refunds_are_taken_over_once(inward: Elsewhere, platform: str) -> None:
    sale = sold(inward.tenant)
    refund_id = refunded(inward.tenant, sale)

    first, second = (inward.json("refund", "retrieve", SLUG, sale.number) for _ in range(2))

    (refund,) = first["refunds"]
    assert (refund["source_refund_id"], refund["source_channel"]) == (refund_id, platform)
    assert refund["amount"] == {"amount": "20.00", "currency": "USD"}
    assert (refund["order"], refund["order_id"]) == (sale.number, sale.id)
    assert (first["new"], second["new"]) == ([refund["id"]], [])
    assert ("carry_refund", refund["id"]) in inward.installation.woken(platform)


def test_netsuites_refunds_are_taken_over_once(outward: Elsewhere, platform: str) -> None:
    sale = sold(outward.tenant)
    booked = outward.books.order(sale.number, billed="cashSale", silent=True)
    record_id = outward.books.refund(booked, silent=True)

    first, second = (outward.json("refund", "retrieve", SLUG, sale.number) for _ in range(2))

    (refund,) = first["refunds"]
    assert (refund["source_refund_id"], refund["source_channel"]) == (record_id, "netsuite")
    assert refund["transaction_type"] == "cash_refund"
    assert (refund["order"], refund["order_id"]) == (sale.number, sale.id)
    assert (first["new"], second["new"]) == ([refund["id"]], [])
    assert ("carry_refund", refund["id"]) in outward.installation.woken(platform)


@pytest.mark.parametrize("side", ["storefront", "netsuite"])
def test_an_order_that_nobody_has_is_named(inward: Elsewhere, platform: str, side: str) -> None:
    for number in (NOWHERE[platform], "4711"):
        said = inward.installation.refused("refund", "retrieve", SLUG, number, "--from", side)

        assert said == f"{SLUG} has no order '{number}'"


def test_the_step_that_an_order_stands_at_is_named(outward: Elsewhere) -> None:
    absent, unbilled, untouched = (sold(outward.tenant) for _ in range(3))
    outward.books.order(unbilled.number, billed="", silent=True)
    outward.books.order(untouched.number, silent=True)

    said = [
        outward.installation.refused("refund", "retrieve", SLUG, sale.number)
        for sale in (absent, unbilled, untouched)
    ]

    assert said == [
        f"order {absent.number} is not in NetSuite; import it first",
        f"order {unbilled.number} is not billed in NetSuite yet",
        f"order {untouched.number} has no cash refund or credit memo in NetSuite",
    ]


def test_an_order_without_refunds_says_so(inward: Elsewhere) -> None:
    sale = sold(inward.tenant)

    said = inward.installation.refused("refund", "retrieve", SLUG, sale.number)

    assert said == f"order {sale.number} of {SLUG} has no refund"
