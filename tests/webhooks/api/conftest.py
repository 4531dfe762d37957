"""The API on a ledger with a shop, and callers of every role."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select
from werkzeug.test import TestResponse

from ledger import people
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, AuditEntry, Role
from tests.webhooks.conftest import Web

PREFIX = "/api/v1"


@dataclass
class Api:
    """The API, as one caller sees it."""

    client: FlaskClient
    database: Database
    redis: Redis
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(PREFIX + path, headers=self._headers(headers))

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        return self.client.post(PREFIX + path, json=body, headers=self._headers(headers))

    def ok(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return what is at a path."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def did(self, path: str, body: object = None, status: int = 200) -> Any:  # noqa: ANN401 - JSON
        """Return what was answered to something that was done."""
        answer = self.post(path, {} if body is None else body)
        assert answer.status_code == status, answer.text
        return answer.json

    def refused(self, answer: TestResponse, status: int, code: str) -> dict[str, Any]:
        """Check that an answer is a refusal of the one shape, and return it."""
        assert answer.status_code == status, answer.text
        assert answer.content_type == "application/json"
        said: dict[str, Any] = answer.get_json()
        assert set(said) == {"code", "message", "errors"}
        assert said["code"] == code
        assert said["message"]
        return said

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        mine = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**mine, **self.headers, **named}

    def audit(self, subject: str, subject_id: int) -> list[AuditEntry]:
        with self.database.read() as session:
            query = select(AuditEntry).where(
                AuditEntry.subject == subject, AuditEntry.subject_id == subject_id
            )
            return list(session.scalars(query.order_by(AuditEntry.id)))

    def jobs(self, queue: str) -> int:
        return int(self.redis.llen(f"rq:queue:{queue}"))


def make_token(database: Database, role: Role, name: str = "", *, now: datetime | None = None) -> str:
    """Return the text of a new token."""
    life = timedelta(days=1)
    with database.write() as session:
        _, text = people.add_token(session, name or role, role, life, now=now or utcnow(), actor="test")
    return text


@pytest.fixture
def tokens(database: Database) -> dict[Role, str]:
    """A token of each role, called after it."""
    return {role: make_token(database, role) for role in Role}


@pytest.fixture
def operator(web: Web, tokens: dict[Role, str]) -> Api:
    """The API as an operator sees it."""
    return Api(web.client, web.database, web.redis, tokens[Role.OPERATOR])


@pytest.fixture
def viewer(web: Web, tokens: dict[Role, str]) -> Api:
    """The API as a viewer sees it."""
    return Api(web.client, web.database, web.redis, tokens[Role.VIEWER])


@pytest.fixture
def nobody(web: Web) -> Api:
    """The API as it is seen without a token."""
    return Api(web.client, web.database, web.redis, "")


@pytest.fixture
def shop(database: Database, shop_id: int) -> Account:
    """The shop `shop`."""
    with database.read() as session:
        return session.get_one(Account, shop_id)
