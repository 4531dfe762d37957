"""The portal as somebody has it who works on a phone, or chose light or dark for good."""

from typing import Literal

import pytest
from playwright.sync_api import expect

from ledger.models import Role
from ledger.states import State
from tests.browser.conftest import Windows
from tests.browser.installation import Installation
from tests.browser.looking import faults_as_it_is
from tests.browser.steps import asked, refund_shipping, state, told

_PHONE = 390  # CSS pixels across


@pytest.mark.parametrize(("chosen", "host"), [("Dark", "light"), ("Light", "dark")])
def test_what_was_chosen_holds_whatever_the_host_prefers(
    windows: Windows, chosen: str, host: Literal["light", "dark"]
) -> None:
    page = windows.open_anew(Role.ADMIN)
    page.emulate_media(color_scheme=host)
    page.goto("/")
    brightness = (
        "() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    )
    before = page.evaluate(brightness)
    page.get_by_role("button", name=chosen, exact=True).click()
    expect(page.get_by_role("button", name=chosen, exact=True)).to_have_attribute("aria-pressed", "true")
    for path in ("/", "/refunds", "/discrepancies", "/settings/accounts"):
        page.goto(path)
        after = page.evaluate(brightness)
        assert (sum(after) < sum(before)) is (chosen == "Dark")
        assert faults_as_it_is(page, host) == []


def test_a_refund_is_found_and_cancelled_on_a_phone(windows: Windows, installation: Installation) -> None:
    place = installation.place("pocket", item_shipping="")
    number = installation.stands(place, refund_shipping(place, "#P1"), State.ERROR)
    page = windows.open(Role.OPERATOR, width=_PHONE)
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Other transactions").click()
    page.get_by_label("Search").fill("#P1")
    page.get_by_label("Search").press("Enter")
    row = page.get_by_role("row").filter(has_text="#P1")
    row.get_by_role("button", name=f"Actions for transaction {number}").click()
    cancel = page.get_by_role("link", name="Cancel", exact=True)
    expect(cancel).to_be_in_viewport()
    cancel.click()
    asking = asked(page)
    expect(asking.get_by_role("button", name="Cancel")).to_be_in_viewport()
    assert faults_as_it_is(page, "light") == []
    asking.get_by_role("button", name="Cancel").click()
    expect(told(page)).to_have_text(f"Transaction {number} was cancelled.")

    row.get_by_role("link", name="#P1").click()
    expect(state(page)).to_have_text("Cancelled")
    assert place.writes() == 0
