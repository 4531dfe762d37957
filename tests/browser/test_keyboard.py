"""The portal without a mouse: everything is reached by Tab, and focus comes back to where it was."""

import pytest
from playwright.sync_api import Page, expect

from ledger.models import Role
from ledger.states import State
from tests.browser.conftest import Windows
from tests.browser.installation import Installation
from tests.browser.steps import asked, refund_shipping, state

# Everything that somebody with a mouse could use; what a page fetches again may be made anew at any time.
_USABLE = """() => {
  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const all = [...document.querySelectorAll(usable)].filter((each) =>
    each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.tabIndex >= 0);
  return [all.map((each) => each.outerHTML.slice(0, 100)), all.indexOf(document.activeElement)];
}"""
_IS_SEEN = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


@pytest.fixture(scope="package")  # not "module": stolen tests come back to a module that was left
def number(installation: Installation) -> int:
    """A refund that is an error, of the account `keys`."""
    place = installation.place("keys", item_shipping="")
    return installation.stands(place, refund_shipping(place, "#K1"), State.ERROR)


@pytest.fixture
def page(windows: Windows) -> Page:
    """A window in which an operator is signed in."""
    return windows.open(Role.OPERATOR)


@pytest.mark.parametrize("path", ["/", "/refunds?account=keys", "/refunds/{number}", "/syncs", "/rq/"])
def test_everything_is_reached_by_tab_and_seen_to_be(page: Page, number: int, path: str) -> None:
    page.goto(path.format(number=number))
    expect(page.get_by_text("Loading…")).to_have_count(0)
    usable = dict(enumerate(page.evaluate(_USABLE)[0]))
    for _ in range(2 * len(usable)):  # regions that scroll, and the parts of a date, take a press more
        page.keyboard.press("Tab")
        assert page.evaluate(_IS_SEEN), page.evaluate("() => document.activeElement.outerHTML")
        usable.pop(page.evaluate(_USABLE)[1], None)
        if not usable:
            break
    assert not usable


def test_the_first_thing_reached_leads_past_the_menu(page: Page) -> None:
    page.goto("/refunds")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_a_dialog_takes_focus_keeps_it_and_gives_it_back(page: Page, number: int) -> None:
    page.goto(f"/refunds/{number}")
    cancel = page.get_by_role("link", name="Cancel", exact=True)
    cancel.focus()
    page.keyboard.press("Enter")
    asking = asked(page)
    expect(asking).to_have_accessible_name(f"Cancel: transaction {number}?")
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("() => !document.activeElement.closest('main, header, nav')")
    page.keyboard.press("Escape")
    expect(asking).to_be_hidden()
    expect(cancel).to_be_focused()

    page.keyboard.press("Enter")
    asked(page).get_by_role("link", name="Leave as is").press("Enter")
    expect(asking).to_be_hidden()
    expect(cancel).to_be_focused()
    expect(state(page)).to_have_text("Error")


def test_a_row_is_acted_on_without_a_mouse(page: Page, number: int) -> None:
    page.goto("/refunds?account=keys")
    actions = page.get_by_role("button", name=f"Actions for transaction {number}")
    actions.press("Enter")
    entry = page.get_by_role("link", name="Retry", exact=True)
    expect(entry).to_be_visible()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(actions).to_be_focused()

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Post now")
    page.keyboard.press("Enter")
    asking = asked(page)
    page.keyboard.press("Escape")
    expect(asking).to_be_hidden()
    expect(actions).to_be_focused()


def test_a_table_that_is_fetched_again_leaves_focus_where_it_is(page: Page) -> None:
    page.goto("/rq/")
    link = page.get_by_role("row").filter(has_text="shopify").get_by_role("link").first
    link.evaluate("(link) => { link.dataset.former = 1; }")
    link.focus()
    expect(page.locator("[data-former]")).to_have_count(0)
    expect(link).to_be_focused()
    assert page.evaluate(_IS_SEEN)
