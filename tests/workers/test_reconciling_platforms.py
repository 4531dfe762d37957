"""Reconciliations of Amazon, eBay and Magento: every kind of difference, in the currency it is in."""

from typing import Any

import pytest

from ledger import runs
from ledger.models import Finding, RunKind
from tests.support.readers import Runs
from tests.support.sandboxed import SHIRT, Books, Order, Tenant
from tests.support.selling import PLATFORMS, Sale, known, opened, refunded, sold, soon
from tests.support.world import World

ONE = [{"sku": SHIRT, "quantity": 1}]
CURRENCIES = {"amazon": ("EUR", "USD"), "ebay": ("EUR", "USD"), "magento": ("EUR",)}
"""What is sold in at each; Magento keeps its amounts in the one base currency of the store."""

AMOUNTS = {
    Finding.MATCHED: (2000, 2000),
    Finding.MISSING_IN_NETSUITE: (2000, 0),
    Finding.MISSING_IN_STOREFRONT: (0, 2000),
    Finding.AMOUNT_DIFFERS: (2000, 1900),
    Finding.TYPE_DIFFERS: (2000, 2000),
}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_finding_is_found_and_counted_by_currency(world: World, netsuite: Books, platform: str) -> None:
    tenant, people = opened(world, netsuite, platform), Runs(world)
    expected: dict[tuple[str, str], tuple[Finding, str]] = {}
    for currency in CURRENCIES[platform]:
        for pair, finding in each_finding(world, netsuite, tenant, currency).items():
            expected[pair] = finding, currency

    run = people.done(tenant, RunKind.RECONCILE)

    said = {
        (each.storefront_refund_id, each.netsuite_id): (each.finding, each.currency)
        for each in people.items(run)
    }
    assert said == expected
    assert run.found == 4 * len(CURRENCIES[platform])  # as many as the storefront has
    with world.database.read() as session:
        totals = runs.totals(session, run.id)
    assert sorted(totals) == sorted(
        (finding, currency, 2, 1, *AMOUNTS[finding])
        for currency in CURRENCIES[platform]
        for finding in AMOUNTS
    )
    assert (world.refunds(), netsuite.writes(), tenant.writes()) == ([], {}, {})


def each_finding(
    world: World, netsuite: Books, tenant: Tenant, currency: str
) -> dict[tuple[str, str], Finding]:
    """Make a refund for each finding; return them by their ids in the storefront and in NetSuite."""

    def both(billed: str = "invoice") -> tuple[Sale, Order]:
        sale = sold(tenant, currency)
        return sale, netsuite.order(sale.number, billed=billed, currency=currency, silent=True)

    pairs: dict[tuple[str, str], Finding] = {}
    sale, booked = both()
    pairs[refunded(tenant, sale), netsuite.refund(booked, silent=True)] = Finding.MATCHED
    sale, _ = both()
    pairs[refunded(tenant, sale), ""] = Finding.MISSING_IN_NETSUITE
    sale, booked = both()
    known(world, tenant, sale)
    pairs["", netsuite.refund(booked, silent=True)] = Finding.MISSING_IN_STOREFRONT
    sale, booked = both()
    pairs[refunded(tenant, sale), netsuite.refund(booked, amount="19.00", silent=True)] = (
        Finding.AMOUNT_DIFFERS
    )
    sale, booked = both("cashSale")
    pairs[refunded(tenant, sale), credited_by_return(netsuite, booked)] = Finding.TYPE_DIFFERS
    return pairs


def credited_by_return(netsuite: Books, booked: Order) -> str:
    """Credit what was billed by cash sale, by way of a return of the order itself; return the memo's id."""
    source: dict[str, Any] = {"type": "salesOrder", "id": booked.id}
    body = {"from": source, "lines": ONE, "status": "F", "silent": True}
    returned = netsuite.control.post(f"{netsuite.path}/returnauthorizations", body)
    memo = {"from": returned, "as": "creditMemo", "silent": True}
    return str(netsuite.control.post(f"{netsuite.path}/refunds", memo)["id"])
