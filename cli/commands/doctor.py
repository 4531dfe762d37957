"""Looks at everything an installation needs, and says how to mend what is wrong."""

from collections.abc import Iterator
from dataclasses import asdict

import click

from cli.checks import accounts, alerts, clock, ledger, queue, web
from cli.checks.clock import DatedHttp
from cli.checks.finding import Finding, Status
from cli.context import App, pass_app
from cli.embedded import EmbeddedError, queue_server
from cli.output import example, json_option, plain, show_json
from ledger import queries
from ledger.embedded import SocketPathError
from ledger.models import Account, NetSuiteAccount
from ledger.settings import SettingsError
from workers.runtime import USER_AGENT


@click.command(epilog=example("refund-sync doctor --json"))
@json_option
@pass_app
def doctor(app: App, *, as_json: bool) -> None:
    """Look at everything, and say how to mend it.

    Settings, database, queue, clocks, accounts, webhooks and alerts; the exit code is 1 if anything fails.
    """
    findings = []
    for finding in _examine(app):
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        show_json([asdict(finding) for finding in findings])
    if any(finding.status is Status.FAIL for finding in findings):
        raise SystemExit(1)


def _examine(app: App) -> Iterator[Finding]:
    """Yield what was found, part by part; a part is left out where what it needs has failed."""
    try:
        settings, database = app.settings, app.any_database
    except SettingsError as error:
        for problem in error.problems:
            yield Finding.fail("settings", problem, "Correct it in the environment.")
        return
    yield Finding.ok("settings", f"complete; data is kept in {settings.data_dir}")
    yield from web.look_at_settings(settings)
    database_works = True
    for finding in ledger.look(database):
        database_works = database_works and finding.status is not Status.FAIL
        yield finding
    try:
        with queue_server(settings):
            yield from _examine_running(app, database_works=database_works)
    except (EmbeddedError, SocketPathError) as error:
        yield Finding.fail("redis", str(error), "See the log, or set REDIS_URL.")


def _examine_running(app: App, *, database_works: bool) -> Iterator[Finding]:
    """Yield what can be found while the queue's server runs, as far as it does."""
    settings, runtime = app.settings, app.runtime
    yield from queue.look(runtime.redis)
    yield from clock.look_at_redis(runtime.redis)
    if not database_works:
        return
    yield from clock.look_at_database(runtime.database)
    http = DatedHttp(
        read_timeout=runtime.installation.read_timeout_seconds,
        allow_private=settings.allow_private_urls,
        user_agent=USER_AGENT,
        journal=runtime.journal,
    )
    runtime.http = http
    yield from accounts.look(runtime, http)
    with runtime.database.read() as session:
        known: list[Account | NetSuiteAccount] = [*queries.netsuite_accounts(session)]
        known += queries.storefront_accounts(session)
    yield from web.look(settings, known)
    yield from alerts.look(settings, runtime)


def _show(finding: Finding) -> None:
    click.echo(f"{finding.status.value.upper().ljust(5)} {finding.check}: {plain(finding.text)}")
    if finding.mend:
        click.echo(f"      {plain(finding.mend)}")
