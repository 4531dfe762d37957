"""What the command says when something is wrong: one sentence, and how to mend it."""

import errno
import importlib
import inspect
import os
import pkgutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

import cli
import ledger
import webhooks
import workers
from cli.errors import FORESEEN, sentence
from tests.cli.installation import Installation
from workers.platforms.errors import PlatformError

ROOT = Path(__file__).parents[2]

# Declared errors that end where they are raised, or in a process' log, and never at the command line.
INSIDE = {
    "ledger.exact_json.NotJsonError",
    "ledger.idempotency.IdempotencyError",
    "ledger.installation.InstallationError",
    "ledger.mail.MailServerError",
    "ledger.money.MoneyError",
    "ledger.platforms.credentials.CredentialsRefusedError",
    "ledger.reading.NobodyReadsError",
    "ledger.reading.NotUnderstoodError",
    "ledger.reasons.UnknownReasonError",
    "ledger.looks.StaleLookError",
    "ledger.refunds.LeaseLostError",
    "ledger.requests.RequestNotFoundError",
    "ledger.second_factor.SecondFactorError",
    "ledger.throttle.ThrottledError",
    "ledger.together.LeaderFailedError",
    "webhooks.api.errors.Refusal",
    "webhooks.dashboard.looking.JobGoneError",
    "webhooks.dashboard.looking.NotRequeueableError",
    "webhooks.dashboard.safety.ForeignOriginError",
    "webhooks.dashboard.views.QueueNameError",
    "webhooks.parsing.ParseError",
    "webhooks.portal.access.UndeclaredError",
    "webhooks.portal.csrf.ForeignFormError",
    "webhooks.portal.signing_in.RefusedError",
    "webhooks.receive.BodyError",
    "webhooks.sources.protocol.KeyUnreachableError",
    "webhooks.sources.protocol.NoSuchKeyError",
    "webhooks.sources.protocol.NotOfSchemaError",
    "webhooks.sources.protocol.SignatureError",
    "webhooks.sources.protocol.UnknownTopicError",
    "workers.platforms.amazon_report.ReportError",
    "workers.platforms.netsuite_queries.UnknownFieldError",
    "workers.rules.netsuite_lines.PlanError",
    "workers.telling.errors.TellingError",
    "workers.understanding.owner.OwnerError",
    "workers.worker.ForbiddenJobError",
}


def _declared() -> Iterator[type[Exception]]:
    """Yield every public error with a reason that our rooms declare."""
    for room in (ledger, webhooks, workers, cli):
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if "migrations" in found.name or found.name.startswith("cli.demo"):
                continue
            module = importlib.import_module(found.name)
            for name, each in inspect.getmembers(module, inspect.isclass):
                is_public = each.__module__ == found.name and not name.startswith("_")
                if is_public and issubclass(each, Exception):
                    yield each


def test_every_declared_error_is_foreseen_or_stays_inside() -> None:
    unforeseen = {
        f"{each.__module__}.{each.__name__}" for each in _declared() if not issubclass(each, FORESEEN)
    }

    assert unforeseen <= INSIDE


def test_every_mistake_in_the_settings_is_named_at_once(installation: Installation) -> None:
    installation.env |= {"REDIS_URL": "http://queue", "REFUND_SYNC_LOG": "xml", "DATABASE_URL": "mysql://x"}

    said = installation.refused("refund", "list")

    for name in ("REDIS_URL", "REFUND_SYNC_LOG", "DATABASE_URL"):
        assert name in said


def test_help_needs_no_settings(installation: Installation) -> None:
    installation.env["REDIS_URL"] = "http://queue"

    assert "Usage:" in installation.run("refund", "list", "--help").stdout


def test_an_outdated_schema_is_named_with_its_mend(installation: Installation) -> None:
    with installation.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    assert "refund-sync migrate" in installation.refused("refund", "list")
    assert "refund-sync migrate" in installation.refused("worker", "shopify")
    assert "refund-sync migrate" in installation.refused("scheduler")


def test_a_database_that_does_not_answer_is_named(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    installation.env["DATABASE_URL"] = f"postgresql://anna:hunter2@127.0.0.1:{port}/ledger"

    said = installation.refused("refund", "list")

    assert "DATABASE_URL" in said
    assert "hunter2" not in said


def test_a_file_that_is_no_database_is_named(installation: Installation) -> None:
    path = installation.file("ledger.db", "this is no database, however long it may be " * 10)
    installation.env["DATABASE_URL"] = f"sqlite:///{path}"

    assert "DATABASE_URL" in installation.refused("account", "list")


def test_a_port_that_is_no_number_is_named(installation: Installation) -> None:
    installation.env["DATABASE_URL"] = "postgresql://127.0.0.1:many/ledger"

    assert "DATABASE_URL" in installation.refused("migrate")


def test_a_data_directory_that_cannot_be_made_is_named(installation: Installation) -> None:
    path = installation.file("in-the-way", "")
    installation.env |= {"DATABASE_URL": None, "REFUND_SYNC_DATA_DIR": path}

    assert path in installation.refused("migrate")


def test_a_redis_that_does_not_answer_is_named(installation: Installation) -> None:
    installation.env["REDIS_URL"] = f"unix://{installation.home / 'nobody.sock'}"

    assert "REDIS_URL" in installation.refused("worker", "shopify")


def test_a_stored_secret_that_no_key_opens_is_named(installation: Installation) -> None:
    words = ("netsuite", "add", "books", "--account-id", "1234567_SB1", "--credentials-file", "-")
    tba = '{"auth":"tba","consumer_key":"a","consumer_secret":"b","token_id":"c","token_secret":"d"}'
    installation.run(*words, typed=tba)
    installation.env["REFUND_SYNC_SECRET_KEY"] = "x5fWbN3SHrBd0QBjdOl9NQBLuWrh0WfpFf8Wv4qjW8c="

    assert "REFUND_SYNC_SECRET_KEY" in installation.refused("netsuite", "test", "books")


def test_a_platforms_refusal_is_told_with_its_mend() -> None:
    said = sentence(PlatformError("BAD_CREDENTIALS", "401 INVALID_LOGIN Invalid login attempt."))

    assert said == (
        "The platform refused the credentials: 401 INVALID_LOGIN Invalid login attempt. "
        "Renew the account's credentials, then resume it."
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("SELECT 1", {}, Exception("")), "Exception"),
        (OperationalError("SELECT 1", {}, Exception("one\ntwo")), "one"),
        (RedisConnectionError("Connection refused."), "Connection refused"),
        (PermissionError(errno.EACCES, "Permission denied", "/var/x"), "/var/x: Permission denied"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("odd"), "odd"),
    ],
)
def test_a_sentence_is_one_line(error: Exception, said: str) -> None:
    assert said in sentence(error)
    assert "\n" not in sentence(error)


def test_a_reader_that_goes_away_is_no_failure_to_report(installation: Installation) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    env = os.environ | {name: value for name, value in installation.env.items() if value}
    command = [sys.executable, "-m", "cli.main", "refund", "list"]

    said = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=env, check=False, stdout=writing, stderr=subprocess.PIPE, text=True
    )

    os.close(writing)
    assert said.stderr == ""
