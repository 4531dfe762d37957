"""What commands are given; secrets from a file, standard input or the environment, never as a word.

What is typed after a command stays in the shell's history and is seen by everybody who may list processes.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TextIO

import click

CREDENTIALS_VARIABLE: Final = "REFUND_SYNC_CREDENTIALS"
"""Holds the credentials as JSON where no file is named."""

_LONGEST: Final = 64 * 1024  # characters; a private key has two thousand


class InputError(ValueError):
    """Raised when what was given to a command cannot be used; the message names the mend.

    Attributes:
        reason: `no_credentials`, `bad_credentials_file`, `bad_secret_file`, `no_secret` or `bad_assignment`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


ID: Final = click.IntRange(1, 2**63 - 1)
"""An id of the ledger."""


class _Moment(click.ParamType[datetime]):
    """A moment with its time zone: where hours count, nobody should have to guess which were meant."""

    name = "moment"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail(f"{value!r} is no moment with a time zone, such as 2026-11-20T03:00Z", param, ctx)
        return found


MOMENT: Final = _Moment()
"""A moment with its time zone."""


def credentials_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--credentials-file` and `--private-key-file`."""
    key = click.option(
        "--private-key-file",
        type=click.File(encoding="utf-8"),
        help="PEM file, read into the credentials as their private_key.",
    )
    file = click.option(
        "--credentials-file",
        type=click.File(encoding="utf-8"),
        help="JSON file with the credentials; - reads standard input.",
    )
    return file(key(command))


def secret_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--webhook-secret-file`."""
    option = click.option(
        "--webhook-secret-file",
        type=click.File(encoding="utf-8"),
        help="File with the webhook secret; - reads standard input.",
    )
    return option(command)


def read_credentials(file: TextIO | None, private_key: TextIO | None) -> dict[str, Any]:
    """Return the credentials of a file; empty where none is named.

    Raises:
        InputError: If they are not a JSON object, or there is a key without them.
    """
    if file is None:
        if private_key is not None:
            raise InputError("no_credentials", "--private-key-file goes with --credentials-file")
        return {}
    return _credentials(_read(file), file.name, private_key)


def need_credentials(
    file: TextIO | None, private_key: TextIO | None, env: Mapping[str, str]
) -> dict[str, Any]:
    """Return the credentials of a file, or else of the environment.

    Raises:
        InputError: If there are none, or they are not a JSON object.
    """
    text = env.get(CREDENTIALS_VARIABLE, "")
    if file is not None:
        return read_credentials(file, private_key)
    if text.strip():
        return _credentials(text, CREDENTIALS_VARIABLE, private_key)
    raise InputError(
        "no_credentials",
        f"credentials are missing: name a JSON file with --credentials-file, or set {CREDENTIALS_VARIABLE}",
    )


def _credentials(text: str, name: str, private_key: TextIO | None) -> dict[str, Any]:
    try:
        credentials = json.loads(text)
    except ValueError:
        credentials = None  # the parser's message would quote the secret
    if not isinstance(credentials, dict) or not credentials:
        raise InputError("bad_credentials_file", f'{name} is not a JSON object such as {{"auth": "oauth2"}}')
    if private_key is not None:
        credentials["private_key"] = _read(private_key)
    return credentials


def read_secret(file: TextIO | None) -> str:
    """Return the secret in a file, without the line's end that editors leave; empty without a file.

    Raises:
        InputError: If the file holds no secret, or more than one line.
    """
    if file is None:
        return ""
    secret = _read(file).strip()
    if not secret or "\n" in secret:
        raise InputError("bad_secret_file", f"{file.name} must hold one line, the secret")
    return secret


def read_assignments(assignments: tuple[str, ...]) -> dict[str, str]:
    """Return `NAME=VALUE` words as a mapping.

    Raises:
        InputError: If a word has no name or no `=`, or a name comes twice.
    """
    found: dict[str, str] = {}
    for word in assignments:
        name, is_one, value = word.partition("=")
        if not name or not is_one:
            raise InputError("bad_assignment", f"{word!r} is not of the form name=value")
        if name in found:
            raise InputError("bad_assignment", f"{name} is set twice")
        found[name] = value
    return found


def _read(file: TextIO) -> str:
    try:
        text = file.read(_LONGEST + 1)
    except UnicodeDecodeError:
        raise InputError("bad_secret_file", f"{file.name} is not a text file in UTF-8") from None
    if len(text) > _LONGEST:
        raise InputError("bad_secret_file", f"{file.name} is too large to be a secret")
    return text
