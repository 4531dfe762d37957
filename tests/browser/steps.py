"""What tests of the browser do again and again, with scripts and without."""

import re
from typing import Final

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from ledger.models import Role
from ledger.states import State
from tests.browser.conftest import Windows
from tests.browser.installation import Installation, Place
from tests.support.waiting import until

WAYS: Final = pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
"""Runs a test twice: in a browser that runs scripts, and in one that does not."""

_PATIENCE: Final = 30.0  # seconds until something was carried


def appears(page: Page, wanted: Locator, *, has_scripts: bool = True) -> None:
    """Wait for what a page shows by itself, or where no script runs, when it is loaded again."""
    if has_scripts:
        expect(wanted).to_be_visible()
    else:
        until(lambda: _reloaded(page) and wanted.is_visible(), _PATIENCE)


def _reloaded(page: Page) -> bool:
    """Load a page again; the browser refuses to while it still exchanges what shows the one before."""
    try:
        page.reload()
    except Error as error:
        if "Not attached to an active page" not in error.message:
            raise
        return False
    return True


def state(page: Page) -> Locator:
    """Return the badge beside a transaction's number."""
    return page.get_by_role("heading", level=1).locator(".badge")


def asked(page: Page, *, has_scripts: bool = True) -> Locator:
    """Return what asks: a dialog over the page, or where no script runs, a page of its own."""
    asking = page.get_by_role("dialog") if has_scripts else page.get_by_role("main")
    expect(asking.get_by_role("heading", level=1)).to_be_visible()
    return asking


def told(page: Page) -> Locator:
    """Return what the page tells of what was just done."""
    return page.locator("main > .notice").first


def refund_shipping(place: Place, name: str, **more: str) -> str:
    """Refund the shipping of an order; return the refund's id in the shop."""
    return place.shop.refund(place.order(name, shipping="7.00", **more), shipping="7.00")


def carried(installation: Installation, place: Place, name: str) -> int:
    """Refund a lamp of a new order; return the refund's number in the ledger once it is posted."""
    refund = place.shop.refund(place.order(name), lines=[{"sku": "LAMP", "quantity": 1}])
    return installation.stands(place, refund, State.POSTED)


def map_shipping(windows: Windows, place: Place, *, has_scripts: bool = True) -> None:
    """Choose the item that shipping goes to, as an administrator does."""
    page = windows.open(Role.ADMIN, has_scripts=has_scripts)
    page.goto("/settings/mappings")
    page.get_by_role("link", name=f"Change mappings of {place.slug}").click()
    page.get_by_label(re.compile(r"^Shipping\b")).fill("901")
    page.get_by_role("button", name="Save").click()
    expect(told(page)).to_have_text(f"The settings of {place.slug} were changed.")
