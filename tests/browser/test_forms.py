"""What forms answer, dialogs and the menu on a phone: looked at as every page is."""

import pyotp
from playwright.sync_api import Page, expect

from ledger.models import Role
from tests.browser.conftest import Windows
from tests.browser.installation import Installation
from tests.browser.looking import faults, faults_as_it_is


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill in and send the form."""
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_second_factor_is_set_up_and_asked_for(windows: Windows) -> None:
    admin = windows.open(Role.ADMIN)
    admin.goto("/settings/users")
    admin.get_by_label("E-mail address").fill("anna@example.com")
    admin.get_by_role("button", name="Add").click()
    expect(admin.get_by_role("heading", name="anna@example.com may sign in")).to_be_visible()
    assert faults(admin) == []
    password = admin.locator(".once").inner_text()

    page = windows.open_anew(None)
    page.goto("/sign-in?next=/me")
    assert faults(page) == []
    sign_in(page, "anna@example.com", "something else")
    assert faults(page) == []
    sign_in(page, "anna@example.com", password)
    page.get_by_label("Your password").fill(password)
    page.get_by_role("button", name="Set it up").click()
    secret = page.locator("code.once").inner_text()
    assert faults(page) == []
    page.get_by_label("Code the app shows").fill(pyotp.TOTP(secret.replace(" ", "")).now())
    page.get_by_role("button", name="Switch it on").click()
    code = page.locator(".codes code").first.inner_text()
    assert faults(page) == []
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, "anna@example.com", password)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    assert faults(page) == []
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_what_is_shown_once_and_what_is_refused(windows: Windows, installation: Installation) -> None:
    installation.place("forms")
    page = windows.open(Role.ADMIN)
    page.goto("/settings/tokens")
    page.get_by_label("Name").fill("not a name")
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("alert")).to_contain_text("is not a name")
    assert faults(page) == []
    page.get_by_label("Name").fill("books")
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("heading", name="The token books")).to_be_visible()
    assert faults(page) == []

    page.goto("/settings/accounts/forms")
    page.get_by_label("New secret").fill("short")
    page.get_by_role("button", name="Rotate").click()
    assert faults(page) == []
    page.goto("/settings/netsuite-accounts/forms-books")
    page.get_by_role("button", name="Rotate").click()
    expect(page.locator(".once")).to_be_visible()
    assert faults(page) == []

    page.goto("/settings/rules/forms")
    page.get_by_role("spinbutton").first.fill("99999999")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nothing was changed")).to_be_visible()
    assert faults(page) == []

    page.goto("/reconciliation")
    page.get_by_label("Account", exact=True).first.select_option("forms")
    page.get_by_label("What to do").select_option("backfill")
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Backfill forms?")).to_be_visible()
    assert faults(page) == []


def test_pages_that_are_not_there_or_not_for_everybody(windows: Windows) -> None:
    page = windows.open(Role.VIEWER)
    page.goto("/refunds/987654321")
    expect(page.get_by_role("heading", name="Not Found")).to_be_visible()
    assert faults(page) == []
    page.goto("/settings/users")
    expect(page.get_by_text("This needs the role admin; yours is viewer.")).to_be_visible()
    assert faults(page) == []


def test_the_menu_of_a_phone_opens_and_closes(windows: Windows) -> None:
    page = windows.open(Role.ADMIN, width=390)
    page.goto("/")
    menu = page.get_by_role("navigation", name="Main")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(menu.get_by_role("link", name="Discrepancies")).to_be_visible()
    assert faults_as_it_is(page, "light") == []
    assert faults_as_it_is(page, "dark") == []
    menu.get_by_role("link", name="Discrepancies").click()
    expect(page.get_by_role("heading", name="Discrepancies", level=1)).to_be_visible()
    page.get_by_role("button", name="Menu").click()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
