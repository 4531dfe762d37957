"""The guide to the API says what is so: its operations, its refusals, and its examples, which are run."""

import re
import shlex
from pathlib import Path
from string import Template
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ledger import installation
from ledger.clock import utcnow
from ledger.models import Account, RequestState, Role, RunState
from ledger.states import State
from tests.webhooks.api.conftest import PREFIX, Api, make_token
from tests.webhooks.api.furnished import furnish
from tests.webhooks.conftest import Web
from webhooks.api import cursors
from webhooks.api.schemas.common import PageQuery

GUIDE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
EXAMPLES = [line for block in BLOCKS for line in block.splitlines() if line.startswith("curl ")]
ROW = re.compile(r"^\| `(GET|POST) (\S+)` \| (\w+) \|", re.MULTILINE)
REFUSAL = re.compile(r"^\| (\d{3}) \| (`.*?) \|", re.MULTILINE)


def called(api: Api, command: str, values: dict[str, str]) -> TestResponse:
    """Send what a line of `curl` would send."""
    words = iter(shlex.split(Template(command).substitute(values))[1:])
    method, path, body = "GET", "", None
    headers: dict[str, str] = {}
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            assert not path, word
            path = word
    return api.client.open(path, method=method, headers=headers, data=body)


@pytest.fixture
def values(web: Web, shop: Account) -> dict[str, str]:
    """What the examples leave to whoever runs them."""
    there = furnish(web.database, shop, now=utcnow())
    return {
        "URL": PREFIX,
        "TOKEN": make_token(web.database, Role.OPERATOR, "guide"),
        "REFUND": str(there.refunds[State.ERROR]),
        "DISCREPANCY": str(there.refunds[State.DISCREPANCY]),
        "REQUEST": str(there.request),
        "RUN": str(there.run),
        "RECONCILIATION": str(there.reconciliation),
        "CURSOR": cursors.write(there.refunds[State.IGNORED]),
    }


def test_every_example_does_what_the_guide_says(nobody: Api, values: dict[str, str]) -> None:
    assert len(EXAMPLES) >= 19
    for command in EXAMPLES:
        answer = called(nobody, command, values)
        takes_longer = any(word in command for word in ("/retrieve", "/check", "/dry-run", '"$URL/runs"'))
        assert answer.status_code == (202 if takes_longer else 200), (command, answer.text)
        assert ("Location" in answer.headers) is takes_longer


@pytest.mark.parametrize("command", EXAMPLES)
def test_no_example_works_without_a_token(nobody: Api, values: dict[str, str], command: str) -> None:
    nobody.refused(called(nobody, command, {**values, "TOKEN": "none"}), 401, "unauthorized")


def test_every_operation_stands_in_the_guide_with_its_least_role(app: Flask) -> None:
    paths: dict[str, Any] = app.test_client().get(f"{PREFIX}/openapi.json").get_json()["paths"]
    described = {
        (method.upper(), path.removeprefix(PREFIX), role)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method in {"get", "post"}
        for role in operation["security"][0]["token"]
    }
    assert set(ROW.findall(GUIDE)) == described


def test_every_status_that_is_described_stands_among_the_refusals(app: Flask) -> None:
    paths: dict[str, Any] = app.test_client().get(f"{PREFIX}/openapi.json").get_json()["paths"]
    described = {
        status
        for methods in paths.values()
        for method, operation in methods.items()
        if method in {"get", "post"}
        for status in operation["responses"]
        if status.isdecimal() and int(status) >= 400
    }
    assert {status for status, _ in REFUSAL.findall(GUIDE)} == described


def test_the_states_of_what_takes_longer_stand_in_the_guide() -> None:
    assert all(f"`{state}`" in GUIDE for state in (*RequestState, *RunState))


def test_the_numbers_are_those_of_the_program() -> None:
    limit = PageQuery().fields["limit"]
    assert f"{limit.load_default} where nothing is said" in GUIDE
    assert f"A token has {installation.Installation().api_requests_per_minute:.0f} requests a minute" in GUIDE
