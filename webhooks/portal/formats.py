"""How values are written on pages."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from flask import Flask
from jinja2 import StrictUndefined
from markupsafe import Markup, escape

from ledger import reasons
from ledger.money import Money
from ledger.platforms import Platform
from ledger.reasons import Reason, UnknownReasonError
from ledger.records import RECORDS

_NAMES: Final[Mapping[str, str]] = {
    **{platform.value: platform.declaration.label for platform in Platform},
    "netsuite": "NetSuite",
    "to_netsuite": "Storefront → NetSuite",
    "from_netsuite": "NetSuite → storefront",
    "cash_refund": "Cash refund",
    "credit_memo": "Credit memo",
    "return_authorization": "Return authorization",
    "netsuite_lacks_it": "NetSuite lacks it",
    "storefront_lacks_it": "Storefront lacks it",
}
_TONES: Final[Mapping[str, str]] = {
    "posted": "good",
    "resolved": "good",
    "processed": "good",
    "done": "good",
    "matched": "good",
    "on": "good",
    "ok": "good",
    "known": "good",
    "error": "bad",
    "failed": "bad",
    "discrepancy": "bad",
    "wait_over": "bad",
    "delivery_failed": "bad",
    "paused": "bad",
    "netsuite_lacks_it": "bad",
    "storefront_lacks_it": "bad",
    "amount_differs": "bad",
    "type_differs": "warn",
    "quarantined": "warn",
    "poll": "warn",
    "held": "warn",
    "waiting": "warn",
    "retrying": "warn",
    "stopped": "warn",
    "scheduled": "busy",
    "posting": "busy",
    "received": "busy",
    "running": "busy",
    "busy": "busy",
    "new": "busy",
}
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_DASH: Final = "\N{EN DASH}"
_NONE: Final = Markup('<span class="none">{}</span>').format(_DASH)


def moment(value: datetime | None) -> Markup:
    """Return a time in UTC as `<time>`; a dash for none."""
    if value is None:
        return _NONE
    exact = value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{}</time>').format(exact, value.strftime("%Y-%m-%d %H:%M:%S"))


def amount(value: Money) -> Markup:
    """Return an amount with its currency."""
    as_json = value.to_json()
    return Markup('<span class="money">{} <abbr>{}</abbr></span>').format(
        as_json["amount"], as_json["currency"]
    )


def duration(value: float | timedelta | None) -> str:
    """Return a time span, given in seconds, in the two units that matter."""
    if value is None:
        return _DASH
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"
    if seconds < _DAY:
        return f"{seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:.0f} min"
    return f"{seconds // _DAY:.0f} d {seconds % _DAY // _HOUR:.0f} h"


def name(value: str) -> str:
    """Return what people call one of our words: a channel, a direction, a state, a type."""
    return _NAMES.get(value) or str(value).replace("_", " ").capitalize()


def record(value: str) -> str:
    """Return what people call a type of NetSuite's records."""
    return RECORDS[value].capitalize() if value in RECORDS else value


def tone(value: str) -> str:
    """Return how a state is to be shown: `good`, `bad`, `warn`, `busy` or `quiet`."""
    return _TONES.get(value, "quiet")


def marked(text: str) -> Markup:
    """Return a sentence of ours with what stands in backticks set as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def reason(code: str) -> Reason:
    """Return what a code means, or the code itself where this version does not know it."""
    try:
        return reasons.reason(code)
    except UnknownReasonError:
        return Reason(code, code)


def install(app: Flask) -> None:
    """Make the formats known to templates, and a misspelt name in one a failure."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        moment=moment,
        amount=amount,
        duration=duration,
        name=name,
        tone=tone,
        reason=reason,
        record=record,
        marked=marked,
    )
