"""Settings: Alerts: who is told of what, by e-mail or webhook, and what was told last."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from ledger import alert_channels, alert_outbox, alerts, queries
from ledger.alert_channels import ChannelError, Ground, Wishes
from ledger.models import Account, Alert, AlertChannel, AlertMessage, ChannelKind, News, Role
from ledger.secrets import SecretsError
from webhooks.portal import context
from webhooks.portal.access import Section
from webhooks.portal.forms import asked, lines, one_of, sent
from webhooks.portal.navigation import url_if
from webhooks.portal.paging import number
from webhooks.portal.visitors import tell, visitor

pages = Section("alerts")

_HERE: Final = "/settings/alerts"
_LAST: Final = 20  # alerts and messages that are shown
_DIGITS: Final = 6
_ON_OFF: Final[Mapping[str, bool]] = {"on": True, "off": False}
_PAGES_OF: Final[Mapping[str, tuple[str, str]]] = {
    "refund": ("refunds.show", "refund_id"),
    "delivery": ("deliveries.show", "delivery_id"),
}
_NEWS: Final[Mapping[News, str]] = {
    News.ERROR: "A refund becomes an error",
    News.DISCREPANCY: "A refund becomes a discrepancy",
    News.HELD: "A refund is held for review",
    News.WAIT_OVER: "A refund has waited until its deadline",
    News.PAUSED: "An account or NetSuite account is paused",
    News.QUARANTINED: "A delivery is quarantined",
    News.DELIVERY_FAILED: "A delivery cannot be worked off",
}
_FIELD_OF: Final[Mapping[str, str]] = {
    "bad_name": "name",
    "exists": "name",
    "bad_address": "target",
    "bad_url": "target",
    "no_news": "news",
}


@pages.page(_HERE, Role.ADMIN)
def index() -> ResponseReturnValue:
    """List the channels, and the alerts that were raised last."""
    portal = context.current()
    with portal.database.read() as session:
        channels = alert_channels.channels(session)
        waiting = alert_outbox.waiting(session)
        raised = alerts.latest(session, limit=_LAST)
        names = _accounts(session)
    return render_template(
        "alerts.html",
        channels=channels,
        targets={channel.id: _target(channel) for channel in channels},
        waiting=waiting,
        raised=raised,
        slugs={account.id: account.slug for account in names},
        link=_link,
        ground=_ground(),
    )


@pages.page(f"{_HERE}/new/<kind>", Role.ADMIN)
def new(kind: str) -> ResponseReturnValue:
    """Show the form of a new channel."""
    return _form(_kind(kind), None, Wishes(name=""), {})


@pages.form(f"{_HERE}/new/<kind>", Role.ADMIN)
def add(kind: str) -> ResponseReturnValue:
    """Add a channel; a webhook's secret is shown once."""
    portal, found, wishes = context.current(), _kind(kind), _wishes()
    try:
        with portal.database.write() as session:
            channel = alert_channels.add(
                session,
                portal.vault,
                found,
                wishes,
                ground=_ground(),
                now=portal.clock(),
                actor=visitor().actor,
            )
    except ChannelError as error:
        return _form(found, None, wishes, _wrong(error))
    if found is ChannelKind.WEBHOOK:
        return _secret(channel, alert_channels.secret_of(portal.vault, channel))
    tell(f"The channel {channel.name} was added. Send a test to see that it works.")
    return _to(channel)


@pages.page(f"{_HERE}/<int:channel_id>", Role.ADMIN)
def show(channel_id: int) -> ResponseReturnValue:
    """Show a channel: what it is told, and what became of the last messages to it."""
    portal = context.current()
    with portal.database.read() as session:
        channel = _channel(session, channel_id)
        slugs = {account.id: account.slug for account in _accounts(session)}
    return _form(channel.kind, channel, _as_it_is(channel, slugs), {})


