"""A shop connected in the portal: from then on its webhooks are taken, and its refunds carried."""

from typing import Final

from playwright.sync_api import expect

from ledger.models import Role
from ledger.states import State
from tests.browser.conftest import Windows
from tests.browser.installation import SECRET, TOKEN, Installation
from tests.browser.looking import faults
from tests.browser.steps import WAYS, appears, told

_SHORT: Final = "short"


@WAYS
def test_an_administrator_connects_a_shop(
    windows: Windows, installation: Installation, *, has_scripts: bool
) -> None:
    place = installation.open(f"joined-{'live' if has_scripts else 'plain'}")
    page = windows.open(Role.ADMIN, has_scripts=has_scripts)
    page.goto("/settings/accounts")
    page.get_by_role("link", name="Connect Shopify").click()
    page.get_by_label("Name", exact=True).fill(place.slug)
    page.get_by_label("Shop", exact=True).fill(place.shop.name)
    page.get_by_label("NetSuite account").select_option(place.books.slug)
    page.get_by_label("Direction").select_option("to_netsuite")
    page.get_by_label("API address").fill(f"{installation.site.control.url}{place.shop.path}")
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_label("Webhook secret").fill(_SHORT)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("needs at least 16 bytes")).to_be_visible()
    expect(page.get_by_label("Shop", exact=True)).to_have_value(place.shop.name)
    if has_scripts:
        assert faults(page) == []
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_label("Webhook secret").fill(SECRET)
    page.get_by_role("button", name="Connect").click()
    expect(told(page)).to_contain_text(f"{place.slug} is connected.")
    appears(page, page.get_by_text("The credentials were accepted"), has_scripts=has_scripts)
    address = page.get_by_text("/webhooks/shopify/").inner_text()
    installation.site.control.patch(place.shop.path, webhook={"url": address, "secret": SECRET})
    refund = place.shop.refund(place.order("#7001"), lines=[{"sku": "LAMP", "quantity": 1}])
    installation.stands(place, refund, State.POSTED)
    assert place.writes() == 1
