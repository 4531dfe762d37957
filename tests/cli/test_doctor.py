"""`refund-sync doctor`, and the two `test` commands, against simulated platforms and a real web process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import text, update
from werkzeug.serving import make_server

from cli.checks import clock, queue
from cli.checks.finding import Status
from cli.checks.ledger import judge_version
from ledger.database import Database
from ledger.models import Account, AlertChannel, ChannelKind
from ledger.settings import Settings
from tests.cli.installation import Installation
from tests.cli.platforms import DOMAIN, Platforms, connect
from tests.support.alerts import make_channel
from tests.support.ledger import NOW
from tests.workers.platforms.world import Control
from webhooks.app import create_app


@contextmanager
def web(installation: Installation) -> Iterator[str]:
    """Serve the installation's web process; yield its address."""
    settings = Settings.from_env({name: value for name, value in installation.env.items() if value})
    app = create_app(settings, database=installation.database)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Stranger(BaseHTTPRequestHandler):
    """Something else that answers at our address; it hangs up on whoever posts something."""

    says = b"hello"

    def do_GET(self) -> None:
        self.send_response_only(200)
        self.end_headers()
        self.wfile.write(self.says)

    def do_POST(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextmanager
def stranger(says: bytes = b"hello") -> Iterator[str]:
    """Serve something that is not ours."""
    handler = type("Handler", (_Stranger,), {"says": says})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _by_check(findings: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        found.setdefault(finding["check"], []).append(finding)
    return found


@pytest.fixture
def connected(control: Control, installation: Installation) -> Platforms:
    """An installation with a shop and books."""
    return connect(control, installation)


def test_a_whole_installation_is_well(connected: Platforms) -> None:
    with web(connected.installation) as address:
        connected.installation.env["REFUND_SYNC_PUBLIC_URL"] = address
        found = connected.installation.json("doctor")

    checks = _by_check(found)
    statuses = {check: {each["status"] for each in each_found} for check, each_found in checks.items()}
    assert statuses.pop("private addresses") == {"warn"}  # the sandbox is on this host
    statuses.pop("persistence")  # the tests' server keeps nothing
    assert statuses.pop("alerts") == {"warn"}  # nobody is told yet
    assert set(statuses) == {
        *("settings", "database", "schema", "redis", "eviction", "clock of Redis", "public address"),
        *("netsuite books", "clock of the platform of books", "webhooks of netsuite books"),
        *("account my-shop", "clock of the platform of my-shop", "webhooks of account my-shop"),
    }
    assert all(each == {"ok"} for each in statuses.values()), found


def test_findings_say_what_to_do(connected: Platforms) -> None:
    said = connected.installation.run("doctor").stdout

    assert "OK    schema: up to date" in said
    assert "WARN  public address: REFUND_SYNC_PUBLIC_URL is not set" in said
    assert "      Set it to the https:// address" in said


def test_both_databases_are_looked_at(either: Installation) -> None:
    checks = _by_check(either.json("doctor"))

    kind = "SQLite" if either.database.is_sqlite else "PostgreSQL"
    assert checks["database"][0]["text"].startswith(kind)
    assert ("clock of the database" in checks) is not either.database.is_sqlite


def test_every_wrong_setting_is_a_finding_of_its_own(installation: Installation) -> None:
    installation.env |= {"REDIS_URL": "http://queue", "REFUND_SYNC_LOG": "xml"}

    found = installation.json("doctor", code=1)

    assert [(each["check"], each["status"]) for each in found] == [("settings", "fail")] * 2


def test_a_database_that_does_not_answer_hides_what_needs_it_and_nothing_else(
    installation: Installation,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    installation.env["DATABASE_URL"] = f"postgresql://anna:hunter2@127.0.0.1:{port}/ledger"

    found = installation.json("doctor", code=1)

    checks = _by_check(found)
    assert checks["database"][0]["status"] == "fail"
    assert "redis" in checks
    assert "public address" not in checks
    assert "hunter2" not in str(found)


def test_an_outdated_schema_fails(installation: Installation) -> None:
    with installation.database.write() as session:
        session.execute(text("DELETE FROM alembic_version"))

    schema = _by_check(installation.json("doctor", code=1))["schema"][0]

    assert schema["status"] == "fail"
    assert "refund-sync migrate" in schema["mend"]


def test_a_schema_of_a_newer_version_is_worked_with_and_remarked_on(installation: Installation) -> None:
    with installation.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    schema = _by_check(installation.json("doctor"))["schema"][0]

    assert (schema["status"], "newer" in schema["text"]) == ("warn", True)


def test_a_redis_that_does_not_answer_fails(installation: Installation) -> None:
    installation.env["REDIS_URL"] = f"unix://{installation.home / 'nobody.sock'}"

    redis = _by_check(installation.json("doctor", code=1))["redis"][0]

    assert (redis["status"], "REDIS_URL" in redis["mend"]) == ("fail", True)


def test_a_server_that_forgets_jobs_fails(installation: Installation) -> None:
    with Redis.from_url(str(installation.env["REDIS_URL"])) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            eviction = _by_check(installation.json("doctor", code=1))["eviction"][0]
        finally:
            client.config_set("maxmemory-policy", "noeviction")

    assert eviction["status"] == "fail"
    assert "noeviction" in eviction["mend"]


@pytest.mark.parametrize(("save", "status"), [("", "warn"), ("3600 1", "ok")])
def test_a_server_that_keeps_nothing_is_warned_of(installation: Installation, save: str, status: str) -> None:
    with Redis.from_url(str(installation.env["REDIS_URL"])) as client:
        before = client.config_get("save")["save"]
        client.config_set("save", save)
        try:
            persistence = _by_check(installation.json("doctor"))["persistence"][0]
        finally:
            client.config_set("save", before)

    assert persistence["status"] == status


def test_a_key_that_opens_nothing_fails_each_account(connected: Platforms) -> None:
    connected.installation.env["REFUND_SYNC_SECRET_KEY"] = "x5fWbN3SHrBd0QBjdOl9NQBLuWrh0WfpFf8Wv4qjW8c="

    checks = _by_check(connected.installation.json("doctor", code=1))

    for name in ("netsuite books", "account my-shop"):
        assert checks[name][0]["status"] == "fail"
        assert "REFUND_SYNC_SECRET_KEY" in checks[name][0]["mend"]


def test_credentials_that_are_refused_fail(connected: Platforms) -> None:
    connected.control.patch(f"shopify/{DOMAIN}", {"access_token": "shpat_another"})

    checks = _by_check(connected.installation.json("doctor", code=1))

    assert checks["account my-shop"][0]["status"] == "fail"
    assert "refund-sync account test my-shop" in checks["account my-shop"][0]["mend"]
    assert checks["netsuite books"][0]["status"] == "ok"


def test_a_paused_account_is_warned_of_with_the_way_out(connected: Platforms) -> None:
    connected.installation.run("account", "pause", "my-shop", "--note", "stocktaking")

    (_, paused) = _by_check(connected.installation.json("doctor"))["account my-shop"]

    assert (paused["status"], "stocktaking" in paused["text"]) == ("warn", True)
    assert "refund-sync account resume my-shop" in paused["mend"]


def test_channels_of_alerts_that_do_not_work_fail_by_name(installation: Installation) -> None:
    with installation.database.write() as session:
        for name in ("slack", "works", "off"):
            make_channel(session, installation.vault, name)
        make_channel(session, installation.vault, "finance", kind=ChannelKind.EMAIL)
        broken = update(AlertChannel).values(failures=3, reason="REFUSED", detail="HTTP 404")
        session.execute(broken.where(AlertChannel.name.in_(("slack", "off"))))
        session.execute(update(AlertChannel).where(AlertChannel.name == "off").values(is_on=False))
        told = update(AlertChannel).where(AlertChannel.name == "works").values(told_at=NOW)
        session.execute(told)

    checks = _by_check(installation.json("doctor", code=1))

    (slack,), (mail,), (works,) = (checks[f"alerts to {name}"] for name in ("slack", "finance", "works"))
    assert slack["status"] == "fail"
    assert "3 times in a row nothing could be sent to hooks.example.com" in slack["text"]
    assert "HTTP 404" in slack["text"]
    assert "refund-sync alert test slack" in slack["mend"]
    assert (mail["status"], "REFUND_SYNC_SMTP_URL" in mail["mend"]) == ("fail", True)
    assert (works["status"], works["text"]) == ("ok", "hooks.example.com is told")
    assert not {"alerts", "alerts to off"} & set(checks)


def test_of_several_who_are_told_those_who_were_refused_are_warned_of(installation: Installation) -> None:
    with installation.database.write() as session:
        make_channel(session, installation.vault)
        session.execute(update(AlertChannel).values(detail="otto@example.com was refused"))

    (found,) = _by_check(installation.json("doctor"))["alerts to slack"]

    assert (found["status"], found["text"]) == ("warn", "otto@example.com was refused")


def test_a_channel_that_no_key_opens_fails(installation: Installation) -> None:
    with installation.database.write() as session:
        make_channel(session, installation.vault)
    installation.env["REFUND_SYNC_SECRET_KEY"] = "x5fWbN3SHrBd0QBjdOl9NQBLuWrh0WfpFf8Wv4qjW8c="

    (found,) = _by_check(installation.json("doctor", code=1))["alerts to slack"]

    assert (found["status"], "REFUND_SYNC_SECRET_KEY" in found["mend"]) == ("fail", True)


def test_settings_of_another_version_fail_their_account_alone(connected: Platforms) -> None:
    with connected.installation.database.write() as session:
        session.execute(update(Account).values(settings={"order_match": 7}))

    assert connected.installation.json("doctor", code=1)


def test_an_address_that_nobody_answers_fails(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        installation.env["REFUND_SYNC_PUBLIC_URL"] = f"http://127.0.0.1:{taken.getsockname()[1]}"
    found = _by_check(installation.json("doctor", code=1))["public address"][0]

    assert "cannot be reached" in found["text"]
    assert "refund-sync web" in found["mend"]


def test_an_address_that_somebody_else_answers_fails(installation: Installation) -> None:
    with stranger() as address:
        installation.env["REFUND_SYNC_PUBLIC_URL"] = address
        found = _by_check(installation.json("doctor", code=1))["public address"][0]

    assert "something else" in found["text"]


def test_an_address_of_another_installation_fails_the_webhooks(
    connected: Platforms, either: Installation
) -> None:
    with web(either) as address:  # whose ledger has none of these accounts
        connected.installation.env["REFUND_SYNC_PUBLIC_URL"] = address
        checks = _by_check(connected.installation.json("doctor", code=1))

    assert checks["public address"][0]["status"] == "ok"
    assert "answered 404" in checks["webhooks of account my-shop"][0]["text"]


@pytest.mark.parametrize(
    ("public_url", "status"), [("https://refunds.example.invalid", "fail"), (None, "warn")]
)
def test_private_addresses_are_not_for_production(
    installation: Installation, public_url: str | None, status: str
) -> None:
    installation.env["REFUND_SYNC_PUBLIC_URL"] = public_url

    found = _by_check(installation.json("doctor", code=1 if public_url else 0))

    assert found["private addresses"][0]["status"] == status


def test_refused_private_addresses_are_well(installation: Installation) -> None:
    installation.env["REFUND_SYNC_ALLOW_PRIVATE_URLS"] = None

    assert _by_check(installation.json("doctor"))["private addresses"][0]["status"] == "ok"


def test_good_credentials_are_accepted(connected: Platforms) -> None:
    assert "accepts the credentials" in connected.installation.run("account", "test", "my-shop").stdout
    said = connected.installation.run("netsuite", "test", "books").stdout
    assert "accepts the credentials and knows other_ref_num" in said


def test_a_field_that_netsuite_does_not_have_is_found_by_the_test(connected: Platforms) -> None:
    connected.installation.run("account", "set", "my-shop", "order_match=custbody_no_such_field")

    assert "custbody_no_such_field" in connected.installation.refused("netsuite", "test", "books")


@given(st.timedeltas(-timedelta(days=3), timedelta(days=3)))
def test_a_clock_is_judged_by_its_distance_alone(off: timedelta) -> None:
    found = clock.judge("Redis", NOW + off, NOW)
    seconds = abs(off).total_seconds()

    assert found.status is (Status.OK if seconds <= 5 else Status.WARN if seconds <= 60 else Status.FAIL)
    assert (found.status is Status.OK) is not bool(found.mend)
    assert ("ahead" in found.text) is (off > timedelta(seconds=5))


def test_an_answer_without_a_date_says_nothing_of_the_clock() -> None:
    http = clock.DatedHttp(read_timeout=10, allow_private=True, user_agent="test")
    with stranger() as address:
        http.call("GET", address, write=False)

    assert list(http.look("the stranger")) == []


def test_a_clock_that_cannot_be_asked_is_left_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    database = Database(f"postgresql+psycopg://127.0.0.1:{port}/ledger")

    assert list(clock.look_at_database(database)) == []


def test_times_may_be_of_any_zone() -> None:
    assert (
        clock.judge("Redis", datetime(2026, 3, 14, 15, tzinfo=UTC), NOW.replace(minute=0, second=0)).mend
        == ""
    )


@pytest.mark.parametrize(
    ("info", "status"),
    [
        ({"redis_version": "6.2.0"}, Status.OK),
        ({"redis_version": "8.0.1"}, Status.OK),
        ({"redis_version": "6.0.16"}, Status.FAIL),
        ({"redis_version": "5.0.7"}, Status.FAIL),
        ({"redis_version": "7.2.4", "valkey_version": "7.2.5", "server_name": "valkey"}, Status.OK),
        ({"redis_version": "7.2.4", "valkey_version": "9.1.2", "server_name": "valkey"}, Status.OK),
        ({"redis_version": "7.2.4", "valkey_version": "7.1.0", "server_name": "valkey"}, Status.FAIL),
        ({}, Status.FAIL),
    ],
)
def test_a_queues_server_is_judged_by_its_own_version(info: dict[str, str], status: Status) -> None:
    assert queue.judge_version(info).status is status


@pytest.mark.parametrize(
    ("version", "status"),
    [((13, 18), Status.FAIL), ((14, 0), Status.OK), ((18, 6), Status.OK), ((0,), Status.FAIL)],
)
def test_a_postgresql_is_judged_by_its_major_version(version: tuple[int, ...], status: Status) -> None:
    assert judge_version(version, "postgresql://x").status is status


def test_an_embedded_server_that_does_not_start_fails(installation: Installation) -> None:
    installation.env["REDIS_URL"] = None
    Path(str(installation.env["REFUND_SYNC_DATA_DIR"])).mkdir()
    installation.file("var/valkey", "in the way")

    (found,) = _by_check(installation.json("doctor", code=1))["redis"]

    assert "REDIS_URL" in found["text"]


def test_a_webhook_address_that_hangs_up_fails(connected: Platforms) -> None:
    with stranger(b'{"status": "ok"}') as address:  # which takes no POST
        connected.installation.env["REFUND_SYNC_PUBLIC_URL"] = address
        checks = _by_check(connected.installation.json("doctor", code=1))

    assert checks["public address"][0]["status"] == "ok"
    assert "cannot be reached" in checks["webhooks of account my-shop"][0]["text"]


def test_a_server_that_refuses_to_tell_its_settings_is_believed(installation: Installation) -> None:
    address = str(installation.env["REDIS_URL"])
    with Redis.from_url(address) as client:
        client.acl_setuser(
            "doctor", enabled=True, nopass=True, commands=["+@all", "-config", "-time"], keys=["*"]
        )
        try:
            installation.env["REDIS_URL"] = f"{address}?username=doctor&password=x"
            checks = _by_check(installation.json("doctor"))
        finally:
            client.acl_deluser("doctor")

    assert checks["persistence"][0]["text"] == "snapshots"
    assert "clock of Redis" not in checks


def test_a_server_that_does_not_say_how_it_keeps_data_is_believed() -> None:
    assert queue.judge_eviction("").status is Status.FAIL
    assert queue.judge_persistence({}, saves=True).status is Status.OK
    assert queue.judge_persistence({"aof_enabled": 1}, saves=True).text == "append-only file"
