"""Deliveries: webhooks as they came, and how to have one read again."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from redis import RedisError
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from ledger import deliveries, delivery_search, exact_json, queries
from ledger.accounts import AccountError
from ledger.delivery_search import Found, Wanted
from ledger.masking import masked, masked_document, masked_headers
from ledger.models import Delivery, DeliveryState, Role
from ledger.overview import MOST
from ledger.queries import DeliveryNotFoundError
from ledger.queue import QUEUES
from ledger.repeats import Repeated, Repeats
from webhooks.endpoints import NoSuchEndpointError
from webhooks.portal import context
from webhooks.portal.access import Section, may
from webhooks.portal.forms import asked, day, one_of
from webhooks.portal.needs import shown
from webhooks.portal.paging import PAGE, Page, after_id, url_with
from webhooks.portal.visitors import tell, visitor
from webhooks.replay import ErasedError, reread
from webhooks.sources.protocol import UnreadableError

pages = Section("deliveries")

_HERE: Final = "/deliveries"


@pages.page(_HERE, Role.VIEWER)
def index() -> ResponseReturnValue:
    """List deliveries, newest first, filtered."""
    wanted = Wanted(
        state=one_of(DeliveryState, asked("state")),
        account=asked("account"),
        source=asked("source"),
        topic=asked("topic"),
        text=asked("text"),
        since=day(asked("since")),
        until=day(asked("until"), is_end=True),
        after=after_id(),
    )
    error = ""
    with context.current().database.read() as session:
        names = queries.owners(session)
        counts = delivery_search.counts(session, most=MOST)
        try:
            found = delivery_search.search(session, wanted, limit=PAGE)
        except AccountError:
            found, error = Found(()), f"There is no account {wanted.account!r}."
    return render_template(
        "deliveries.html",
        page=Page(
            found.rows,
            url_with(after=str(found.next)) if found.next else "",
            url_with(after=None) if wanted.after else "",
        ),
        is_unfinished=found.is_unfinished,
        looked_at=delivery_search.MOST,
        counts={state.value: shown(number) for state, number in counts.items()},
        repeats=_repeats(),
        names=names,
        accounts=sorted(set(names.values())),
        sources=QUEUES,
        states=[state.value for state in DeliveryState],
        asked=asked,
        error=error,
    )


@pages.page(f"{_HERE}/<int:delivery_id>", Role.VIEWER)
def show(delivery_id: int) -> ResponseReturnValue:
    """Show one delivery: what is known of it, what it says, and what was understood."""
    with context.current().database.read() as session:
        delivery = _delivery(session, delivery_id)
        owner = queries.owner_of(session, delivery)
        is_unread = deliveries.is_unread(delivery)
        body = delivery.body.decode("utf-8", "replace") if may(Role.OPERATOR) else ""
        return render_template(
            "delivery.html",
            delivery=delivery,
            owner=owner,
            headers=masked_headers(delivery.headers),
            body=masked_document(body),
            is_erased=not delivery.body,
            is_unread=is_unread,
            events=[] if is_unread else [exact_json.indented(masked(event)) for event in delivery.events],
            history=queries.audit_trail(session, "delivery", delivery_id),
        )


@pages.page(f"{_HERE}/<int:delivery_id>/replay", Role.OPERATOR)
def ask_replay(delivery_id: int) -> ResponseReturnValue:
    """Ask before a delivery is read again."""
    with context.current().database.read() as session:
        delivery = _delivery(session, delivery_id)
    here = url_for("deliveries.show", delivery_id=delivery_id)
    return render_template(
        "confirm.html",
        title=f"Replay delivery {delivery_id}?",
        effects=(
            f"The body of {delivery.topic or 'the delivery'} is read again as this version understands it.",
            "Workers then take over what it tells, as if it had just come.",
            "Refunds that are known already are not carried twice.",
        ),
        action=f"{here}/replay",
        button="Replay",
        back=here,
    )


@pages.form(f"{_HERE}/<int:delivery_id>/replay", Role.OPERATOR)
def replay(delivery_id: int) -> ResponseReturnValue:
    """Have a delivery read again and worked off."""
    portal = context.current()
    here = redirect(url_for("deliveries.show", delivery_id=delivery_id), HTTPStatus.SEE_OTHER)
    try:
        with portal.database.write() as session:
            delivery = _delivery(session, delivery_id)
            events = reread(queries.owner_of(session, delivery), delivery)
            deliveries.replay(session, delivery, events, now=portal.clock(), actor=visitor().actor)
            source = delivery.source
    except (ErasedError, NoSuchEndpointError, UnreadableError) as error:
        tell(f"Delivery {delivery_id} was not replayed: {error}", "bad")
        return here
    portal.waker.deliveries(source, [delivery_id])
    number = len(events)
    tell(
        f"Delivery {delivery_id} is worked off again; it tells of {number} event{'' if number == 1 else 's'}."
    )
    return here


def _repeats() -> Sequence[Repeated] | None:
    """Return what came again; None while nobody can say."""
    try:
        return Repeats(context.current().redis).read()
    except RedisError:
        return None


def _delivery(session: Session, delivery_id: int) -> Delivery:
    try:
        return queries.delivery(session, delivery_id)
    except DeliveryNotFoundError:
        raise NotFound from None
