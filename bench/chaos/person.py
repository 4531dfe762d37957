"""The person whom the service asks: settles what no rule may, as the documentation tells them to.

Some platforms take a refund twice if they are asked twice, and cannot tell afterwards whether they did. There
the service stops and asks; the person looks at the storefront, and says what is so.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, joinedload

from bench.chaos.ground import Ground
from ledger import actions, deliveries, pausing
from ledger.clock import utcnow
from ledger.events import event_from_json
from ledger.models import Account, Delivery, NetSuiteAccount, Refund
from ledger.models.deliveries import DeliveryState
from ledger.states import IllegalTransitionError, State

_ACTOR: Final = "chaos:person"
_NEEDS: Final = (State.ERROR, State.DISCREPANCY)


@dataclass
class Person:
    """Looks at what needs somebody.

    Attributes:
        asked: How often the service asked, by the reason it gave.
    """

    ground: Ground
    asked: Counter[str] = field(default_factory=Counter)

    def look(self) -> None:
        """Settle whatever waits for a person now."""
        try:
            with self.ground.database.read() as session:
                waiting = session.scalars(
                    select(Refund).where(Refund.state.in_(_NEEDS)).options(joinedload(Refund.account))
                ).all()
            for row in waiting:
                self._settle(row)
            with self.ground.database.write() as session:
                self._resume(session)
                self._replay(session)
        except SQLAlchemyError:  # the database is away just now
            return

    def _settle(self, row: Refund) -> None:
        self.asked[f"{row.state} {row.reason}"] += 1
        storefront = next(each for each in self.ground.storefronts if each.slug == row.account.slug)
        found = (
            storefront.given_back(row.storefront_order_id, row.key, row.target_id)
            if row.reason == "OUTCOME_UNCLEAR"
            else []
        )
        with self.ground.database.write() as session:
            try:
                if found:
                    note = "it is there, as the storefront shows"
                    actions.resolve(
                        session, row.id, now=utcnow(), actor=_ACTOR, note=note, target_id=f"seen:{row.key}"
                    )
                else:
                    actions.retry(session, row.id, now=utcnow(), actor=_ACTOR)
            except IllegalTransitionError:  # it moved meanwhile
                return

    def _resume(self, session: Session) -> None:
        shops = session.scalars(select(Account).where(Account.paused_reason != ""))
        books = session.scalars(select(NetSuiteAccount).where(NetSuiteAccount.paused_reason != ""))
        for account in (*shops, *books):
            self.asked[f"paused {account.paused_reason}"] += 1
            pausing.resume(session, account, now=utcnow(), actor=_ACTOR)

    def _replay(self, session: Session) -> None:
        for delivery in session.scalars(select(Delivery).where(Delivery.state == DeliveryState.FAILED)):
            self.asked[f"delivery failed {delivery.reason}"] += 1
            events = tuple(event_from_json(data) for data in delivery.events)
            deliveries.replay(session, delivery, events, now=utcnow(), actor=_ACTOR)
