"""What an operator does most: find what went wrong, read why, cancel, uncancel, and see it posted."""

import re

from playwright.sync_api import expect

from ledger.models import Role
from ledger.states import State
from tests.browser.conftest import Windows
from tests.browser.installation import PASSWORD, Installation
from tests.browser.steps import WAYS, appears, asked, map_shipping, refund_shipping, state, told
from tests.support.waiting import until


@WAYS
def test_somebody_signs_in_and_gets_where_they_wanted_to(windows: Windows, *, has_scripts: bool) -> None:
    page = windows.open_anew(None, has_scripts=has_scripts)
    page.goto("/discrepancies")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_label("E-mail address").fill("operator@example.com")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")

    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Discrepancies", level=1)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/discrepancies")
    expect(page).to_have_url(re.compile("/sign-in"))


@WAYS
def test_an_error_is_found_cancelled_mended_and_posted(
    windows: Windows, installation: Installation, *, has_scripts: bool
) -> None:
    place = installation.place(f"lamps-{'live' if has_scripts else 'plain'}", item_shipping="")
    refund = refund_shipping(place, f"#{place.slug}")
    number = installation.stands(place, refund, State.ERROR)

    # Find it, and read why.
    page = windows.open(Role.OPERATOR, has_scripts=has_scripts)
    page.goto("/")
    page.get_by_role("link", name=re.compile("Errors$")).click()
    row = page.get_by_role("row").filter(has_text=place.slug)
    expect(row).to_contain_text("Error")
    row.get_by_role("link", name=f"#{place.slug}").click()
    expect(page.get_by_role("heading", name=f"Transaction {number}")).to_be_visible()
    expect(state(page)).to_have_text("Error")
    why = page.get_by_role("region", name="Where it stands, and why")
    expect(why).to_contain_text("MAPPING_MISSING")
    expect(why).to_contain_text("shipping")

    # Cancel it: nothing is written, whatever comes.
    page.get_by_role("link", name="Cancel", exact=True).click()
    asking = asked(page, has_scripts=has_scripts)
    expect(asking).to_contain_text("It is carried across no more")
    asking.get_by_label("Note").fill("The customer changed her mind")
    asking.get_by_role("button", name="Cancel").click()
    expect(told(page)).to_have_text(f"Transaction {number} was cancelled.")
    expect(state(page)).to_have_text("Cancelled")
    map_shipping(windows, place, has_scripts=has_scripts)
    for sent in place.shop.webhooks():
        place.shop.redeliver(sent["id"], times=1)
    until(installation.is_quiet)
    page.reload()
    expect(state(page)).to_have_text("Cancelled")
    assert place.writes() == 0

    # Uncancel it: it is posted.
    page.get_by_role("link", name="Uncancel").click()
    asked(page, has_scripts=has_scripts).get_by_role("button", name="Uncancel").click()
    appears(page, state(page).get_by_text("Posted"), has_scripts=has_scripts)
    assert place.writes() == 1
    (memo,) = place.books.records("creditMemo")
    link = page.get_by_role("link", name=re.compile(f"Credit memo {memo['id']}"))
    expect(link).to_have_attribute("href", re.compile(rf"netsuite\.com/.*\bid={memo['id']}$"))
    history = page.get_by_role("region", name="What happened")
    expect(history).to_contain_text("The customer changed her mind")
    expect(history).to_contain_text("portal:operator@example.com")
