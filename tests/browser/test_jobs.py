"""RQ's dashboard on workers that really work: what they are on, in words, and the way back to the portal."""

from playwright.sync_api import expect

from ledger.models import Role
from ledger.states import State
from tests.browser.conftest import Windows
from tests.browser.installation import Installation
from tests.browser.steps import asked, map_shipping, refund_shipping, state, told

_LONGEST = 60  # seconds that the call is held up; it is let go before


def test_a_busy_worker_is_shown_with_its_job_and_the_way_to_the_transaction(
    windows: Windows, installation: Installation
) -> None:
    place = installation.place("busy", item_shipping="")
    number = installation.stands(place, refund_shipping(place, "#B1"), State.ERROR)
    map_shipping(windows, place)
    control = installation.site.control
    control.post(
        "/faults",
        platform="netsuite",
        tenant=place.books.tenant,
        operation="record:transform",
        kind="latency",
        seconds=_LONGEST,
    )
    page = windows.open(Role.OPERATOR)
    page.goto(f"/refunds/{number}")
    page.get_by_role("link", name="Retry").click()
    asked(page).get_by_role("button", name="Retry").click()
    expect(told(page)).to_contain_text("is looked at again now")
    page.get_by_role("link", name="Background jobs (RQ)").click()
    page.get_by_role("link", name="Workers", exact=True).click()

    # A worker is on it.
    row = page.get_by_role("row").filter(has_text=f"Carry refund {number} of shopify")
    expect(row).to_contain_text("shopify")
    row.get_by_role("link").last.click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("Job")
    expect(page.get_by_text("started", exact=True)).to_be_visible()

    # The overview says the same, and the job leads to the transaction.
    page.get_by_role("link", name="Overview").click()
    workers = page.get_by_role("group", name="Workers")
    expect(workers.get_by_role("row").filter(has_text=f"refund {number}")).to_contain_text("Busy")
    page.get_by_role("link", name="Background jobs (RQ)").click()
    page.get_by_role("link", name="Workers", exact=True).click()
    page.get_by_role("link", name=f"Carry refund {number} of shopify").click()
    expect(page.get_by_role("heading", name=f"Transaction {number}")).to_be_visible()
    expect(state(page)).to_have_text("Posting")

    control.delete("/faults")
    expect(state(page)).to_have_text("Posted")
