"""What operators do besides: settle discrepancies, retrieve orders, act on many, turn accounts round."""

import re
from http import HTTPStatus

from playwright.sync_api import expect

from ledger.models import Role
from ledger.states import State
from tests.browser.conftest import Windows
from tests.browser.installation import Installation
from tests.browser.steps import WAYS, appears, asked, carried, map_shipping, refund_shipping, state, told


@WAYS
def test_a_discrepancy_is_resolved_with_a_note(
    windows: Windows, installation: Installation, *, has_scripts: bool
) -> None:
    place = installation.place(f"gone-{'live' if has_scripts else 'plain'}")
    order = place.order("#G1", billed="")
    place.books.delete(place.imported["#G1"])
    refund = place.shop.refund(order, lines=[{"sku": "LAMP", "quantity": 1}])
    number = installation.stands(place, refund, State.DISCREPANCY, "ORDER_DELETED")

    page = windows.open(Role.OPERATOR, has_scripts=has_scripts)
    page.goto(f"/discrepancies?account={place.slug}")
    card = page.get_by_role("article", name=f"Transaction {number}")
    expect(card).to_contain_text("40.00 USD")
    expect(card).to_contain_text("ORDER_DELETED")
    expect(card.get_by_role("heading", name="Ways out")).to_be_visible()
    card.get_by_role("link", name="Resolve").click()
    asking = asked(page, has_scripts=has_scripts)
    asking.get_by_role("button", name="Resolve").click()
    expect(asking.get_by_label("Note")).to_be_focused()  # the browser asks for what is needed
    asking.get_by_label("Note").fill("Credited by hand, see ticket 4711")
    asking.get_by_label("NetSuite id").fill("5511")
    asking.get_by_role("button", name="Resolve").click()

    expect(told(page)).to_have_text(f"Transaction {number} was resolved.")
    expect(card).to_have_count(0)
    page.get_by_role("link", name="Resolved").click()
    card.get_by_text("What happened").click()
    expect(card).to_contain_text("Credited by hand, see ticket 4711")
    assert place.writes() == 0


@WAYS
def test_a_refund_that_nobody_told_of_is_retrieved_by_its_order(
    windows: Windows, installation: Installation, *, has_scripts: bool
) -> None:
    place = installation.open(f"quiet-{'live' if has_scripts else 'plain'}")
    place.shop.refund(place.order("#Q1"), lines=[{"sku": "LAMP", "quantity": 1}])
    installation.connect(place)  # polls look at what is made from now on

    page = windows.open(Role.OPERATOR, has_scripts=has_scripts)
    page.goto("/refunds")
    page.get_by_role("link", name="Retrieve…").click()
    asking = asked(page, has_scripts=has_scripts)
    asking.get_by_label("Account").select_option(place.slug)
    asking.get_by_label("Order").fill("#Q1")
    asking.get_by_role("button", name="Retrieve").click()

    appears(page, page.get_by_text("1 refund was read: 1 is new."), has_scripts=has_scripts)
    page.get_by_role("row").filter(has_text="#Q1").get_by_role("link").click()
    appears(page, state(page).get_by_text("Posted"), has_scripts=has_scripts)
    assert place.writes() == 1


@WAYS
def test_an_account_cannot_be_turned_round_while_refunds_are_under_way(
    windows: Windows, installation: Installation, *, has_scripts: bool
) -> None:
    place = installation.place(f"turning-{'live' if has_scripts else 'plain'}")
    refund = place.shop.refund(place.order("#T1", billed=""), lines=[{"sku": "LAMP", "quantity": 1}])
    number = installation.stands(place, refund, State.WAITING, "NOT_BILLED")

    page = windows.open(Role.ADMIN, has_scripts=has_scripts)
    page.goto("/syncs")
    row = page.get_by_role("row", name=f"{place.slug} Shopify")
    row.get_by_role("link", name="Turn round").click()
    asking = asked(page, has_scripts=has_scripts)
    expect(asking.get_by_role("heading", level=1)).to_have_text(f"{place.slug} cannot be turned round now")
    expect(asking.get_by_role("alert")).to_contain_text("1 refund is under way")
    expect(asking.get_by_role("row").filter(has_text="#T1")).to_contain_text("40.00 USD")
    asking.get_by_role("link", name=str(number), exact=True).click()
    expect(state(page)).to_have_text("Waiting")

    # A form from before the refund came is refused, too.
    token = page.locator('input[name="csrf_token"]').first.input_value()
    sent = page.request.post(
        f"/syncs/{place.slug}/direction", form={"csrf_token": token, "to": "from_netsuite"}, max_redirects=0
    )
    assert sent.status == HTTPStatus.CONFLICT
    assert f"{place.slug} cannot be turned round now" in sent.text()
    page.goto("/syncs")
    expect(row).to_contain_text("Storefront → NetSuite")