@pages.form(f"{_HERE}/<int:channel_id>", Role.ADMIN)
def change(channel_id: int) -> ResponseReturnValue:
    """Change a channel."""
    portal, wishes = context.current(), _wishes()
    with portal.database.read() as session:
        before = _channel(session, channel_id)
    try:
        with portal.database.write() as session:
            channel = _channel(session, channel_id)
            alert_channels.change(
                session,
                portal.vault,
                channel,
                wishes,
                ground=_ground(),
                now=portal.clock(),
                actor=visitor().actor,
            )
    except ChannelError as error:
        return _form(before.kind, before, wishes, _wrong(error))
    tell(f"The channel {channel.name} was changed.")
    return _to(channel)


@pages.form(f"{_HERE}/<int:channel_id>/switch", Role.ADMIN)
def switch(channel_id: int) -> ResponseReturnValue:
    """Switch a channel on or off."""
    portal, to = context.current(), sent("to")
    if to not in _ON_OFF:
        raise NotFound
    with portal.database.write() as session:
        channel = _channel(session, channel_id)
        alert_channels.switch(session, channel, is_on=_ON_OFF[to], now=portal.clock(), actor=visitor().actor)
    tell(f"The channel {channel.name} is {to}.")
    return _to(channel)


@pages.form(f"{_HERE}/<int:channel_id>/test", Role.ADMIN)
def test(channel_id: int) -> ResponseReturnValue:
    """Have the scheduler send a test, the way that alerts go."""
    portal = context.current()
    with portal.database.write() as session:
        channel = _channel(session, channel_id)
        message = alert_channels.ask_test(session, channel, now=portal.clock(), actor=visitor().actor)
    return redirect(url_for("alerts.show", channel_id=channel_id, test=message.id), HTTPStatus.SEE_OTHER)


@pages.page(f"{_HERE}/<int:channel_id>/secret", Role.ADMIN)
def ask_rotate(channel_id: int) -> ResponseReturnValue:
    """Ask before a webhook's channel gets a new secret."""
    with context.current().database.read() as session:
        channel = _webhook(session, channel_id)
    return render_template(
        "confirm.html",
        title=f"Give {channel.name} a new secret?",
        effects=(
            "It is shown once, and messages are signed with it from then on.",
            "A program that still knows the old one takes them for forged; Slack does not look.",
        ),
        action=url_for("alerts.rotate", channel_id=channel_id),
        button="Give a new secret",
        back=url_for("alerts.show", channel_id=channel_id),
    )


@pages.form(f"{_HERE}/<int:channel_id>/secret", Role.ADMIN)
def rotate(channel_id: int) -> ResponseReturnValue:
    """Give a webhook's channel a new secret, shown once."""
    portal = context.current()
    with portal.database.write() as session:
        channel = _webhook(session, channel_id)
        secret = alert_channels.rotate_secret(
            session, portal.vault, channel, now=portal.clock(), actor=visitor().actor
        )
    return _secret(channel, secret)


@pages.page(f"{_HERE}/<int:channel_id>/remove", Role.ADMIN)
def ask_remove(channel_id: int) -> ResponseReturnValue:
    """Ask before a channel is removed."""
    with context.current().database.read() as session:
        channel = _channel(session, channel_id)
        waits = alert_outbox.waiting(session).get(channel.id, 0)
    effects = [f"Nobody is told of anything by {channel.name} any more."]
    if waits:
        effects.append(f"What waits to be told by it ({waits}) is told nobody by it; the alerts stay.")
    return render_template(
        "confirm.html",
        title=f"Remove the channel {channel.name}?",
        effects=effects,
        action=url_for("alerts.remove", channel_id=channel_id),
        button="Remove",
        back=url_for("alerts.show", channel_id=channel_id),
        is_danger=True,
    )


@pages.form(f"{_HERE}/<int:channel_id>/remove", Role.ADMIN)
def remove(channel_id: int) -> ResponseReturnValue:
    """Remove a channel."""
    portal = context.current()
    with portal.database.write() as session:
        channel = _channel(session, channel_id)
        alert_channels.remove(session, channel, now=portal.clock(), actor=visitor().actor)
    tell(f"The channel {channel.name} was removed.")
    return redirect(_HERE, HTTPStatus.SEE_OTHER)


