"""What goes along with every answer: headers, our own files, pages for what cannot be shown."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask, request

import webhooks.portal
from ledger.database import Database
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.webhooks.conftest import Line
from tests.webhooks.portal.conftest import Browser
from webhooks.app import create_app
from webhooks.portal.headers import POLICY

HOME = Path(webhooks.portal.__file__).parent


def test_every_answer_says_what_a_browser_may_do_with_it(viewer: Browser, nobody: Browser) -> None:
    for answer in (viewer.get("/"), nobody.get("/sign-in"), nobody.get("/nope"), nobody.get("/healthz")):
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers


def test_the_policy_allows_nothing_inline_and_no_frames() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in POLICY


def test_behind_tls_browsers_are_told_to_stay_there(
    settings: Settings, database: Database, vault: Vault
) -> None:
    app = create_app(replace(settings, public_url="https://r.example.com"), database=database, vault=vault)
    assert app.test_client().get("/healthz").headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [(0, ("http", "127.0.0.1")), (1, ("https", "198.51.100.7")), (2, ("http", "203.0.113.9"))],
)
def test_proxies_are_believed_as_many_as_there_are(
    settings: Settings, database: Database, vault: Vault, proxies: int, seen: tuple[str, str]
) -> None:
    app = create_app(replace(settings, trusted_proxies=proxies), database=database, vault=vault)
    found: list[tuple[str, str]] = []

    @app.before_request
    def look() -> None:
        found.append((request.scheme, request.remote_addr or ""))

    headers = {
        "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
        "X-Forwarded-Proto": "http, https",
        "X-Forwarded-Host": "evil.example",
    }
    app.test_client().get("/healthz", headers=headers)
    assert found == [seen]


def test_people_get_a_page_for_what_does_not_exist_and_programs_get_json(
    viewer: Browser, nobody: Browser
) -> None:
    page = viewer.get("/nope", Accept="text/html")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "viewer@example.com" in page.text
    assert "There is no such page" in nobody.get("/nope", Accept="text/html").text
    for path, accept in (("/webhooks/nope/x/y", "text/html"), ("/nope", "application/json")):
        answer = nobody.get(path, Accept=accept)
        assert (answer.status_code, answer.json and answer.json["code"]) == (404, "not_found")


def test_what_a_page_does_not_take_is_refused_with_what_it_takes(viewer: Browser) -> None:
    answer = viewer.client.delete("/me", headers={"Accept": "text/html"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_failure_is_a_page_that_tells_nothing_and_a_line_in_the_log(
    app: Flask, viewer: Browser, log: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.jinja_env.globals, "take_notices", lambda: 1 // 0)
    page = viewer.get("/me")
    assert page.status_code == 500
    assert "Something went wrong here" in page.text
    assert "division" not in page.text
    assert [line["reason"] for line in log] == ["INTERNAL"]


class Parts(HTMLParser):
    """What of a page the policy would not let run, and the files it asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.files: list[str] = []
        self.ids: list[str] = []
        self.lonely: list[str] = []
        self._labels: set[str] = set()
        self._fields: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        self.inline += [f"{tag} {name}" for name in of if name == "style" or name.startswith(("on", "hx-on"))]
        if tag == "style" or (tag == "script" and not of.get("src")):
            self.inline.append(tag)
        self.files += [of[name] or "" for name in ("src",) if name in of]
        self.files += [of["href"] or ""] if tag == "link" else []
        self.ids += [of["id"] or ""] if "id" in of else []
        if tag == "label" and "for" in of:
            self._labels.add(of["for"] or "")
        if tag in {"input", "select", "textarea"} and of.get("type") not in {"hidden", "checkbox"}:
            self._fields.add(of.get("id") or ("" if of.get("aria-hidden") else f"{tag} without an id"))

    def unlabelled(self) -> set[str]:
        """Return the fields that no label names."""
        return self._fields - self._labels - {""}


def pages(browser: Browser) -> Iterator[tuple[str, Parts]]:
    paths = ("/", "/me", "/sign-in", "/settings/users", "/settings/tokens", "/settings/audit", "/nope")
    for path in paths:
        parts = Parts()
        parts.feed(browser.get(path, Accept="text/html").text)
        yield path, parts


def test_pages_hold_nothing_that_the_policy_forbids(admin: Browser) -> None:
    for path, parts in pages(admin):
        assert parts.inline == [], path


def test_every_field_has_a_label_and_every_id_is_its_own(admin: Browser) -> None:
    for path, parts in pages(admin):
        assert parts.unlabelled() == set(), path
        assert len(parts.ids) == len(set(parts.ids)), path


def test_files_are_there_and_kept_for_ever_under_their_hash(admin: Browser) -> None:
    files = {file for _, parts in pages(admin) for file in parts.files}
    assert {file.partition("?")[0] for file in files} == {
        f"/static/{name}" for name in ("icon.svg", "portal.css", "htmx.min.js", "portal.js")
    }
    for file in files:
        with admin.get(file) as answer:
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert f"?v={hashlib.sha256(answer.data).hexdigest()[:16]}" in file
    with admin.get("/static/portal.css") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"


def test_what_is_vendored_is_what_was_published() -> None:
    vendored = json.loads((HOME / "static" / "vendored.json").read_text())
    assert set(vendored) == {"htmx.min.js"}
    for name, entry in vendored.items():
        content = (HOME / "static" / name).read_bytes()
        assert base64.b64encode(hashlib.sha384(content).digest()).decode() == entry["sha384"]
        assert f'version="{entry["version"]}"'.encode() in content


def test_templates_hold_a_token_in_every_form_that_changes_something() -> None:
    for template in sorted((HOME / "templates").glob("*.html")):
        forms = re.findall(r'<form[^>]*method="post".*?</form>', template.read_text(), re.DOTALL)
        for form in forms:
            assert "ui.token()" in form, template.name


def test_templates_escape_everything() -> None:
    for template in sorted((HOME / "templates").glob("*.html")):
        assert not re.search(r"\|\s*safe|autoescape|hx-on|js:", template.read_text()), template.name
