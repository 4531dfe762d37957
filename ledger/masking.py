"""What people may see of what the platforms send and answer: everything but secrets and personal data."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ledger import exact_json
from ledger.keys import keys_in
from ledger.platforms import Platform

MASK: Final = "***"

_LONGEST_TEXT: Final = 4096  # characters of a request or answer that are kept
_LONGEST_DOCUMENT: Final = 256 * 1024  # characters of a document that somebody looks at
_LONGEST_MASKED: Final = 1024 * 1024  # characters; of anything longer only the length is kept

# Names are compared in lower case and without anything but letters and digits.
_SECRET: Final = re.compile(
    r"token|secret|password|passwd|(?<!return)authorization|assertion|signature|apikey|privatekey|credential"
    r"|cookie|nonce"
)
_PERSONAL: Final = re.compile(
    r"email|phone|firstname|lastname|fullname|middlename|customername|recipient|address|addr[123]|addressee"
    r"|attention|zip|postal|latitude|longitude|birth|accountnumber|ipaddr|browserip|remoteip|forwardedfor"
    r"|username|loginname|buyername|userid|checkoutnotes|giftdetails|customernote|noteattributes"
    r"|taxpayerid|taxvat|dob$|street"
    r"|^(bill|ship|billing|shipping)?(city|cityname|state|stateorprovince|province|provincecode|company)$"
)
# What somebody wrote freely may speak of anybody; of it only our own keys are shown.
_FREE: Final = re.compile(r"^(note|notes|comment|comments|buyercheckoutmessage)$")
_PERSONS: Final = re.compile(r"^(customer|staffmember|user|entity|employee|buyer|contact)s?$")
# Part of an address is called like how something stands: a payment, an order. No part of an address is one of
# these words: ours (`ledger.events.MoneyState`, `ledger.models.OrderState`) and the platforms' of an order.
_STANDS: Final = frozenset(
    {
        *("moved", "pending", "failed", "none", "unknown", "open", "cancelled", "deleted"),
        *(state for platform in Platform for state in platform.declaration.order_states),
    }
)
_DECLARED: Final = frozenset(name for platform in Platform for name in platform.declaration.personal)
_HARMLESS: Final = frozenset({"id", "legacyresourceid", "tokentype", "nextpagetoken", "granttype"})

# Magento calls whatever an event is about its entity, NetSuite the customer or the employee.
_ENTITY: Final = "entity"
_ENTITY_ID: Final = "entity_id"
_STATE: Final = "state"

_XML: Final = re.compile(r"<[^<>]*>|[^<]+|<")  # no part can be looked at twice
_TAG: Final = re.compile(r"<(/?)(?:[\w.-]+:)?([\w.-]+)[^<>]*?(/?)>")

# Bounded repeats: a hostile answer must not make masking slow.
_MARKS_IN_TEXT: Final = (
    re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}"),  # e-mail addresses
    re.compile(r"(?i)(?<=bearer )\S{1,4096}"),
    re.compile(r"\beyJ[\w-]{1,4096}\.[\w-]{1,4096}\.[\w-]{0,4096}"),  # JSON web tokens
    *(token for platform in Platform for token in platform.declaration.tokens),
)


def masked_url(url: str) -> str:
    """Return a URL without user name, password and the values of secret parameters."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a web address)"
    query = [
        (name, MASK if _hides(name) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit(
        (parts.scheme, parts.netloc.rpartition("@")[2], parts.path, urlencode(query, safe="*"), "")
    )


def masked_body(text: str) -> str:
    """Return a request's or answer's body without secrets and personal data, cut to 4 kB.

    JSON, XML and form bodies are masked by the names of their members, anything else by what looks like a
    secret.
    """
    return _masked(text, exact_json.dumps, _LONGEST_TEXT)


def masked_document(text: str) -> str:
    """Return the same for somebody who reads all of it: JSON on lines of its own, cut to 256 kB."""
    return _masked(text, exact_json.indented, _LONGEST_DOCUMENT)


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return a request's headers without secrets, signatures and personal data."""
    return {
        name: MASK if _hides(name) or "hmac" in _plain(name) else masked_text(value)
        for name, value in headers.items()
    }


def _masked(text: str, dumps: Callable[[Any], str], longest: int) -> str:
    if len(text) > _LONGEST_MASKED or "\0" in text:  # no text at all; PostgreSQL keeps no such character
        return f"({len(text)} characters)"
    stripped = text.lstrip("\ufeff \t\r\n")
    if stripped.startswith(("{", "[")):
        try:
            return _cut(dumps(masked(exact_json.loads(stripped))), longest)
        except (exact_json.NotJsonError, RecursionError):
            return _cut(masked_text(text), longest)
    if stripped.startswith("<"):
        return _cut(_masked_xml(stripped), longest)
    if re.fullmatch(r"[\w.%~+-]+=[^\s&]*(&[\w.%~+-]+=[^\s&]*)*", stripped):
        members = [(name, MASK if _hides(name) else value) for name, value in parse_qsl(stripped)]
        return _cut(masked_text(urlencode(members, safe="*")), longest)
    return _cut(masked_text(text), longest)


def masked(value: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return a JSON value without secrets and personal data; its shape stays."""
    if isinstance(value, Mapping):
        return {name: _member(str(name), member) for name, member in value.items()}
    if isinstance(value, list):
        return [masked(member) for member in value]
    return _inner(value) if isinstance(value, str) else value


def _inner(text: str) -> str:
    """Return a text within JSON, which may be JSON itself: Amazon's SNS wraps what it relays."""
    if text.startswith(("{", "[")):
        with suppress(exact_json.NotJsonError):
            return exact_json.dumps(masked(exact_json.loads(text)))
    return masked_text(text)


def _masked_xml(text: str) -> str:
    parts: list[str] = []
    inside: list[
        tuple[str, bool]
    ] = []  # the names of the open elements, and whether they hide what they hold
    for part in _XML.findall(text):
        tag = _TAG.fullmatch(part)
        if tag is None:
            is_hidden = bool(inside) and inside[-1][1] and bool(part.strip())
            is_id = is_hidden and inside[-1][0] in _HARMLESS
            parts.append(MASK if is_hidden and not is_id else masked_text(part))
            continue
        parts.append(masked_text(part))
        ends, name, is_empty = tag[1], _plain(tag[2]), tag[3]
        if ends and inside:
            inside.pop()
        elif not ends and not is_empty:
            is_within = bool(inside and inside[-1][1])
            hides = is_within or _hides(name) or bool(_PERSONS.search(name) or _FREE.search(name))
            inside.append((name, hides))
    return "".join(parts)


def _member(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    if value is None or isinstance(value, bool):
        return value
    if name == _STATE and (isinstance(value, int) or (isinstance(value, str) and value in _STANDS)):
        return value
    if name == _ENTITY and isinstance(value, Mapping) and _ENTITY_ID in value:
        return masked(value)
    if _PERSONS.search(_plain(name)):
        return _person(value)
    if _FREE.search(_plain(name)):
        return _only_keys(value)
    return _emptied(value) if _hides(name) else masked(value)


def _only_keys(value: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return what somebody wrote with nothing left of its texts but our own keys."""
    if isinstance(value, Mapping):
        return {name: _only_keys(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_only_keys(member) for member in value]
    if not isinstance(value, str) or not value:
        return value
    keys = keys_in(value)
    return value if keys == [value] else " ".join((MASK, *keys))


def _person(value: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return a person with nothing left but ids."""
    if isinstance(value, Mapping):
        return {
            name: member
            if _plain(str(name)) in _HARMLESS and not isinstance(member, Mapping | list)
            else _person(member)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_person(member) for member in value]
    return value if isinstance(value, bool | int) or value is None else MASK


def _emptied(value: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    if isinstance(value, Mapping):
        return {name: _emptied(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_emptied(member) for member in value]
    return MASK


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _hides(name: str) -> bool:
    plain = _plain(name)
    is_hidden = plain in _DECLARED or _SECRET.search(plain) or _PERSONAL.search(plain)
    return plain not in _HARMLESS and bool(is_hidden)


def masked_text(text: str) -> str:
    """Return a text without what looks like a secret or an e-mail address."""
    for mark in _MARKS_IN_TEXT:
        text = mark.sub(MASK, text)
    return text


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
