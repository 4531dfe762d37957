"""Forms: only those of our own pages do anything."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.portal.conftest import Browser
from webhooks.portal import forms
from webhooks.portal.links import local


def chosen(browser: Browser) -> bool:
    return "data-theme" in browser.get("/me").text


def test_a_form_without_its_token_does_nothing(viewer: Browser) -> None:
    answer = viewer.client.post("/theme", data={"theme": "dark"})
    assert answer.status_code == 400
    assert "This form was not sent from this page" in answer.text
    assert not chosen(viewer)


def test_a_form_with_anothers_token_does_nothing(viewer: Browser, admin: Browser) -> None:
    answer = viewer.client.post("/theme", data={"theme": "dark", "csrf_token": admin.token()})
    assert answer.status_code == 400
    assert not chosen(viewer)


def test_a_form_without_a_cookie_does_nothing(app: Flask) -> None:
    assert app.test_client().post("/theme", data={"theme": "dark", "csrf_token": "0" * 64}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:81"},
    ],
)
def test_a_form_from_another_site_does_nothing_even_with_the_token(
    viewer: Browser, headers: dict[str, str]
) -> None:
    assert viewer.post("/theme", {"theme": "dark"}, **headers).status_code == 400
    assert not chosen(viewer)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}])
def test_a_form_of_our_own_page_does_what_it_says(viewer: Browser, headers: dict[str, str]) -> None:
    assert viewer.post("/theme", {"theme": "dark"}, **headers).status_code == 303
    assert chosen(viewer)


def test_the_token_does_not_tell_the_cookie(viewer: Browser) -> None:
    cookie = viewer.client.get_cookie("refund-sync")
    assert cookie is not None
    assert cookie.value not in viewer.get("/me").text


@pytest.mark.parametrize("path", ["/", "/me", "/refunds?state=error&q=%23100", "/a//b", "/a?next=https://x"])
def test_a_path_of_our_own_is_followed(path: str) -> None:
    assert local(path) == path


@pytest.mark.parametrize(
    "target",
    [
        "",
        "me",
        "//x",
        "///x",
        "/\\x",
        "\\\\x",
        "https://x",
        "javascript:alert(1)",
        "/\t/x",
        "/\n/x",
        "http:/x",
    ],
)
def test_anything_else_is_not(target: str) -> None:
    assert local(target, "/home") == "/home"


@given(st.text(alphabet=st.sampled_from("/\\:.@?# \t\nahtps[]%"), max_size=12))
def test_whatever_is_followed_stays_on_this_site(target: str) -> None:
    path = local(target)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert "\\" not in path
    assert path.isprintable()


def test_values_of_forms_and_addresses_are_stripped_but_secrets_are_not(
    app: Flask,
) -> None:
    body = {"name": "  a\x00b\u202e ", "password": " p "}
    with app.test_request_context("/?q=%20x%0A", method="POST", data=body):
        assert (forms.sent("name"), forms.secret("password"), forms.asked("q")) == ("ab", " p ", "x")
        assert (forms.sent("none"), forms.secret("none"), forms.asked("none")) == ("", "", "")


def test_a_day_begins_and_ends_in_utc() -> None:
    begin, end = forms.day("2026-03-14"), forms.day("2026-03-14", is_end=True)
    assert begin is not None
    assert begin.isoformat() == "2026-03-14T00:00:00+00:00"
    assert end is not None
    assert end.isoformat() == "2026-03-14T23:59:59.999999+00:00"
    assert forms.day("14 March") is None
