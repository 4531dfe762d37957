"""The filters of the transactions, as they stand in an address, and the place that a page begins after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from flask import request
from werkzeug.datastructures import MultiDict

from ledger.models import Account, Refund
from ledger.money import MoneyError, parse_amount
from ledger.platforms import Platform
from ledger.reasons import REASONS
from ledger.search import Found, Place, Wanted
from ledger.states import State
from webhooks.portal.forms import day, one_of, plain
from webhooks.portal.paging import Page, number, url_with

Values = MultiDict[str, str]

CHANNELS: Final = (*(platform.value for platform in Platform), "netsuite")
"""Where transactions come from."""

TYPES: Final = ("cash_refund", "credit_memo", "return_authorization")
"""What transactions are, once that is decided."""

NAMES: Final = (
    *("platform", "account", "channel", "type", "state", "reason"),
    *("since", "until", "least", "most", "order", "q"),
)
"""Every filter, by its name in the address."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for.

    Attributes:
        values: Each filter as it was typed.
        wrong: Of each filter that cannot be understood, what is wrong with it. Nothing is searched for then:
            more would be found, and acted upon, than was asked for.
    """

    wanted: Wanted
    values: Mapping[str, str]
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_narrowed(self) -> bool:
        """Tell whether anything is filtered at all."""
        return any(self.values.values())


def asked_for(accounts: Sequence[Account], sent: Values | None = None) -> Asked:
    """Return what the address asks for.

    Args:
        accounts: Every storefront account.
        sent: The values; by default those of this request's address.
    """
    sent = request.args if sent is None else sent
    values = {name: plain(sent.get(name, "")) for name in NAMES}
    wrong = {name: says for name, says in _wrong(values, accounts) if values[name]}
    states = [one_of(State, text) for text in sent.getlist("state") if text]
    if None in states:
        wrong["state"] = "There is no such state."
    wanted = Wanted(
        states=tuple(dict.fromkeys(state for state in states if state is not None)),
        platform=values["platform"],
        account=values["account"],
        source_channel=values["channel"],
        transaction_type=values["type"],
        reason=values["reason"],
        since=day(values["since"]),
        until=day(values["until"], is_end=True),
        least=_amount(values["least"]),
        most=_amount(values["most"]),
        order=values["order"],
        text=values["q"],
    )
    return Asked(Wanted() if wrong else wanted, values, wrong)


def of_address(accounts: Sequence[Account], address: str) -> Asked:
    """Return what one of our own addresses asks for."""
    return asked_for(accounts, MultiDict(parse_qsl(urlsplit(address).query)))


def newer(asked: Asked, than: int) -> Wanted:
    """Return the same of refunds that were written down after one."""
    return replace(asked.wanted, newer_than=than)


def place_text(place: Place) -> str:
    """Return a place in a search as it stands in an address."""
    if place.occurred_at is None:
        return str(place.id)
    since = place.occurred_at - _EPOCH  # whole numbers, since a float has not enough digits
    return f"{since // timedelta(microseconds=1)}-{place.id}"


def place_asked(wanted: Wanted) -> Place | None:
    """Return the place that the page begins after; None for the first page, or where it is no such place."""
    before, dash, last = request.args.get("after", "").rpartition("-")
    is_by_time = wanted.since is not None or wanted.until is not None
    if not number(last) or bool(dash) is not is_by_time:
        return None
    if not is_by_time:
        return Place(number(last))
    try:
        return Place(number(last), _EPOCH + timedelta(microseconds=number(before)))
    except OverflowError:
        return None


def page(rows: Sequence[Refund], found: Found) -> Page[Refund]:
    """Return rows with the ways on and back."""
    after = "" if found.next is None else place_text(found.next)
    next_url = url_with(after=after, far="1" if found.is_unfinished else None) if after else ""
    return Page(rows, next_url, url_with(after=None, far=None) if request.args.get("after") else "")


def _amount(text: str) -> Decimal | None:
    try:
        return parse_amount(text)
    except MoneyError:
        return None


def _wrong(values: Mapping[str, str], accounts: Sequence[Account]) -> Sequence[tuple[str, str]]:
    """Return every filter whose value would be understood by none, if it has one."""
    one_of_ours = {
        "platform": ({each.value for each in Platform}, "There is no such connector."),
        "account": ({each.slug for each in accounts}, "There is no account of that name."),
        "channel": (set(CHANNELS), "There is no such channel."),
        "type": (set(TYPES), "There is no such type."),
        "reason": (set(REASONS), "There is no such reason."),
    }
    found = [(name, says) for name, (known, says) in one_of_ours.items() if values[name] not in known]
    found += [
        (name, "That is no day, such as 2026-03-14.") for name in ("since", "until") if not day(values[name])
    ]
    return found + [
        (name, "That is no amount, such as 12.50.")
        for name in ("least", "most")
        if _amount(values[name]) is None
    ]