def _channel(session: Session, channel_id: int) -> AlertChannel:
    try:
        return alert_channels.get(session, channel_id)
    except ChannelError:
        raise NotFound from None


def _webhook(session: Session, channel_id: int) -> AlertChannel:
    channel = _channel(session, channel_id)
    if channel.kind is not ChannelKind.WEBHOOK:
        raise NotFound
    return channel


def _kind(text: str) -> ChannelKind:
    kind = one_of(ChannelKind, text)
    if kind is None:
        raise NotFound
    return kind


def _ground() -> Ground:
    portal = context.current()
    return Ground(can_mail=portal.can_mail, allow_private=portal.allow_private_urls)


def _wishes() -> Wishes:
    """Return what the form says."""
    return Wishes(
        name=sent("name"),
        target=lines("target"),
        news=frozenset(each for each in News if each.value in request.form.getlist("news")),
        accounts=tuple(request.form.getlist("account")),
        tells_cleared=sent("tells_cleared") == "1",
        digest_minutes=_number("digest_minutes"),
        hourly_cap=_number("hourly_cap"),
    )


def _number(name: str) -> int:
    """Return a number of the form; -1, which no field takes, where it is none."""
    text = sent(name)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else -1


def _as_it_is(channel: AlertChannel, slugs: Mapping[int, str]) -> Wishes:
    return Wishes(
        name=channel.name,
        news=frozenset(News(each) for each in channel.news),
        accounts=tuple(slugs[each] for each in channel.account_ids),
        tells_cleared=channel.tells_cleared,
        digest_minutes=channel.digest_minutes,
        hourly_cap=channel.hourly_cap,
    )


def _wrong(error: ChannelError) -> Mapping[str, str]:
    """Return what is wrong, beside the field that it is about, or above the form."""
    text = f"{error}."
    return {_FIELD_OF.get(error.reason, ""): text[:1].upper() + text[1:]}


def _accounts(session: Session) -> list[Account]:
    return list(queries.storefront_accounts(session))


def _target(channel: AlertChannel) -> str:
    try:
        return alert_channels.shown_target(context.current().vault, channel)
    except SecretsError:
        return "cannot be opened: no key of REFUND_SYNC_SECRET_KEY fits"


def _form(
    kind: ChannelKind, channel: AlertChannel | None, values: Wishes, wrong: Mapping[str, str]
) -> ResponseReturnValue:
    with context.current().database.read() as session:
        accounts = _accounts(session)
        messages = alert_outbox.messages(session, channel.id, limit=_LAST) if channel else ()
        trial = _trial(session, channel)
    page = render_template(
        "alert_channel.html",
        kind=kind,
        channel=channel,
        target=_target(channel) if channel else "",
        values=values,
        news=_NEWS,
        accounts=accounts,
        messages=messages,
        trial=trial,
        is_trying=trial is not None and trial.sent_at is None and not trial.tries,
        ground=_ground(),
        wrong=wrong,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK


def _trial(session: Session, channel: AlertChannel | None) -> AlertMessage | None:
    """Return the test of this channel that the address names; None if it names none."""
    found = session.get(AlertMessage, number(asked("test")))
    is_its = found is not None and found.is_test and channel is not None and found.channel_id == channel.id
    return found if is_its else None


def _secret(channel: AlertChannel, secret: str) -> ResponseReturnValue:
    return render_template(
        "alert_secret.html",
        channel=channel,
        secret=secret,
        back=url_for("alerts.show", channel_id=channel.id),
    )


def _link(alert: Alert, slugs: Mapping[int, str]) -> str:
    """Return the page of what an alert is about; empty if it has none."""
    if alert.subject in _PAGES_OF:
        endpoint, argument = _PAGES_OF[alert.subject]
        return url_if(endpoint, **{argument: alert.subject_id})
    slug = slugs.get(alert.account_id or 0)
    return url_if("accounts.show", slug=slug) if slug else url_if("netsuite_accounts.index")


def _to(channel: AlertChannel) -> ResponseReturnValue:
    return redirect(url_for("alerts.show", channel_id=channel.id), HTTPStatus.SEE_OTHER)
