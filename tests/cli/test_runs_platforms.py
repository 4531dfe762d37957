"""`refund-sync backfill` and `refund-sync reconcile` for Amazon, eBay and Magento, over real HTTP."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from ledger import orders
from ledger.clock import utcnow
from ledger.models import Account
from tests.cli.elsewhere import SLUG, Elsewhere, connect_elsewhere
from tests.cli.installation import Installation
from tests.support.selling import PLATFORMS, Sale, let_a_second_pass, refunded, sold, soon
from tests.workers.platforms.world import Control

pytestmark = pytest.mark.parametrize("platform", PLATFORMS)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)


@pytest.fixture
def inward(control: Control, installation: Installation, platform: str) -> Elsewhere:
    """An account whose refunds are carried to NetSuite."""
    return connect_elsewhere(control, installation, platform)


def yesterday() -> str:
    return f"{utcnow() - timedelta(days=1):%Y-%m-%d}"


def test_a_dry_run_lists_and_a_backfill_takes_over(inward: Elsewhere) -> None:
    booked, unheard_of = sold(inward.tenant), sold(inward.tenant)
    inward.books.order(booked.number, billed="cashSale", silent=True)
    posted, waiting = (refunded(inward.tenant, sale) for sale in (booked, unheard_of))
    let_a_second_pass()
    words = ("backfill", SLUG, "--from", yesterday())

    dry = inward.installation.run(*words, "--dry-run")

    lines = {line.split()[2]: line for line in dry.stdout.splitlines()[1:-1]}
    assert "would be posted as cash refund" in lines[posted]
    assert "would wait: ORDER_NOT_SYNCED" in lines[waiting]
    assert dry.stdout.splitlines()[-1] == "2 found, 0 taken over."
    assert inward.json("refund", "list")["refunds"] == []

    run = inward.installation.run(*words)

    assert run.stdout.splitlines()[-1] == "2 found, 2 taken over."
    assert run.stderr.splitlines()[-1].endswith("  2 found")
    taken = inward.json("refund", "list")["refunds"]
    assert sorted(each["source_refund_id"] for each in taken) == sorted((posted, waiting))
    assert inward.books.writes() == {}


def test_a_reconciliation_lists_what_matches_and_what_does_not_with_totals(inward: Elsewhere) -> None:
    both, there, here = (sold(inward.tenant) for _ in range(3))
    for sale in (both, there, here):
        booked = inward.books.order(sale.number, silent=True)
        if sale is not here:
            refunded(inward.tenant, sale)
        if sale is not there:
            inward.books.refund(booked, silent=True)
    known(inward, here)
    let_a_second_pass()

    said = inward.json("reconcile", SLUG, "--from", yesterday())

    assert {each["order"]: each["finding"] for each in said["refunds"]} == {
        both.number: "matched",
        there.number: "netsuite_lacks_it",
        here.number: "storefront_lacks_it",
    }
    assert {each["finding"]: (each["currency"], each["number"]) for each in said["totals"]} == {
        "matched": ("USD", 1),
        "netsuite_lacks_it": ("USD", 1),
        "storefront_lacks_it": ("USD", 1),
    }
    assert inward.books.writes() == {}


def known(inward: Elsewhere, sale: Sale) -> None:
    """Let the ledger know an order."""
    with inward.installation.database.write() as session:
        account = session.scalars(select(Account)).one()
        orders.ensure(session, account.id, sale.id, now=utcnow(), name=sale.number)
