"""What a message says: a subject and a text for people, and events for programs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.alert_outbox import Contents, Entry
from ledger.models import Alert, AlertChannel, AlertMessage, News, Phase
from ledger.reasons import REASONS
from ledger.views import moment

MOST_ENTRIES: Final = 50
"""How many notices one message tells in full; of more it gives the numbers."""

_DETAIL_LENGTH: Final = 300  # characters told of a platform's own message
_SUBJECT_LENGTH: Final = 150  # characters

_BECAME: Final[Mapping[News, str]] = {
    News.ERROR: "needs a person: it became an error",
    News.DISCREPANCY: "needs a person: it became a discrepancy",
    News.HELD: "needs a person: it is held for review",
    News.WAIT_OVER: "needs a person: it waited in vain",
    News.PAUSED: "is paused",
    News.QUARANTINED: "is quarantined",
    News.DELIVERY_FAILED: "could not be worked off",
}
_CLEARED: Final[Mapping[str, str]] = {
    "posted": "is posted",
    "resolved": "is resolved",
    "cancelled": "is cancelled",
    "ignored": "is not ours to carry any more",
    "resume": "is resumed",
    "processed": "is worked off",
}
_ONE: Final[Mapping[News, str]] = {
    News.ERROR: "error",
    News.DISCREPANCY: "discrepancy",
    News.HELD: "refund held for review",
    News.WAIT_OVER: "wait in vain",
    News.PAUSED: "paused account",
    News.QUARANTINED: "quarantined delivery",
    News.DELIVERY_FAILED: "failed delivery",
}
_MANY: Final[Mapping[News, str]] = {
    News.DISCREPANCY: "discrepancies",
    News.HELD: "refunds held for review",
    News.WAIT_OVER: "waits in vain",
    News.QUARANTINED: "quarantined deliveries",
    News.DELIVERY_FAILED: "failed deliveries",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says.

    Attributes:
        subject: One line.
        events: JSON objects: one for each alert that is told in full.
        numbers: How many notices it tells of, by `{phase}:{kind}`.
    """

    subject: str
    text: str
    events: Sequence[Mapping[str, Any]]
    numbers: Mapping[str, int]


def words_of(message: AlertMessage, contents: Contents, channel: AlertChannel, *, public_url: str) -> Words:
    """Return what a message says.

    Args:
        message: The message.
        contents: What it tells, `MOST_ENTRIES` notices at most.
        channel: Where it goes.
        public_url: Where people reach the portal; empty where nobody said, and then there are no links.
    """
    if message.is_test:
        return _test(channel, public_url)
    numbers = {f"{phase.value}:{kind.value}": number for (phase, kind), number in contents.numbers.items()}
    events = [_event(entry, public_url) for entry in contents.entries]
    told = [_told(entry, public_url) for entry in contents.entries]
    if message.number == 1 and contents.entries:
        return Words(_line(_head(contents.entries[0])), told[0], events, numbers)
    summary = _summary(contents.numbers)
    lines = [f"{message.number} alerts: {summary}."]
    if message.held:
        lines.append(
            f"{message.held} of them had to wait: this channel takes {channel.hourly_cap} messages an hour."
        )
    if left := message.number - len(told):
        where = f" Look: {public_url}/" if public_url else ""
        told.append(f"And {left} more.{where}")
    return Words(
        _line(f"{message.number} alerts: {summary}"), "\n\n".join(["\n".join(lines), *told]), events, numbers
    )


def _test(channel: AlertChannel, public_url: str) -> Words:
    text = f"This is a test of the channel {channel.name}. Alerts of refund-sync will come this way."
    return Words(
        "A test of refund-sync's alerts",
        f"{text}\n{public_url}/settings/alerts" if public_url else text,
        [],
        {},
    )


def _head(entry: Entry) -> str:
    alert = entry.alert
    what = alert.what[:1].upper() + alert.what[1:]
    if entry.phase is Phase.CLEARED:
        return f"{what} {_CLEARED[alert.cleared_by]}"
    return f"{what} {_BECAME[alert.kind]} ({alert.reason})"


def _told(entry: Entry, public_url: str) -> str:
    alert = entry.alert
    lines = [f"{_head(entry)}."]
    if entry.phase is Phase.RAISED:
        known = REASONS.get(alert.reason)
        lines += [f"Why: {known.what}"] if known else []
        lines += [f"Detail: {_plain(alert.detail)[:_DETAIL_LENGTH]}"] if alert.detail else []
        lines += [f"Mend: {known.fix}"] if known and known.fix else []
        if alert.cleared_at is not None:
            lines.append(f"Since then: it {_CLEARED[alert.cleared_by]}.")
    when = _at(entry)
    lines.append(f"Account: {entry.account}" if entry.account else "")
    lines.append(f"When: {when:%Y-%m-%d %H:%M:%S} UTC")
    url = _url(entry, public_url)
    lines.append(f"Look: {url}" if url else "")
    return "\n".join(_plain(line) for line in lines if line)


def _event(entry: Entry, public_url: str) -> Mapping[str, Any]:
    alert = entry.alert
    known = REASONS.get(alert.reason)
    return {
        "id": alert.id,
        "phase": entry.phase.value,
        "kind": alert.kind.value,
        "subject": alert.subject,
        "subject_id": alert.subject_id,
        "what": _plain(alert.what),
        "account": entry.account,
        "reason": alert.reason,
        "why": known.what if known else "",
        "fix": known.fix if known else "",
        "detail": _plain(alert.detail)[:_DETAIL_LENGTH],
        "at": moment(_at(entry)),
        "cleared_at": moment(alert.cleared_at),
        "cleared_by": alert.cleared_by,
        "trace_id": alert.trace_id,
        "url": _url(entry, public_url),
    }


def _at(entry: Entry) -> datetime:
    alert = entry.alert
    return alert.raised_at if entry.phase is Phase.RAISED else alert.cleared_at or alert.raised_at


def _url(entry: Entry, public_url: str) -> str:
    if not public_url:
        return ""
    return public_url + _path(entry.alert, entry.account)


def _path(alert: Alert, account: str) -> str:
    if alert.subject == "account":
        return f"/settings/accounts/{account}"
    if alert.subject == "netsuite_account":
        return f"/settings/netsuite-accounts/{account}"
    return {"refund": "/refunds", "delivery": "/deliveries"}[alert.subject] + f"/{alert.subject_id}"


def _summary(numbers: Mapping[tuple[Phase, News], int]) -> str:
    said = []
    for kind in News:
        number = numbers.get((Phase.RAISED, kind), 0)
        if number:
            said.append(f"{number} {_ONE[kind] if number == 1 else _MANY.get(kind, f'{_ONE[kind]}s')}")
    cleared = sum(number for (phase, _), number in numbers.items() if phase is Phase.CLEARED)
    return ", ".join([*said, f"{cleared} cleared"] if cleared else said)


def _line(text: str) -> str:
    return f"[refund-sync] {_plain(text)}"[:_SUBJECT_LENGTH]


def _plain(text: str) -> str:
    """Return a text on one line, without what cannot be seen: parts of it come from storefronts."""
    return "".join(each if each.isprintable() else " " for each in text)
