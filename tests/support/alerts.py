"""Channels of alerts for tests, and what is told to them."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import alert_channels, alert_outbox, alerts, refunds
from ledger.alert_channels import Ground, Wishes
from ledger.database import Database
from ledger.models import AlertChannel, ChannelKind, News
from ledger.secrets import Vault
from ledger.states import Transition
from tests.support.ledger import NOW

EVERYWHERE: Final = Ground(can_mail=True, allow_private=True)
"""An installation in development, with a mail server."""


def make_channel(
    session: Session,
    vault: Vault,
    name: str = "slack",
    *,
    kind: ChannelKind = ChannelKind.WEBHOOK,
    target: str = "",
    now: datetime = NOW,
    **wishes: Any,  # noqa: ANN401 - fields of `Wishes`
) -> AlertChannel:
    """Add a channel; without a target it is one that nobody listens at."""
    usual = "https://hooks.example.com/services/T0/B0/x" if kind is ChannelKind.WEBHOOK else "a@example.com"
    wished = Wishes(name=name, target=target or usual, **wishes)
    return alert_channels.add(session, vault, kind, wished, ground=EVERYWHERE, now=now, actor="test")


def tell_all(database: Database, now: datetime) -> None:
    """Let every channel have been told everything that waits for it."""
    with database.write() as session:
        for channel_id in session.scalars(select(AlertChannel.id)).all():
            channel = alert_outbox.claim(session, channel_id, now=now)
            assert channel is not None
            waiting = [number for number, *_ in alert_outbox.pending(session, channel)]
            message = alert_outbox.pack(session, channel, waiting, held=0, now=now)
            assert alert_outbox.sent(session, channel, message, detail="", now=now)
            assert alert_outbox.rest(session, channel, None)


def raise_errors(session: Session, account_id: int, *subjects: int, now: datetime = NOW) -> None:
    """Raise an alert for each of some refunds, and hand it to the channels."""
    rows = [
        alerts.row(
            News.ERROR,
            "refund",
            each,
            f"refund {each} of order #1001, 20.00 USD",
            "MAPPING_MISSING",
            "item_shipping",
            now=now,
            account_id=account_id,
        )
        for each in subjects
    ]
    alerts.raise_all(session.connection(), rows)
    alerts.share(session, limit=len(rows))


def move_refund(
    database: Database,
    number: int,
    transition: Transition,
    reason: str,
    now: datetime,
    *,
    is_claimed: bool = True,
) -> None:
    """Move a refund as a worker does, or as a person."""
    with database.write() as session:
        refund = refunds.claim(session, number, now=now) if is_claimed else refunds.load(session, number)
        assert refund is not None
        token = refund.lease_token if is_claimed else None
        refunds.move(session, refund, transition, reason, now=now, token=token, detail="said so")
