"""Every page, looked at by axe: light and dark, wide and narrow; and nothing in a console."""

from collections.abc import Mapping
from typing import Final

import pytest
from playwright.sync_api import expect

from ledger.models import Role
from tests.browser.conftest import Windows
from tests.browser.filled import fill
from tests.browser.installation import Installation
from tests.browser.looking import faults
from webhooks.app import create_app
from webhooks.dashboard import NAME
from webhooks.portal.pages import SECTIONS

ADDRESSES: Final[Mapping[str, tuple[str, ...]]] = {
    "overview.show": ("/",),
    "me.show": ("/me",),
    "refunds.index": ("/refunds", "/refunds?state=error&least=never", "/refunds?q=nothing+like+it"),
    "refunds.show": ("/refunds/{posted}", "/refunds/{wrong}", "/refunds/{waiting}", "/refunds/{disputed}"),
    "refunds.ask_act": (
        "/refunds/act?action=resolve&id={disputed}",
        "/refunds/act?action=retry&id={wrong}&id={waiting}&id={posted}&id={disputed}",
    ),
    "refunds.ask_relink": ("/refunds/{disputed}/relink",),
    "refunds.ask_retrieve": ("/refunds/retrieve",),
    "refunds.outcome": (
        "/refunds/requests/{retrieved}",
        "/refunds/requests/{not_found}",
        "/refunds/requests/{planned}",
    ),
    "discrepancies.index": ("/discrepancies", "/discrepancies?settled=1"),
    "syncs.index": ("/syncs",),
    "syncs.ask_direction": ("/syncs/{slug}/direction", "/syncs/ebay-shop/direction"),
    "syncs.ask_switch": ("/syncs/{slug}/switch?to=off",),
    "syncs.ask_pause": ("/syncs/netsuite/{books}/pause",),
    "syncs.ask_resume": ("/syncs/storefront/ebay-shop/resume",),
    "deliveries.index": ("/deliveries?topic=refunds/create", "/deliveries?state=quarantined"),
    "deliveries.show": ("/deliveries/{delivery}", "/deliveries/{unread}"),
    "deliveries.ask_replay": ("/deliveries/{unread}/replay",),
    "reconciliation.index": ("/reconciliation",),
    "reconciliation.show": ("/reconciliation/{run}", "/reconciliation/{run}?finding=all"),
    "reconciliation.ask_stop": ("/reconciliation/{run}/stop",),
    "accounts.index": ("/settings/accounts",),
    "accounts.show": ("/settings/accounts/{slug}", "/settings/accounts/ebay-shop"),
    "accounts.ask_drop": ("/settings/accounts/{slug}/secret/drop",),
    "accounts.ask_connect": ("/settings/connect/shopify", "/settings/connect/magento"),
    "netsuite_accounts.ask_connect_netsuite": ("/settings/connect/netsuite",),
    "netsuite_accounts.index": ("/settings/netsuite-accounts",),
    "netsuite_accounts.show": ("/settings/netsuite-accounts/{books}",),
    "netsuite_accounts.ask_drop": ("/settings/netsuite-accounts/{books}/secret/drop",),
    "mappings.index": ("/settings/mappings",),
    "mappings.show": ("/settings/mappings/{slug}",),
    "rules.index": ("/settings/rules",),
    "rules.show": ("/settings/rules/{slug}",),
    "alerts.index": ("/settings/alerts",),
    "alerts.new": ("/settings/alerts/new/webhook",),
    "alerts.show": ("/settings/alerts/{channel}",),
    "alerts.ask_rotate": ("/settings/alerts/{channel}/secret",),
    "alerts.ask_remove": ("/settings/alerts/{channel}/remove",),
    "installation.index": ("/settings/installation",),
    "users.index": ("/settings/users",),
    "users.show": ("/settings/users/{user}",),
    "users.ask_disable": ("/settings/users/{user}/disable",),
    "users.ask_reset": ("/settings/users/{user}/password",),
    "users.ask_second_factor_off": ("/settings/users/{user}/second-factor",),
    "tokens.index": ("/settings/tokens",),
    "tokens.ask_revoke": ("/settings/tokens/{token}/revoke",),
    "audit.index": ("/settings/audit?subject=refund&id={disputed}",),
    "rq_dashboard.queues_overview": ("/rq/",),
    "rq_dashboard.jobs_overview": ("/rq/0/view/jobs/amazon/queued/8/asc/1",),
    "rq_dashboard.workers_overview": ("/rq/0/view/workers",),
    "rq_dashboard.job_view": ("/rq/0/view/job/{job}",),
}
"""Where each page is, with what stands for its parts; of some, several that differ much."""

ELSEWHERE: Final = {
    "signing_in.show": "looked at with nobody signed in",
    "settings.index": "leads to another page",
    "refunds.live": "a part of a page",
    "rq_dashboard.queues_view": "the same as queues_overview",
}
"""Pages that are not walked here, and why."""


@pytest.fixture(scope="package")  # not "module": stolen tests come back to a module that was left
def filled(installation: Installation) -> Mapping[str, int | str]:
    """What the addresses' parts stand for."""
    return fill(installation)


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_is_for_everybody(name: str, windows: Windows, filled: Mapping[str, int | str]) -> None:
    page = windows.open(Role.ADMIN)
    for address in ADDRESSES[name]:
        answer = page.goto(address.format(**filled))
        assert answer is not None
        assert answer.ok, address
        expect(page.get_by_text("Loading…")).to_have_count(0)  # the dashboard's scripts fetch what they show
        assert faults(page) == []


def test_no_page_is_forgotten(installation: Installation) -> None:
    app = create_app(installation.settings, database=installation.database)
    ours = {section.name for section in SECTIONS} | {NAME}
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and rule.endpoint.partition(".")[0] in ours
        and not rule.rule.endswith((".csv", ".json", "<path:filename>"))
    }
    assert pages == set(ADDRESSES) | set(ELSEWHERE)


def test_what_is_wrong_would_be_found(windows: Windows) -> None:
    page = windows.open_anew(Role.VIEWER)
    page.goto("/me")
    wrong = "<img src=/static/icon.svg width=2000><p style='color: red'>Not allowed by the policy</p>"
    page.evaluate("(wrong) => document.querySelector('main').insertAdjacentHTML('beforeend', wrong)", wrong)
    found = " ".join(faults(page))
    assert "image-alt" in found
    assert "wider than the page" in found
    (complaint,) = windows.end_test()
    assert "Content Security Policy" in complaint
