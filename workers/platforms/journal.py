"""The record of the calls of one attempt: what was asked and answered, without secrets or personal data."""

import re
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from workers.platforms import exact_json

MASK: Final = "***"

_LONGEST_TEXT: Final = 4096  # characters of a request or answer that are kept
_LONGEST_MASKED: Final = 1024 * 1024  # characters; of anything longer only the length is kept
_MOST_CALLS: Final = 200  # of one attempt; far above what a refund needs

# Names are compared in lower case and without anything but letters and digits.
_SECRET: Final = re.compile(
    r"token|secret|password|passwd|(?<!return)authorization|assertion|signature|apikey|privatekey|credential"
    r"|cookie|nonce"
)
_PERSONAL: Final = re.compile(
    r"email|phone|firstname|lastname|fullname|middlename|customername|recipient|address|addr[123]|addressee"
    r"|attention|zip|postal|latitude|longitude|birth|accountnumber|ipaddr|browserip"
    r"|username|loginname|checkoutnotes|giftdetails|taxpayerid"
    r"|^(bill|ship|billing|shipping)?(city|state|province|provincecode|company)$"
)
_PERSONS: Final = re.compile(r"^(customer|staffmember|user|entity|employee|buyer|contact)s?$")
_HARMLESS: Final = frozenset({"id", "legacyresourceid", "tokentype", "nextpagetoken", "granttype"})

# Bounded repeats: a hostile answer must not make masking slow.
_MARKS_IN_TEXT: Final = (
    re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}"),  # e-mail addresses
    re.compile(r"(?i)(?<=bearer )\S{1,4096}"),
    re.compile(r"\bshp[a-z]{2,3}_[A-Za-z0-9]{1,128}"),  # Shopify's tokens and secrets
    re.compile(r"\beyJ[\w-]{1,4096}\.[\w-]{1,4096}\.[\w-]{0,4096}"),  # JSON web tokens
    re.compile(r"\bv\^1\.1#[\w^#+/=.-]{1,4096}"),  # eBay's tokens
    re.compile(r"\bAtz[a-z]\|[\w+/=.-]{1,4096}"),  # Amazon's access and refresh tokens
    re.compile(r"\bamzn1\.oa2-cs\.[\w.-]{1,512}"),  # Amazon's client secrets
    re.compile(r"(?i)(?<=x-amz-signature=)\w{1,4096}"),  # addresses signed in advance, as texts hold them
    re.compile(r"(?i)(?<=x-amz-security-token=)[\w%+/=.-]{1,4096}"),
)


class Journal:
    """Collects the calls of one attempt, each as JSON values; holds a bounded number of them."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=_MOST_CALLS)

    def entries(self) -> list[dict[str, Any]]:
        """Return the calls made since the journal was last cleared, oldest first."""
        return list(self._entries)

    def clear(self) -> None:
        """Start anew."""
        self._entries.clear()

    def record(
        self,
        *,
        at: datetime,
        method: str,
        url: str,
        status: int | None,
        milliseconds: int,
        request: str,
        response: str,
        request_id: str,
    ) -> None:
        """Write a call down.

        Args:
            at: When it was made, aware UTC.
            method: HTTP method.
            url: The whole URL; the values of secret parameters are masked.
            status: HTTP status; None where there was no answer.
            milliseconds: How long it took.
            request: Body sent, as text.
            response: Body received, or what became of the call.
            request_id: The platform's id of the request.
        """
        self._entries.append(
            {
                "at": at.astimezone(UTC).isoformat(),
                "method": method,
                "url": masked_url(url),
                "status": status,
                "ms": milliseconds,
                "request": masked_body(request),
                "response": masked_body(response),
                "request_id": request_id[:200],
            }
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

    JSON and form bodies are masked by the names of their members, anything else by what looks like a secret.
    """
    if len(text) > _LONGEST_MASKED or "\0" in text:  # no text at all; PostgreSQL keeps no such character
        return f"({len(text)} characters)"
    stripped = text.lstrip()
    if stripped.startswith(("{", "[")):
        try:
            return _cut(exact_json.dumps(masked(exact_json.loads(stripped))))
        except (exact_json.NotJsonError, RecursionError):
            return _cut(_masked_text(text))
    if re.fullmatch(r"[\w.%~+-]+=[^\s&]*(&[\w.%~+-]+=[^\s&]*)*", stripped):
        members = [(name, MASK if _hides(name) else value) for name, value in parse_qsl(stripped)]
        return _cut(_masked_text(urlencode(members, safe="*")))
    return _cut(_masked_text(text))


def masked(value: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return a JSON value without secrets and personal data; its shape stays."""
    if isinstance(value, Mapping):
        return {name: _member(str(name), member) for name, member in value.items()}
    if isinstance(value, list):
        return [masked(member) for member in value]
    return _masked_text(value) if isinstance(value, str) else value


def _member(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    if value is None or isinstance(value, bool):
        return value
    if _PERSONS.search(_plain(name)):
        return _person(value)
    return _emptied(value) if _hides(name) else masked(value)


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
    return plain not in _HARMLESS and bool(_SECRET.search(plain) or _PERSONAL.search(plain))


def _masked_text(text: str) -> str:
    for mark in _MARKS_IN_TEXT:
        text = mark.sub(MASK, text)
    return text


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
