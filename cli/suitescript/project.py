"""Write the NetSuite sender, a SuiteCloud account customization project, filled in for one installation.

The templates beside this module are that project with five placeholders. File names carry the default prefix,
contents say ``{{prefix}}``: with another prefix a second installation can live in the same NetSuite account.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from urllib.parse import SplitResult, urlsplit
from xml.sax.saxutils import escape

DEFAULT_PREFIX = "refund_sync"

# A script id has at most 40 characters; "customdeploy_" and "_returnauth" leave 16 for the prefix.
# https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/SDFxml_637067724.html
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,14}[a-z0-9]")
_SECRET_ID = re.compile(r"custsecret_[a-z0-9_]{1,29}")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")

# The characters of RFC 3986, and no more of them than a free-form text parameter holds.
_URL = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,300}")


class Reason(StrEnum):
    """Why a project was not written."""

    WEBHOOK_URL_INVALID = "WEBHOOK_URL_INVALID"
    WEBHOOK_URL_NOT_HTTPS = "WEBHOOK_URL_NOT_HTTPS"
    SECRET_ID_INVALID = "SECRET_ID_INVALID"  # noqa: S105 - a reason code, not a secret
    SCRIPT_PREFIX_INVALID = "SCRIPT_PREFIX_INVALID"
    TARGET_NOT_A_DIRECTORY = "TARGET_NOT_A_DIRECTORY"
    TARGET_NOT_EMPTY = "TARGET_NOT_EMPTY"


class ProjectRefusedError(ValueError):
    """Say in one sentence why no project was written.

    Args:
        reason: The same for machines.
        message: A sentence for the person who asked.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def write_project(
    target: Path,
    *,
    webhook_url: str,
    secret_id: str,
    script_prefix: str = DEFAULT_PREFIX,
    force: bool = False,
) -> list[Path]:
    """Write the SuiteCloud project of the NetSuite sender into a directory.

    Nothing is written unless everything is right. No secret is written at all: NetSuite keeps it, by its id
    (https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_160216486846.html).

    Args:
        target: The project's directory; made if missing, with its parents.
        webhook_url: Where NetSuite sends to, an https address.
        secret_id: Script id of the API secret in NetSuite that signs, ``custsecret_...``.
        script_prefix: What the script ids of this installation begin with after NetSuite's own prefix.
        force: Write into a directory that is not empty too: overwrite the project's files, leave all others.

    Returns:
        The files written, sorted.

    Raises:
        ProjectRefusedError: If an argument or the target will not do.
        OSError: If the files cannot be written.
    """
    _check_webhook_url(webhook_url)
    _check_secret_id(secret_id)
    _check_script_prefix(script_prefix)
    _check_target(target, force=force)
    folder = script_prefix.replace("_", "-")
    values = {
        "prefix": script_prefix,
        "folder": folder,
        "title": script_prefix.replace("_", " ").title(),
        "webhook_url": webhook_url,
        "secret_id": secret_id,
    }
    written = []
    for path, text in _templates():
        name = (
            str(path).replace(DEFAULT_PREFIX.replace("_", "-"), folder).replace(DEFAULT_PREFIX, script_prefix)
        )
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_filled_in(text, values, xml=path.suffix == ".xml"), encoding="utf-8", newline="\n")
        written.append(file)
    return sorted(written)


def _check_webhook_url(url: str) -> None:
    # The address is not repeated in the messages: it may hold a password.
    try:
        usable = bool(_URL.fullmatch(url)) and _is_plain(urlsplit(url))
    except ValueError:
        usable = False
    if not usable:
        message = "The webhook address must be a complete https address without user, password and fragment."
        raise ProjectRefusedError(Reason.WEBHOOK_URL_INVALID, message)
    if urlsplit(url).scheme != "https":
        message = "The webhook address must begin with https://, because NetSuite sends to no other."
        raise ProjectRefusedError(Reason.WEBHOOK_URL_NOT_HTTPS, message)


def _is_plain(parts: SplitResult) -> bool:
    """Tell whether a URL has a scheme and a host, a port in range, and neither credentials nor a fragment."""
    port_in_range = parts.port is None or parts.port > 0
    return (
        bool(parts.scheme and parts.hostname)
        and port_in_range
        and "@" not in parts.netloc
        and not parts.fragment
    )


def _check_secret_id(secret_id: str) -> None:
    if not _SECRET_ID.fullmatch(secret_id):
        # The value is not repeated: a secret may have been given where its id belongs.
        message = (
            "The secret's id must be its script id in NetSuite: custsecret_ and at most 29 of a-z, 0-9 and _."
        )
        raise ProjectRefusedError(Reason.SECRET_ID_INVALID, message)


def _check_script_prefix(prefix: str) -> None:
    if not _PREFIX.fullmatch(prefix):
        message = (
            "The script prefix must be 2 to 16 of a-z, 0-9 and _, begin with a letter and not end with _."
        )
        raise ProjectRefusedError(Reason.SCRIPT_PREFIX_INVALID, message)


def _check_target(target: Path, *, force: bool) -> None:
    if target.exists() and not target.is_dir():
        raise ProjectRefusedError(Reason.TARGET_NOT_A_DIRECTORY, f"{target} is not a directory.")
    if not force and target.exists() and any(target.iterdir()):
        raise ProjectRefusedError(
            Reason.TARGET_NOT_EMPTY, f"{target} is not empty; nothing was written into it."
        )


def _templates() -> Iterator[tuple[PurePosixPath, str]]:
    """Yield every template's path inside the project and its text."""
    yield from _walk(files(__package__) / "template", PurePosixPath())


def _walk(directory: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    for entry in sorted(directory.iterdir(), key=lambda entry: entry.name):
        inside = path / entry.name
        if entry.is_dir():
            yield from _walk(entry, inside)
        else:
            yield inside, entry.read_text(encoding="utf-8")


def _filled_in(text: str, values: Mapping[str, str], *, xml: bool) -> str:
    def value(match: re.Match[str]) -> str:
        found = values[match[1]]
        return escape(found) if xml else found

    return _PLACEHOLDER.sub(value, text)
