"""Every route of the web process with an address at which there is something, for walking all of them."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from flask import Flask
from werkzeug.routing import Rule

from ledger import people, requests
from ledger.clock import utcnow
from ledger.models import Account, Role, User
from ledger.queue import Waker, open_queue
from ledger.states import State
from tests.support.alerts import make_channel
from tests.support.ledger import TRACE
from tests.webhooks.api.furnished import furnish
from tests.webhooks.portal.conftest import Browser
from webhooks.portal.access import ANYBODY
from webhooks.portal.pages import SECTIONS

Known = Mapping[str, str | int]
"""What there is: by the name of an address's part, or by the section or page that has it and that name."""

_READING: Final = {"OPTIONS", "HEAD"}
_BOOKS: Final = "netsuite_accounts"
_SAYS: Final[Mapping[str, Mapping[str, str]]] = {
    "refunds.ask_act": {"action": "cancel", "id": "2"},
    "refunds.act": {"action": "cancel", "ids": "2"},
    "syncs.turn": {"to": "from_netsuite"},
    "syncs.ask_switch": {"to": "off"},
    "syncs.switch": {"to": "off"},
    "alerts.switch": {"to": "off"},
}


class Route(NamedTuple):
    """One way to one page.

    Attributes:
        least: The least role, `ANYBODY` where there is none.
        says: What its address or form has to say, or it would answer that there is no such thing.
    """

    method: str
    path: str
    least: Role | None
    says: Mapping[str, str]


def one_of_each(browser: Browser, shop_id: int) -> Known:
    """Fill the ledger and a queue with one of each thing that an address can name; return their names."""
    now = utcnow()
    with browser.database.write() as session:
        shop = session.get_one(Account, shop_id)
        channel = make_channel(session, browser.vault, now=now)
        other = User(email="other@example.com", role=Role.VIEWER, password_hash="", created_at=now)
        session.add(other)
        asked = requests.retrieve(session, shop, "#1001", now=now, actor="test", trace_id=TRACE)
        token, _ = people.add_token(session, "nightly", Role.VIEWER, timedelta(days=9), now=now, actor="test")
        session.flush()
    made = furnish(browser.database, shop, now=now)
    Waker(browser.redis).refunds("amazon", [made.refunds[State.SCHEDULED]])
    return {
        "refund_id": made.refunds[State.ERROR],
        "delivery_id": made.quarantined,
        "run_id": made.reconciliation,
        "request_id": asked.id,
        "channel_id": channel.id,
        "user_id": other.id,
        "token_id": token.id,
        "job_id": open_queue("amazon", browser.redis).job_ids[0],
        "number": made.run,
        "slug": shop.slug,
        f"{_BOOKS}.slug": "books",
        "source": "shopify",
        "syncs.kind": "storefront",
        "alerts.kind": "webhook",
        "queue_name": "amazon",
        "registry_name": "queued",
        "per_page": 8,
        "order": "asc",
        "page": 1,
        "rq_dashboard.filename": "js/underscore-umd-min.js",
    }


def of_the_portal(app: Flask, known: Known) -> Iterator[Route]:
    """Yield every route of the portal's sections."""
    sections = {section.name: section for section in SECTIONS}
    for rule in app.url_map.iter_rules():
        section, _, view = rule.endpoint.partition(".")
        if section in sections:
            yield from _routes(app, rule, known, sections[section].least[view])


def of_the_dashboard(app: Flask, known: Known) -> Iterator[Route]:
    """Yield every route of RQ's dashboard: a viewer's to look, an operator's to change."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("rq_dashboard."):
            for route in _routes(app, rule, known, ANYBODY):
                yield route._replace(least=Role.VIEWER if route.method == "GET" else Role.OPERATOR)


def changing(app: Flask, known: Known) -> Iterator[Route]:
    """Yield every route of the whole process that people's browsers can change something by.

    Not those of the API, which takes no cookie, nor of webhooks, which are signed.
    """
    return (route for route in taking_bodies(app, known) if not route.path.startswith("/api/"))


def taking_bodies(app: Flask, known: Known) -> Iterator[Route]:
    """Yield every route of the whole process by which something can be changed, but for webhooks."""
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/webhooks/"):
            yield from (route for route in _routes(app, rule, known, ANYBODY) if route.method != "GET")


def _routes(app: Flask, rule: Rule, known: Known, least: Role | None) -> Iterator[Route]:
    methods = sorted((rule.methods or set()) - _READING)
    if methods == ["GET"] and rule.endpoint == "portal.static":
        return
    section = rule.endpoint.partition(".")[0]
    values = {
        name: known.get(f"{section}.{name}", known.get(name))
        for name in rule.arguments
        if name not in (rule.defaults or {})
    }
    assert None not in values.values(), rule  # a part that `one_of_each` knows nothing of
    path = app.url_map.bind("localhost").build(rule.endpoint, {**values, **(rule.defaults or {})})
    says = _SAYS.get(rule.endpoint, {})
    yield from (Route(method, path, least, says) for method in methods)
