"""How long the portal's pages and the API's lists take as the ledger grows, over HTTP, one request at a time.

PostgreSQL is filled in steps (`bench.grown`), and each page is asked for again and again from our web process
under gunicorn, by somebody who is signed in. Exports are measured apart: they hold everything that matches.
"""

import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import click
import requests
from sqlalchemy import func, select

from bench import figures, grown, servers, shop
from bench.addresses import EXPORTS, JOBS, MORE, SIGNED_OUT
from bench.bodies import SHOP, SLUG
from ledger import accounts, alert_channels, installation, people, queue, sessions
from ledger import requests as asking
from ledger.alert_channels import Ground, Wishes
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import AlertChannel, ApiToken, ChannelKind, Delivery, Request, Role, User
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.secrets import Vault

SMALL: Final = "small"
"""The name of the account that few refunds are of."""

_ACTOR: Final = "bench"
_COOKIE: Final = "refund-sync"
_WARM_UP: Final = 5  # requests of a page before any is counted
_LIMIT: Final = 50  # milliseconds that a page may take

_SEARCHES: Final[Mapping[str, str]] = {
    "all": "",
    "second": "after={half}",
    "posted": "state=posted",
    "error": "state=error",
    "two states": "state=error&state=held",
    "of nothing": "state=retrying",
    "account": "account={shop}",
    "small account": f"account={SMALL}",
    "connector": "platform=shopify",
    "no connector": "platform=ebay",
    "channel": "channel=netsuite",
    "type": "type=cash_refund",
    "no type": "type=return_authorization",
    "reason": "reason=OVER_REFUND",
    "day": "since={day}&until={day}",
    "year": "since=2020-01-01",
    "amount": "least=100&most=100.10",
    "wide amount": "least=2",
    "order": "order=%23{half}",
    "order begins": "order=4500",
    "name": "q=rs-shop-{half}",
    "name begins": "q=rs-shop-1",
    "no name": "q=nothing-like-it",
    "SKU": "q=LAMP",
    "rare of common": f"account={SMALL}&state=posted&channel=netsuite&type=cash_refund",
    "none of common": "state=posted&reason=ECHO",
    "none of a day": "state=retrying&since={day}&until={day}",
    "none of a year": "state=posted&type=return_authorization&since=2020-01-01",
    "errors of a year": "state=error&since=2020-01-01&least=2",
}
"""What is searched for among the transactions."""

