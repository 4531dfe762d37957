"""The portal as people of each role see it: browsers, forms with their tokens, and the words on pages."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from ledger import people, sessions
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Role, User
from ledger.secrets import Vault

PASSWORD = "correct horse battery staple"

_TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]{64})"')
_COOKIE = "refund-sync"


@dataclass
class Browser:
    """A browser at the portal; `user` is who is signed in with it, None for nobody.

    Attributes:
        database: The ledger behind the portal.
        redis: The queue's Redis.
    """

    client: FlaskClient
    database: Database
    redis: Redis
    vault: Vault
    user: User | None = None

    def get(self, path: str, **headers: str) -> TestResponse:
        """Ask for a page."""
        return self.client.get(path, headers=_headers(headers))

    def post(
        self, path: str, values: Mapping[str, str | list[str]] | None = None, **headers: str
    ) -> TestResponse:
        """Send a form, with the token that the portal's pages hold for this browser."""
        return self.client.post(
            path, data={"csrf_token": self.token(), **(values or {})}, headers=_headers(headers)
        )

    def token(self) -> str:
        """Return the token that the forms of this browser hold."""
        page = self.client.get("/sign-in?next=/me", follow_redirects=True)
        found = _TOKEN.search(page.text)
        assert found is not None, page.text
        return found[1]

    def follow(self, answer: TestResponse) -> TestResponse:
        """Ask for the page an answer leads to."""
        assert answer.status_code == 303, answer.text
        return self.client.get(answer.headers["Location"])


Enter = Callable[[Role], Browser]


@pytest.fixture
def nobody(app: Flask, database: Database, valkey_url: str, vault: Vault) -> Iterator[Browser]:
    """A browser with which nobody is signed in."""
    with Redis.from_url(valkey_url) as redis:
        yield Browser(app.test_client(), database, redis, vault)


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of `PASSWORD`, made once."""
    return PasswordHasher.from_parameters(CHEAPEST).hash(PASSWORD)


@pytest.fixture
def enter(app: Flask, nobody: Browser, password_hash: str) -> Enter:
    """Adds a person of a role, `{role}@example.com`, and returns a browser with which they are signed in."""

    def signed_in(role: Role) -> Browser:
        with nobody.database.write() as session:
            user = people.by_email(session, f"{role}@example.com")
            if user is None:
                user = User(
                    email=f"{role}@example.com", role=role, password_hash=password_hash, created_at=utcnow()
                )
                session.add(user)
                session.flush()
            token = sessions.begin(session, user, now=utcnow(), awaits_code=False)
        client = app.test_client()
        client.set_cookie(_COOKIE, token)
        return Browser(client, nobody.database, nobody.redis, nobody.vault, user)

    return signed_in


@pytest.fixture
def viewer(enter: Enter) -> Browser:
    """A browser with which a viewer is signed in."""
    return enter(Role.VIEWER)


@pytest.fixture
def operator(enter: Enter) -> Browser:
    """A browser with which an operator is signed in."""
    return enter(Role.OPERATOR)


@pytest.fixture
def admin(enter: Enter) -> Browser:
    """A browser with which an administrator is signed in."""
    return enter(Role.ADMIN)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def text_of(answer: TestResponse) -> str:
    """Return the words on a page, with one blank between them."""
    parser = _Text()
    parser.feed(answer.text)
    return " ".join(parser.words)


def _headers(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
