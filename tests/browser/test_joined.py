"""What is asked for in the portal, and what the workers make of it."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import requests
from playwright.sync_api import expect

from ledger.clock import utcnow
from ledger.models import Delivery, Role
from ledger.states import State
from tests.browser.conftest import Windows
from tests.browser.installation import PASSWORD, Installation
from tests.browser.steps import WAYS, appears, asked, carried, state, told
from tests.support.selling import let_a_second_pass
from tests.support.waiting import until

_ROOT = Path(__file__).parents[2]


@WAYS
def test_a_refund_is_held_for_review_looked_at_and_posted(
    windows: Windows, installation: Installation, *, has_scripts: bool
) -> None:
    place = installation.place(f"reviewed-{'live' if has_scripts else 'plain'}")
    page = windows.open(Role.ADMIN, has_scripts=has_scripts)
    page.goto("/settings/rules")
    page.get_by_role("link", name=f"Change rules of {place.slug}").click()
    page.get_by_label("Review each refund").select_option("yes")
    page.get_by_role("button", name="Save").click()
    expect(told(page)).to_have_text(f"The settings of {place.slug} were changed.")
    refund = place.shop.refund(place.order("#H1"), lines=[{"sku": "LAMP", "quantity": 1}])
    number = installation.stands(place, refund, State.HELD)

    page = windows.open(Role.OPERATOR, has_scripts=has_scripts)
    page.goto(f"/refunds/{number}")
    lines = page.get_by_role("table", name="Lines")
    expect(lines.get_by_role("row").filter(has_text="LAMP")).to_contain_text("not carried yet")
    page.get_by_role("button", name="What would be sent?").click()
    sent = page.get_by_text("It would be written to the other side.")
    appears(page, sent, has_scripts=has_scripts)
    expect(page.get_by_role("main")).to_contain_text("Credit memo")
    expect(page.get_by_role("main")).to_contain_text("Nothing was written anywhere.")
    assert place.writes() == 0

    page.get_by_role("link", name="Back to the transaction").click()
    page.get_by_role("link", name="Post now").click()
    asked(page, has_scripts=has_scripts).get_by_role("button", name="Post now").click()
    appears(page, state(page).get_by_text("Posted"), has_scripts=has_scripts)
    expect(lines.get_by_role("row").filter(has_text="LAMP")).not_to_contain_text("not carried yet")
    assert place.writes() == 1


@WAYS
def test_what_was_deleted_here_comes_again_when_its_delivery_is_replayed(
    windows: Windows, installation: Installation, *, has_scripts: bool
) -> None:
    place = installation.place(f"replayed-{'live' if has_scripts else 'plain'}", item_shipping="")
    order = place.order("#R1", shipping="7.00", customer={"email": "jo.bloggs@example.net"})
    refund = place.shop.refund(order, shipping="7.00", note="For Jo Bloggs, 12 High Street")
    number = installation.stands(place, refund, State.ERROR)
    until(installation.is_quiet)  # an order's delivery may tell of the refund before the refund's own does
    page = windows.open(Role.OPERATOR, has_scripts=has_scripts)
    page.goto(f"/refunds/{number}")
    row = (
        page.get_by_role("table", name="Deliveries behind it")
        .get_by_role("row")
        .filter(has_text="refunds/create")
    )
    behind = row.get_by_role("link").get_attribute("href") or ""
    for verb, ends in (("Cancel", "was cancelled"), ("Delete", "was deleted here")):
        page.get_by_role("link", name=verb, exact=True).click()
        asked(page, has_scripts=has_scripts).get_by_role("button", name=verb).click()
        expect(told(page)).to_have_text(f"Transaction {number} {ends}.")
    gone = page.goto(f"/refunds/{number}")
    assert gone
    assert gone.status == 404
    mapping = windows.open(Role.ADMIN, has_scripts=has_scripts)
    mapping.goto(f"/settings/mappings/{place.slug}")
    mapping.get_by_label(re.compile(r"^Shipping\b")).fill("901")
    mapping.get_by_role("button", name="Save").click()
    expect(told(mapping)).to_have_text(f"The settings of {place.slug} were changed.")

    page.goto(behind)
    expect(page.get_by_role("main")).to_contain_text("refunds/create")
    with installation.database.read() as session:
        assert b"Bloggs" in (session.get_one(Delivery, int(behind.rpartition("/")[2])).body or b"")
    expect(page.get_by_role("main")).not_to_contain_text("Bloggs")
    page.get_by_role("link", name="Replay").click()
    asked(page, has_scripts=has_scripts).get_by_role("button", name="Replay").click()

    expect(told(page)).to_contain_text("is worked off again; it tells of 1 event.")
    installation.stands(place, refund, State.POSTED)
    assert place.writes() == 1


@WAYS
def test_a_connection_is_tried_out_by_a_worker(
    windows: Windows, installation: Installation, *, has_scripts: bool
) -> None:
    place = installation.place(f"tried-{'live' if has_scripts else 'plain'}")
    page = windows.open(Role.ADMIN, has_scripts=has_scripts)
    page.goto(f"/settings/accounts/{place.slug}")
    page.get_by_role("button", name="Test connection").click()
    appears(page, page.get_by_text("The credentials were accepted at"), has_scripts=has_scripts)

    page.get_by_label("Access token").fill("shpat_00000000000000000000000000000000")
    page.get_by_role("button", name="Save and test").click()

    appears(page, page.get_by_text("The credentials were not accepted"), has_scripts=has_scripts)
    expect(page.get_by_role("main")).not_to_contain_text("shpat_")


@WAYS
def test_what_a_reconciliation_misses_is_retrieved_from_it(
    windows: Windows, installation: Installation, *, has_scripts: bool
) -> None:
    place = installation.open(f"missed-{'live' if has_scripts else 'plain'}")
    place.shop.refund(place.order("#C1"), lines=[{"sku": "LAMP", "quantity": 1}])
    installation.connect(place)  # polls look at what is made from now on
    carried(installation, place, "#C2")
    let_a_second_pass()  # a run up to now looks at no part of the present second

    page = windows.open(Role.OPERATOR, has_scripts=has_scripts)
    page.goto("/reconciliation")
    begin = page.get_by_role("main").locator("form").filter(has=page.get_by_role("button", name="Begin"))
    begin.get_by_label("Account").select_option(place.slug)
    begin.get_by_label("What to do").select_option("reconcile")
    begin.get_by_label("First day").fill((utcnow() - timedelta(days=1)).date().isoformat())
    begin.get_by_role("button", name="Begin").click()
    items = page.get_by_role("table", name="Refunds")
    appears(page, items.get_by_role("row").filter(has_text="#C1"), has_scripts=has_scripts)
    expect(items.get_by_role("row").filter(has_text="#C2")).to_have_count(0)  # it matches
    items.get_by_role("link", name="Retrieve the refunds of #C1").click()
    asking = page.get_by_role("main").get_by_role("button", name="Retrieve", exact=True)
    asking.click()

    appears(page, page.get_by_text("1 refund was read: 1 is new."), has_scripts=has_scripts)
    page.get_by_role("row").filter(has_text="#C1").get_by_role("link").click()
    appears(page, state(page).get_by_text("Posted"), has_scripts=has_scripts)
    assert place.writes() == 2


def test_a_token_made_in_the_portal_opens_the_api_until_it_is_revoked(
    windows: Windows, installation: Installation
) -> None:
    page = windows.open(Role.ADMIN)
    page.goto("/settings/tokens")
    page.get_by_label("Name").fill("warehouse")
    page.get_by_label("Role").select_option("viewer")
    page.get_by_role("button", name="Make token").click()
    token = page.locator(".once code").inner_text()

    def ask(method: str, path: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{installation.url}/api/v1/{path}"
        return requests.request(method, url, headers=headers, json={}, timeout=30).status_code

    assert (ask("GET", "refunds"), ask("POST", "refunds/1/cancel")) == (200, 403)
    page.get_by_role("link", name="To the tokens").click()
    page.get_by_role("row").filter(has_text="warehouse").get_by_role("link", name="Revoke").click()
    asked(page).get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row").filter(has_text="warehouse")).to_contain_text("revoked", ignore_case=True)
    assert ask("GET", "refunds") == 401


def test_who_is_added_on_the_command_line_signs_in(windows: Windows, installation: Installation) -> None:
    known = installation.settings
    subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "cli.main",
            "user",
            "add",
            "first@example.com",
            "--role",
            "admin",
            "--password-file",
            "-",
        ],
        cwd=_ROOT,
        env={
            **os.environ,
            "DATABASE_URL": known.database_url,
            "REDIS_URL": known.redis_url,
            "REFUND_SYNC_SECRET_KEY": known.secret_keys[0],
            "REFUND_SYNC_DATA_DIR": str(known.data_dir),
        },
        input=PASSWORD,
        text=True,
        check=True,
    )
    page = windows.open_anew(None)
    page.goto("/settings/users")
    page.get_by_label("E-mail address").fill("first@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("row").filter(has_text="first@example.com")).to_contain_text("Admin")