PAGES: Final[Mapping[str, str]] = {
    "overview": "/",
    **{f"transactions: {name}": f"/refunds?{query}" for name, query in _SEARCHES.items()},
    "transactions: live": "/refunds/live?shown={shown}&newest={last}",
    "transaction": "/refunds/{half}",
    "transaction: act on 50": "/refunds/act?action=retry&{ids}",
    "transaction: retrieve": "/refunds/retrieve",
    "discrepancies": "/discrepancies",
    "discrepancies: resolved": "/discrepancies?settled=1",
    "discrepancies: of a small account": f"/discrepancies?account={SMALL}",
    "syncs": "/syncs",
    "syncs: direction": "/syncs/{shop}/direction",
    "deliveries": "/deliveries",
    "deliveries: second": "/deliveries?after={half}",
    "deliveries: quarantined": "/deliveries?state=quarantined",
    "deliveries: received": "/deliveries?state=received",
    "deliveries: topic": "/deliveries?topic=orders/delete",
    "deliveries: no topic": "/deliveries?topic=none",
    "deliveries: small account": f"/deliveries?account={SMALL}",
    "deliveries: no source": "/deliveries?source=ebay",
    "deliveries: order": "/deliveries?text=450001{tail}",
    "deliveries: day": "/deliveries?since={day}&until={day}",
    "delivery": "/deliveries/{delivery}",
    "reconciliation": "/reconciliation",
    "reconciliation: run": "/reconciliation/1",
    "reconciliation: all of a run": "/reconciliation/1?finding=all",
    "reconciliation: none of a run": "/reconciliation/1?finding=type_differs",
    "reconciliation: deep in a run": "/reconciliation/1?finding=all&after={half}",
    "settings: accounts": "/settings/accounts",
    "settings: mappings": "/settings/mappings",
    "settings: alerts": "/settings/alerts",
    "settings: installation": "/settings/installation",
    "settings: users": "/settings/users",
    "settings: tokens": "/settings/tokens",
    "audit": "/settings/audit",
    "audit: actor": "/settings/audit?actor=user:ann@example.com",
    "audit: action": "/settings/audit?action=cancel",
    "audit: no action": "/settings/audit?action=none",
    "audit: subject": "/settings/audit?subject=refund&id={half}",
    "audit: kind": "/settings/audit?subject=account",
    "audit: none of common": "/settings/audit?actor=user:ann@example.com&action=none",
    "audit: none of two common": "/settings/audit?actor=user:ann@example.com&action=record&subject=delivery",
    "audit: number": "/settings/audit?id=987654321987",
    "audit: day": "/settings/audit?since={day}&until={day}",
    "jobs": "/rq/",
    "metrics": "/metrics",
    "api: refunds": "/api/v1/refunds",
    "api: refunds deep": "/api/v1/refunds?state=posted&order=4500000012",
    "api: none of common": "/api/v1/refunds?state=posted&reason=ECHO",
    "api: name begins": "/api/v1/refunds?q=rs-shop-1",
    "api: all names begin": "/api/v1/refunds?q=rs-shop",
    "api: SKU": "/api/v1/refunds?q=LAMP",
    "api: no name": "/api/v1/refunds?q=nothing-like-it",
    "api: day": "/api/v1/refunds?from={day}T00:00:00Z",
    "api: refund": "/api/v1/refunds/{half}",
    "api: deliveries": "/api/v1/deliveries",
    "api: no delivery": "/api/v1/deliveries?topic=none",
    "api: accounts": "/api/v1/accounts",
    "api: run": "/api/v1/reconciliations/1",
    **MORE,
    **EXPORTS,
}
"""Where each page is, with what stands for its parts."""


def furnish(ledger: shop.Ledger) -> tuple[str, str]:
    """Add a second account, what pages are about, and somebody who looks; return cookie and API token."""
    now, vault = utcnow(), Vault((ledger.key,))
    with ledger.database.write() as session:
        small = accounts.NewAccount(
            SMALL,
            Platform.SHOPIFY,
            f"small-{SHOP}",
            "books",
            {},
            ledger.secret,
            direction=Direction.TO_NETSUITE,
            settings={},
        )
        accounts.add(session, vault, small, now=now, actor=_ACTOR)
        shop_account = accounts.by_slug(session, SLUG)
        asking.retrieve(session, shop_account, "#1001", now=now, actor=_ACTOR, trace_id=uuid.uuid4().hex)
        wishes, ground = Wishes("desk", "ann@example.com"), Ground(can_mail=True, allow_private=False)
        alert_channels.add(session, vault, ChannelKind.EMAIL, wishes, ground=ground, now=now, actor=_ACTOR)
        installation.store(session, "api_requests_per_minute", "1000000")
        user = people.add_user(
            session, "ann@example.com", Role.ADMIN, "correct horse battery staple", now=now, actor=_ACTOR
        )
        _, token = people.add_token(session, "bench", Role.VIEWER, timedelta(days=1), now=now, actor=_ACTOR)
        return sessions.begin(session, user, now=now, awaits_code=False), token


