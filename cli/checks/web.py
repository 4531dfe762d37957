"""The web process as the platforms see it: from outside, at its public address."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final

from cli.checks.accounts import name_of
from cli.checks.finding import Finding
from cli.connecting import webhook_url
from ledger.models import Account, NetSuiteAccount
from ledger.settings import Settings
from webhooks.sources import SOURCES
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http

_TIMEOUT: Final = 10.0  # seconds
_REACH: Final = "Run `refund-sync web`, and lead the address REFUND_SYNC_PUBLIC_URL to it."


def look_at_settings(settings: Settings) -> Iterator[Finding]:
    """Look at what development needs and production must not have."""
    if not settings.allow_private_urls:
        yield Finding.ok("private addresses", "refused")
        return
    text = "accounts may have an API address that is private or without TLS"
    mend = "Unset REFUND_SYNC_ALLOW_PRIVATE_URLS."
    is_production = settings.public_url.startswith("https:")
    yield (Finding.fail if is_production else Finding.warn)("private addresses", text, mend)


def look(settings: Settings, accounts: Sequence[Account | NetSuiteAccount]) -> Iterator[Finding]:
    """Call the web process at its public address, and each account's webhook address without a signature."""
    if not settings.public_url:
        yield Finding.warn(
            "public address",
            "REFUND_SYNC_PUBLIC_URL is not set, so nobody knows whether webhooks can arrive",
            "Set it to the https:// address at which the platforms reach `refund-sync web`.",
        )
        return
    # Our own address may well lead to a private one from here.
    http = Http(read_timeout=_TIMEOUT, allow_private=True, user_agent="refund-sync-doctor")
    health = _health(http, settings.public_url)
    yield health
    if not health.mend:
        for account in accounts:
            yield _webhook(http, settings, account)


def _health(http: Http, public_url: str) -> Finding:
    url = f"{public_url}/healthz"
    try:
        answer = http.call("GET", url, write=False)
    except PlatformError as error:
        return Finding.fail("public address", f"{url} cannot be reached: {error.detail}", _REACH)
    if answer.status != HTTPStatus.OK or answer.body != {"status": "ok"}:
        return Finding.fail(
            "public address", f"{url} is answered by something else ({answer.status})", _REACH
        )
    return Finding.ok("public address", f"{public_url} reaches the web process")


def _webhook(http: Http, settings: Settings, account: Account | NetSuiteAccount) -> Finding:
    source = "netsuite" if isinstance(account, NetSuiteAccount) else account.platform.value
    url = webhook_url(settings, source, account.slug)
    name = f"webhooks of {name_of(account)}"
    wanted = SOURCES[source].unsigned_status
    try:
        status = http.call("POST", url, write=False, json={}).status
    except PlatformError as error:
        return Finding.fail(name, f"{url} cannot be reached: {error.detail}", _REACH)
    if status == wanted:
        return Finding.ok(name, f"{url} refuses what is not signed")
    return Finding.fail(
        name,
        f"{url} answered {status} to an unsigned request, not {wanted}",
        "See that the address leads to this installation, unchanged, and that its ledger can be reached.",
    )