def test_a_row_is_acted_on_where_no_script_runs(windows: Windows, installation: Installation) -> None:
    place = installation.place("rows")
    refund = place.shop.refund(place.order("#R1", billed=""), lines=[{"sku": "LAMP", "quantity": 1}])
    number = installation.stands(place, refund, State.WAITING, "NOT_BILLED")

    page = windows.open(Role.OPERATOR, has_scripts=False)
    page.goto(f"/refunds?account={place.slug}")
    cancel = page.get_by_role("link", name="Cancel", exact=True)
    expect(cancel).to_be_hidden()
    page.get_by_role(
        "button", name=f"Actions for transaction {number}"
    ).click()  # the browser itself opens it
    cancel.click()
    asking = asked(page, has_scripts=False)
    expect(asking.get_by_role("heading", level=1)).to_have_text(f"Cancel: transaction {number}?")
    asking.get_by_role("button", name="Cancel").click()
    expect(told(page)).to_have_text(f"Transaction {number} was cancelled.")
    installation.stands(place, refund, State.CANCELLED, "CANCELLED_BY_PERSON")


@WAYS
def test_several_are_retried_at_once(
    windows: Windows, installation: Installation, *, has_scripts: bool
) -> None:
    place = installation.place(f"many-{'live' if has_scripts else 'plain'}", item_shipping="")
    refunds = [refund_shipping(place, f"#M{number}") for number in range(1, 4)]
    for refund in refunds:
        installation.stands(place, refund, State.ERROR)
    map_shipping(windows, place, has_scripts=has_scripts)

    page = windows.open(Role.OPERATOR, has_scripts=has_scripts)
    page.goto(f"/refunds?account={place.slug}&state=error")
    for name in ("#M1", "#M3"):
        page.get_by_role("row").filter(has_text=name).get_by_role("checkbox").check()
    page.get_by_role("button", name="Retry", exact=True).click()
    asking = asked(page, has_scripts=has_scripts)
    expect(asking.get_by_role("heading", level=1)).to_have_text("Retry: 2 transactions?")
    asking.get_by_role("button", name="Retry 2 transactions").click()

    expect(told(page)).to_have_text("Retry: each of 2 transactions is looked at again now.")
    page.goto(f"/refunds?account={place.slug}")
    for name, becomes in (("#M1", "Posted"), ("#M2", "Error"), ("#M3", "Posted")):
        row = page.get_by_role("row").filter(has_text=name)
        appears(page, row.get_by_text(becomes, exact=True), has_scripts=has_scripts)
    assert place.writes() == 2


def test_the_list_keeps_itself_up_to_date_and_moves_nothing(
    windows: Windows, installation: Installation
) -> None:
    place = installation.place("living")
    carried(installation, place, "#V1")
    page = windows.open_anew(Role.OPERATOR)  # its clock is set
    page.clock.install()
    page.goto(f"/refunds?account={place.slug}&channel=shopify")
    page.get_by_role("row").filter(has_text="#V1").get_by_role("checkbox").check()
    carried(installation, place, "#V2")

    page.clock.run_for(10_500)

    expect(page.get_by_text("1 new transaction matches.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="#V2")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="#V1").get_by_role("checkbox")).to_be_checked()
    page.get_by_role("link", name="Show it").click()
    expect(page.get_by_role("row").filter(has_text=re.compile("#V[12]"))).to_have_count(2)