def parts(database: Database, size: int) -> Mapping[str, object]:
    """Return what stands for the parts of addresses, on a ledger of a size."""
    newest_of = {
        "delivery": Delivery,
        "user": User,
        "token": ApiToken,
        "channel": AlertChannel,
        "request": Request,
    }
    with database.read() as session:
        ids = {name: session.scalar(select(func.max(each.id))) for name, each in newest_of.items()}
    newest = range(size - 1, size - 51, -1)
    return {
        **ids,
        "shop": SLUG,
        "books": "books",
        "queue": Platform.SHOPIFY.value,
        "last_jobs": JOBS // 200,
        "half": size // 2,
        "last": size - 1,
        "tail": f"{size // 2:05}"[-5:],
        "day": (utcnow() - timedelta(days=1)).date().isoformat(),
        "shown": ",".join(map(str, newest)),
        "ids": "&".join(f"id={number}" for number in newest),
    }


def measure(web: requests.Session, url: str, repeats: int) -> list[float]:
    """Return how long a page took each time, in milliseconds.

    Raises:
        requests.HTTPError: If it is not answered well.
    """
    millis = []
    for number in range(repeats + _WARM_UP):
        started = time.perf_counter()
        answer = web.get(url, allow_redirects=False, timeout=60)
        if number >= _WARM_UP:
            millis.append((time.perf_counter() - started) * 1000)
        answer.raise_for_status()
        if answer.is_redirect:
            raise requests.HTTPError(f"{url} leads to {answer.headers['Location']}")
    return millis


def too_slow(rows: Sequence[figures.Row], size: int) -> list[str]:
    """Return the pages of a table that take as long as a page may, or longer, half of the times."""
    return [str(row["page"]) for row in rows if float(row[f"p50 at {size:,}"]) >= _LIMIT]


@click.command()
@click.option("--size", "sizes", multiple=True, type=int, default=(10_000, 1_000_000), show_default=True)
@click.option("--repeats", default=100, show_default=True, help="How often each page is asked for.")
@click.option("--only", default="", help="Only pages whose name has this in it.")
@click.pass_context
def pages(context: click.Context, *, sizes: tuple[int, ...], repeats: int, only: str) -> None:
    """Measure how long pages take, in milliseconds, on a ledger in PostgreSQL that grows.

    The exit code is 1 where half of a page's requests take 50 ms or longer on the largest; exports are
    listed apart, and not held to it.
    """
    rows: dict[str, dict[str, str | float]] = {name: {"page": name} for name in PAGES if only in name}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, servers.valkey(Path(name)) as redis_url:
        home = Path(name)
        home.chmod(0o755)  # PostgreSQL runs as somebody else when this runs as root
        with shop.opened("postgresql", home / "database") as url, shop.ledger(url) as ledger:
            cookie, token = furnish(ledger)
            queue.Waker(queue.connect(redis_url)).refunds(Platform.SHOPIFY, range(1, JOBS + 1))
            env = dict(ledger.env(home, redis_url))
            with (
                servers.gunicorn("", env, home / "web", processes=1) as port,
                requests.Session() as web,
                requests.Session() as stranger,
            ):
                web.cookies.set(_COOKIE, cookie)
                web.headers["Authorization"] = f"Bearer {token}"
                filled = 1
                for size in sorted(sizes):
                    grown.grow(ledger.database, filled, size)
                    filled = size
                    known = parts(ledger.database, size)
                    for page, row in rows.items():
                        asks = stranger if page in SIGNED_OUT else web
                        address = PAGES[page].format(**known)
                        millis = measure(asks, f"http://127.0.0.1:{port}{address}", repeats)
                        row[f"p50 at {size:,}"] = round(figures.percentile(millis, 0.5), 2)
                        row[f"p99 at {size:,}"] = round(figures.percentile(millis, 0.99), 2)
    held = [row for page, row in rows.items() if page not in EXPORTS]
    exports = [row for page, row in rows.items() if page in EXPORTS]
    slow = too_slow(held, max(sizes))
    figures.show("pages", held, exports, repeats=repeats, limit_ms=_LIMIT, above_limit=slow)
    if exports:
        click.echo("The second table has exports, which hold everything that matches: no limit.", err=True)
    if slow:
        click.echo(f"{_LIMIT} ms or longer: {', '.join(slow)}.", err=True)
        context.exit(1)
