"""The API does what its description says, whatever it is sent: schemathesis with every check on."""

import itertools
import os
import re
import secrets
import threading
from collections.abc import Iterator, MutableMapping
from http import HTTPStatus
from typing import Any, Final

import pytest
import schemathesis
from flask import Flask
from schemathesis import Case, HookContext
from schemathesis.core.result import Ok
from schemathesis.engine import events, from_schema
from schemathesis.schemas import APIOperation, BaseSchema
from werkzeug.serving import WSGIRequestHandler, make_server

from ledger import installation, requests
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, Role
from tests.support.databases import Clone
from tests.support.ledger import TRACE
from tests.webhooks.api.furnished import furnish
from tests.webhooks.conftest import Line
from webhooks.api.keeping import HEADER, PATTERN
from webhooks.api.operations import SECURITY

_FRESH: Final = itertools.count()
_IS_THOROUGH: Final = os.environ.get("SCHEMATHESIS") == "thorough"
"""Whether each operation is tried with many examples, another time with others, and by every role."""
_EXAMPLES: Final = 25 if _IS_THOROUGH else 3
_ROLES: Final = tuple(Role) if _IS_THOROUGH else (Role.ADMIN,)
_SEED: Final = 20261
_USUAL: Final = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")
"""What the check of data that fits the schema takes as answers, unless it is told otherwise."""
# Done, or not possible in the state in which it is: neither is a mistake in what was sent.
_REACHED: Final = (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT)


class _Quiet(WSGIRequestHandler):
    """Handles requests without a line for each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@schemathesis.hook("before_call")
def never_the_same_key(_: HookContext, case: Case[Any], __: dict[str, Any]) -> None:
    """Another request under a key that was used is rightly refused, so no valid key is used twice."""
    headers: MutableMapping[str, Any] = case.headers or {}
    key = headers.get(HEADER)
    if isinstance(key, str) and re.fullmatch(PATTERN, key):
        headers[HEADER] = f"{key[:200]}-{next(_FRESH)}"


@pytest.fixture
def database_url(postgresql: Clone) -> Iterator[str]:
    """PostgreSQL, which refuses more of what can be sent than SQLite does."""
    with postgresql() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, connected."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the web process listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def seed() -> int:
    """What the examples are made from: `SCHEMATHESIS_SEED` tries those of an earlier time again."""
    usual = secrets.randbits(32) if _IS_THOROUGH else _SEED
    return int(os.environ.get("SCHEMATHESIS_SEED", usual))


def _config(token: str, seed: int) -> schemathesis.Config:
    return schemathesis.Config.from_dict(
        {
            "seed": seed,
            "cache": {"enabled": False},
            "auth": {"openapi": {SECURITY: {"bearer": token}}},
            "generation": {
                "max-examples": _EXAMPLES,
                "deterministic": not _IS_THOROUGH,
                "no-shrink": True,
            },
            "continue-on-failure": True,
            # That other methods are refused is the same in all places; one of them is enough.
            "phases": {"coverage": {"unexpected-methods": ["DELETE"]}},
            "parameters": {"path.number": 2, "path.slug": "shop"},
            "operations": [
                {
                    # By name: of several conditions one is enough.
                    "include-name": ["POST /api/v1/runs", "POST /api/v1/reconciliations"],
                    # No schema can say that a period ends after it begins, or that it is not all to come, so
                    # what is generated from one is rightly refused with 422, and nothing stricter would hold.
                    # The other checks on these answers are as everywhere.
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*_USUAL, "422"]}},
                }
            ],
        }
    )


def _told(event: events.EngineEvent) -> Iterator[str]:
    """Yield what is wrong, as an event tells it."""
    if isinstance(event, events.NonFatalError):
        yield f"{event.label}: {event.value!r}"
    if isinstance(event, events.FatalError):
        yield repr(event.exception)
    if isinstance(event, events.ScenarioFinished):
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    yield f"{check.name}: {check.failure_info.failure} {check.failure_info.code_sample}"


def _answered(event: events.EngineEvent) -> Iterator[tuple[str, int]]:
    """Yield which operations were answered how."""
    if isinstance(event, events.ScenarioFinished) and event.label:
        for interaction in event.recorder.interactions.values():
            if interaction.response is not None and interaction.request.method in event.label:
                yield event.label, interaction.response.status_code


@pytest.mark.parametrize("role", _ROLES)
def test_every_check_of_schemathesis_holds(
    address: str,
    database: Database,
    shop: Account,
    tokens: dict[Role, str],
    log: list[Line],
    seed: int,
    role: Role,
) -> None:
    furnish(database, shop, now=utcnow())
    with database.write() as session:
        installation.store(session, "api_requests_per_minute", "1000000")
        # The second, which is the one that is asked for: a viewer makes none.
        requests.check(session, session.get_one(Account, shop.id), now=utcnow(), actor="test", trace_id=TRACE)
    description = schemathesis.openapi.from_url(
        f"{address}/api/v1/openapi.json", config=_config(tokens[role], seed)
    )
    happened = list(from_schema(description).execute())
    assert [said for event in happened for said in _told(event)] == [], f"SCHEMATHESIS_SEED={seed}"
    reached = {label for event in happened for label, status in _answered(event) if status in _REACHED}
    methods = {"GET"} if role is Role.VIEWER else {"GET", "POST"}
    assert reached == {
        f"{each.method.upper()} {each.path}"
        for each in _operations(description)
        if each.method.upper() in methods
    }


def _operations(description: BaseSchema) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    for found in description.get_all_operations():
        assert isinstance(found, Ok)
        yield found.ok()
