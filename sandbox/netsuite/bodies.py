"""Reads request bodies of the record service: names and values checked as the request's headers ask.

Name validation is off by default: NetSuite then ignores what it does not know. See the headers
``X-NetSuite-PropertyNameValidation`` and ``X-NetSuite-PropertyValueValidation`` in the REST API Browser.
"""

import re
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Final

from sandbox.jsonish import Json, as_decimal, loads
from sandbox.netsuite.account import Account
from sandbox.netsuite.errors import Detail, NetSuiteError, bad_request, invalid_value
from sandbox.netsuite.fields import BODY, DATE, ENUM, FLAG, INTEGER, LIST, NUMBER, REF, SUBLISTS, TEXT
from sandbox.netsuite.kinds import RecordType

NAME_HEADER: Final = "X-NetSuite-PropertyNameValidation"
CUSTOM_BODY: Final = re.compile(r"custbody[a-z0-9_]+")
CUSTOM_LINE: Final = re.compile(r"custcol[a-z0-9_]+")
MODES: Final = frozenset({"Error", "Warning", "Ignore"})


def read_json(data: bytes) -> Json:
    """Read a body that must be a JSON object; none at all is an empty one.

    Raises:
        NetSuiteError: It is something else.
    """
    if not data.strip():
        return {}
    try:
        value = loads(data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise bad_request("INVALID_CONTENT", "Invalid content in the request body. Provide a JSON object.")
    return value


class BodyReader:
    """Checks one request's body against a record type.

    Args:
        account: Whose custom fields there are.
        kind: The record type the body describes.
        mode: The name validation header's value.
    """

    def __init__(self, account: Account, kind: RecordType, mode: str) -> None:
        if mode not in MODES:
            detail = f"Invalid value of the header {NAME_HEADER}: {mode}"
            raise NetSuiteError(HTTPStatus.BAD_REQUEST, Detail(detail, "INVALID_HEADER", header=NAME_HEADER))
        self._account = account
        self._kind = kind
        self._mode = mode
        self._unknown: list[Detail] = []

    def read(self, data: Mapping[str, object]) -> Json:
        """Return the body without what is unknown.

        Raises:
            NetSuiteError: A value has the wrong kind; or a name is unknown and that is to be an error.
        """
        body = self._object(data, BODY[self._kind.rest], CUSTOM_BODY, "")
        for name in SUBLISTS:
            if name in body:
                body[name] = self._sublist(name, body[name])
        if self._unknown:
            raise NetSuiteError(HTTPStatus.BAD_REQUEST, *self._unknown)
        return body

    def _sublist(self, name: str, value: object) -> list[Json]:
        items = value.get("items") if isinstance(value, dict) else None
        if not isinstance(items, list):
            raise invalid_value(value, name, name)
        lines: list[Json] = []
        for index, item in enumerate(items):
            path = f"{name}.items[{index}]"
            if not isinstance(item, dict):
                raise invalid_value(item, name, path)
            lines.append(self._object(item, SUBLISTS[name], CUSTOM_LINE, f"{path}."))
        return lines

    def _object(
        self, data: Mapping[str, object], known: Mapping[str, str], custom: re.Pattern[str], path: str
    ) -> Json:
        body: Json = {}
        for name, value in data.items():
            if name in known:
                body[name] = checked(value, known[name], name, f"{path}{name}")
            elif custom.fullmatch(name) and (custom is CUSTOM_LINE or name in self._account.custom_fields):
                body[name] = value
            elif self._mode == "Error":
                detail = f"Unknown property '{name}' of the record type {self._kind.rest}."
                self._unknown.append(Detail(detail, "INVALID_CONTENT", path=f"{path}{name}"))
        return body


def checked(value: object, kind: str, name: str, path: str) -> object:
    """Return a property's value in its own type; null stays null.

    Raises:
        NetSuiteError: The value is of another kind.
    """
    if value is None:
        return None
    good: object = None
    if kind == TEXT:
        good = value if isinstance(value, str) else None
    elif kind in {NUMBER, INTEGER}:
        good = None if isinstance(value, str) else as_decimal(value)
    elif kind == FLAG:
        good = value if isinstance(value, bool) else None
    elif kind == DATE:
        good = _date(value)
    elif kind == REF:
        good = reference(value)
    elif kind == ENUM:
        good = (
            reference(value) if isinstance(value, dict) else {"id": value} if isinstance(value, str) else None
        )
    elif kind == LIST:
        good = value if isinstance(value, dict | list) else None
    else:
        good = value
    if good is None:
        raise invalid_value(value, name, path)
    return good


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def reference(value: object) -> Json | None:
    """Read a reference to another record: an object with an id or an external id."""
    if not isinstance(value, dict):
        return None
    for name in ("id", "externalId"):
        given = value.get(name)
        if isinstance(given, str) or (isinstance(given, int) and not isinstance(given, bool)):
            return {name: str(given)}
    return None
