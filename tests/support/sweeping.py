"""Looks for secrets in all that a run wrote and showed: log, pages, answers of the API, metrics."""

import base64
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

import requests
from sqlalchemy import select

from ledger.database import Database
from ledger.models import Account, NetSuiteAccount
from ledger.secrets import Vault

_SHORTEST: Final = 12  # characters; shorter ones stand in texts by chance
_EACH: Final = 3  # pages of one kind that are looked at
_PUBLIC: Final = frozenset(
    {"auth", "client_id", "certificate_id", "key_id", "app_id", "seller_id", "topic_arns"}
)
"""Parts of credentials that platforms show to anybody, too."""

_CSRF: Final = re.compile(r'name="csrf_token" value="([0-9a-f]{64})"')
_LINK: Final = re.compile(r'\b(?:href|action|hx-get)="(/[^"]*)"')
_NUMBER: Final = re.compile(r"\d+")
_DANGEROUS: Final = ("/static/", "/rq/static/", "/sign-")


def secrets_of(database: Database, vault: Vault) -> Iterator[str]:
    """Yield every secret that an installation's accounts have."""
    with database.read() as session:
        accounts = [*session.scalars(select(Account)), *session.scalars(select(NetSuiteAccount))]
        for each in accounts:
            yield from _leaves(vault.open(each.webhook_secrets))
            yield from _leaves(vault.open(each.credentials))


def _leaves(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON may be anything
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in _PUBLIC and "public" not in name:
                yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str) and value:
        yield value


def found(secrets: Iterable[str], texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Return where a secret stands in a text, in any of the ways that it may be written, by its beginning.

    Args:
        secrets: What must not be there; of one with lines, such as a key, each line.
        texts: What was written and shown, by where.
    """
    hits: dict[str, set[str]] = {}
    for secret in secrets:
        for line in secret.splitlines():
            if len(line) >= _SHORTEST and not line.startswith("-----"):
                for way in _ways(line):
                    where = {name for name, text in texts.items() if way in text}
                    if where:
                        hits.setdefault(secret[:6], set()).update(where)
    return hits


def _ways(secret: str) -> set[str]:
    plain = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], plain}


@dataclass
class Crawler:
    """Somebody who signs in to the portal and looks at everything that it leads to.

    Attributes:
        texts: What was shown, by address.
    """

    url: str
    texts: dict[str, str] = field(default_factory=dict)
    _session: requests.Session = field(default_factory=requests.Session)

    def sign_in(self, email: str, password: str) -> str:
        """Sign in, after a wrong password; return the cookie."""
        for tried in (f"{password}-or-not", password):
            token = _CSRF.search(self._session.get(f"{self.url}/sign-in", timeout=30).text)
            assert token is not None
            form = {"csrf_token": token[1], "email": email, "password": tried}
            answer = self._session.post(f"{self.url}/sign-in", data=form, timeout=30)
        assert "Sign out" in answer.text
        (cookie,) = self._session.cookies.values()
        return str(cookie)

    def look(self, path: str, **headers: str) -> str:
        """Look at a page; return it."""
        answer = self._session.get(self.url + path, headers=headers, timeout=60)
        assert answer.status_code == requests.codes.ok, (path, answer.status_code)
        self.texts[path] = answer.text + "".join(
            f"\n{name}: {value}" for name, value in answer.headers.items()
        )
        return answer.text

    def walk(self, start: str = "/") -> None:
        """Look at everything that pages lead to, at a few of each kind."""
        kinds: dict[str, int] = {}
        waiting, seen = deque([start]), {start}
        while waiting:
            path = waiting.popleft()
            for link in _LINK.findall(self._glance(path)):
                address = urljoin(path, link.replace("&amp;", "&").partition("#")[0])
                kind = _kind(address)
                if address in seen or address.startswith(_DANGEROUS) or kinds.get(kind, 0) >= _EACH:
                    continue
                kinds[kind] = kinds.get(kind, 0) + 1
                seen.add(address)
                waiting.append(address)

    def _glance(self, path: str) -> str:
        answer = self._session.get(self.url + path, timeout=60)
        assert answer.status_code < requests.codes.server_error, path
        self.texts[path] = answer.text
        return answer.text


def _kind(address: str) -> str:
    parts = urlsplit(address)
    names = sorted(each.partition("=")[0] for each in parts.query.split("&"))
    return _NUMBER.sub("#", parts.path) + "?" + "&".join(names)
