"""Thousands of requests that no platform would send: an answer of the contract each, and one line."""

import json
import string
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.clock import utcnow
from tests.webhooks.conftest import Web
from tests.webhooks.platforms import PAYLOADS, change, netsuite_headers, shopify_headers

ANSWERS = {
    (200, "accepted"),
    (200, "duplicate"),
    (200, "quarantined"),
    (401, "refused"),
    (404, "refused"),
    (413, "refused"),
}
EXAMPLES = 1000  # a source

many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)

Tree = Any

hostile_values: st.SearchStrategy[Tree] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**53 + 1, 2**63 - 1, 2**63, 10**39, 10**400]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "\x00",
            "\ud800",
            "1e999999999",
            "-0.00",
            "NaN",
            "0.001",
            "9" * 30,
            "x" * 5000,
            "gid://shopify/Refund/0",
            "2026-03-14T15:09:26",
            "0001-01-01T00:00:00+14:00",
            "rs-shop-1",
            "XXX",
            "usd",
        ]
    ),
    st.lists(st.none() | st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5), max_size=3),
    st.integers(1, 300).map(lambda depth: json.loads("[" * depth + "]" * depth)),
)


def spots(tree: Tree, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything in a tree."""
    inner: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(spot for key, value in inner for spot in spots(value, (*path, key)))]


def changed(tree: Tree, path: tuple[Any, ...], change: Callable[[Tree], Tree]) -> Tree:
    """Return a tree with the value at a path changed."""
    if not path:
        return change(tree)
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = changed(tree[path[0]], path[1:], change)
    return copy


def without(parent: Tree, key: Any) -> Tree:  # noqa: ANN401 - a name or a position
    """Return an object or a list without one of its values."""
    if isinstance(parent, dict):
        return {name: value for name, value in parent.items() if name != key}
    return [*parent[:key], *parent[key + 1 :]]


def doubled(parent: Tree, key: Any) -> Tree:  # noqa: ANN401 - a name or a position
    """Return an object or a list with one of its values there twice."""
    return parent | {f"{key}_": parent[key]} if isinstance(parent, dict) else [*parent, parent[key]]


@st.composite
def mutated(draw: st.DrawFn, tree: Tree) -> Tree:
    """Draw a payload with a few of its values replaced, left out or doubled."""
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(spots(tree)))
        kind = draw(st.sampled_from(["replace", "drop", "double"])) if path else "replace"
        if kind == "replace":
            tree = changed(tree, path, partial(instead, draw(hostile_values)))
        else:
            change_parent = partial(without if kind == "drop" else doubled, key=path[-1])
            tree = changed(tree, path[:-1], change_parent)
    return tree


def instead(value: Tree, _old: Tree) -> Tree:
    """Return the value that stands there from now on."""
    return value


@st.composite
def bodies(draw: st.DrawFn, trees: st.SearchStrategy[Tree]) -> bytes:
    """Draw a body: mostly a mutated payload, at times with bytes cut, put in or turned over."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    body = json.dumps(draw(trees)).encode()
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 4)) :]
    return body


# What HTTP servers let through: any byte but those that end a line or a text.
header_texts = st.text(
    st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=30
) | st.sampled_from(
    ["", " ", "true", "refunds/create", "x" * 400, string.printable.replace("\r", "").replace("\n", "")]
)
header_changes = st.dictionaries(
    st.sampled_from(
        [
            "topic",
            "hmac_sha256",
            "shop_domain",
            "api_version",
            "webhook_id",
            "event_id",
            "triggered_at",
            "test",
        ]
    ),
    st.none() | header_texts,
    max_size=2,
)
shopify_requests = st.sampled_from(sorted(PAYLOADS)).flatmap(
    lambda topic: st.tuples(st.just(topic), bodies(mutated(PAYLOADS[topic])))
)


def is_in_order(web: Web, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Post a request; check that it has an answer of the contract and one line; return status and outcome."""
    with structlog.testing.capture_logs() as lines:
        status = web.post(path, body, headers).status_code
    (line,) = lines
    assert (line["event"], line["status"]) == ("delivery", status)
    assert (status, line["outcome"]) in ANSWERS
    assert bool(line["reason"]) or line["outcome"] in {"accepted", "duplicate"}
    return status, line["outcome"]


@many
@given(request=shopify_requests, changes=header_changes, prefix=st.sampled_from(["X-Shopify-", "shopify-"]))
def test_whatever_is_posted_for_shopify_has_an_answer(
    web: Web, request: tuple[str, bytes], changes: dict[str, str | None], prefix: str
) -> None:
    topic, body = request
    headers = shopify_headers(topic, body, changes, prefix=prefix)
    before = web.count()
    status, _ = is_in_order(web, "/webhooks/shopify/shop", body, headers)
    if "hmac_sha256" in changes:
        assert status == 401
        assert web.count() == before
    elif "shop_domain" not in changes:
        assert status == 200


@many
@given(
    body=bodies(mutated(change(id="c-1"))),
    timestamp=st.none() | header_texts,
    signature=st.none() | header_texts,
)
def test_whatever_is_posted_for_netsuite_has_an_answer(
    web: Web, body: bytes, timestamp: str | None, signature: str | None
) -> None:
    headers = netsuite_headers(body, at=utcnow())
    if timestamp is not None:
        headers = headers | netsuite_headers_at(body, timestamp)
    if signature is not None:
        headers |= {"X-NS-Signature": signature}
    status, _ = is_in_order(web, "/webhooks/netsuite/books", body, headers)
    assert status == (200 if timestamp is None and signature is None else 401)


def netsuite_headers_at(body: bytes, timestamp: str) -> dict[str, str]:
    """Return headers signed for a time that may be none; HTTP knows no space at a text's ends."""
    return netsuite_headers(body, timestamp=timestamp.strip())


# Others make another address altogether.
names = st.text(min_size=1, max_size=60).filter(lambda name: "/" not in name and name not in {".", ".."})


@many
@given(
    source=st.sampled_from(["shopify", "netsuite"]) | names,
    slug=st.sampled_from(["shop", "books"]) | names,
    body=st.binary(max_size=50),
    headers=st.dictionaries(
        st.text(string.ascii_letters + "-", min_size=1, max_size=20), header_texts, max_size=3
    ),
)
def test_whatever_address_is_posted_to_has_an_answer(
    web: Web, source: str, slug: str, body: bytes, headers: dict[str, str]
) -> None:
    status, outcome = is_in_order(web, address(source, slug), body, headers)
    known = (source, slug) in {("shopify", "shop"), ("netsuite", "books")}
    assert (status, outcome) == (401 if known else 404, "refused")
    assert web.count() == 0


def address(source: str, slug: str) -> str:
    """Return an address of any text."""
    return f"/webhooks/{quote(source, safe='', errors='replace')}/{quote(slug, safe='', errors='replace')}"
