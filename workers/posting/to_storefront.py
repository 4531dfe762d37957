"""Carry a NetSuite refund to its storefront."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from ledger import lines, orders
from ledger.clock import utcnow
from ledger.events import OrderSeen
from ledger.masking import masked_text
from ledger.models import OrderState, Refund
from workers.platforms.storefront import Asked, Storefront, Written
from workers.posting.work import Work
from workers.rules import from_netsuite as rules
from workers.rules.facts import StorefrontOrder, StorefrontRefund
from workers.rules.netsuite_lines import PlanError
from workers.rules.views import Decision, StorefrontPlan

_REFUSED: Final = ", which was refused: "


class ToStorefront:
    """One refund on its way to a storefront.

    Attributes:
        order: The storefront's order; None before it was read, or where there is none.
        ours: The refund as the storefront has it already.
    """

    def __init__(self, work: Work, storefront: Storefront) -> None:
        """Carry the work over a client of its storefront account."""
        self._work = work
        self._storefront = storefront
        self._was_read = False
        self.asks_storefront = True
        self.order: StorefrontOrder | None = None
        self.ours: StorefrontRefund | None = None

    def decide(self) -> Decision[StorefrontPlan]:
        """Return what to do, from what is known so far."""
        work = self._work
        return rules.decide(
            work.refund,
            work.account,
            work.link,
            self.order,
            was_read=self._was_read,
            ours=self.ours,
            may_appear=self._may_appear(),
        )

    def read(self) -> None:
        """Read the order; where it is not linked yet, look for it by the number NetSuite has of it.

        Raises:
            workers.platforms.errors.PlatformError: If the storefront does not give it.
        """
        if self._work.link is not None:
            self.order = self._storefront.order(self._work.link.storefront_order_id)
        else:
            by = self._work.account.policy.order_match_value
            self.order = self._storefront.find_order(self._work.number, by=by)
        if self.order is not None:
            self.ours = self._storefront.outcome(self.order, self._asked(self.order))
        self._was_read = True

    def _may_appear(self) -> bool:
        sent, gap = self._work.refund.unanswered_at, self._work.gap
        last = max([each for each in (sent, gap and gap.until) if each], default=None)
        return last is not None and utcnow() < last + self._storefront.shows_within

    def _asked(self, order: StorefrontOrder) -> Asked:
        work = self._work
        try:
            amount = rules.convert(work.refund.amount, order)
        except PlanError:
            amount = None
        return Asked(
            work.refund.key,
            work.refund.target_id,
            work.sent_since,
            amount,
            work.others.all,
            "" if self._may_appear() else work.broke_at,
            others_of_order=work.others.of_order,
        )

    def learn(self, session: Session, refund: Refund, *, now: datetime) -> None:
        """Link the refund to the order that was found, and say of each part whether its line was refused."""
        if self.ours is not None:
            _tell_refused(session, refund, self.ours.refused)
        if refund.order_link is not None or self.order is None:
            return
        found = self.order
        state = OrderState.CANCELLED if found.cancelled else OrderState.OPEN
        seen = OrderSeen(found.id, found.name, state, seen_at=now)
        link, _ = orders.see_storefront(session, refund.account_id, seen, now=now)
        refund.order_link_id = link.id
        refund.storefront_order_id = found.id
        refund.storefront_order_name = found.name

    def write(self, plan: StorefrontPlan) -> Written:
        """Make the refund; return what the storefront said of it.

        Raises:
            workers.platforms.errors.PlatformError: If the storefront refused, or nobody knows whether it did.
        """
        return self._storefront.refund(plan, key=self._work.refund.key)

    def mapped(self, plan: StorefrontPlan) -> dict[int, str]:
        """Return, for each part of the refund, the order line that carries it."""
        return {line.position: f"{_carried_by(line.line_id)}{line.quantity}" for line in plan.lines}


def _carried_by(line_id: str) -> str:
    return f"order line {line_id} x "


def _tell_refused(session: Session, refund: Refund, refused: tuple[tuple[str, str], ...]) -> None:
    """Add to each part that an order line carried what the storefront said when it refused that line."""
    for line in lines.of(session, refund) if refused else ():
        carried = line.mapped.partition(_REFUSED)[0]
        words = [said for line_id, said in refused if carried.startswith(_carried_by(line_id))]
        if words:
            line.mapped = masked_text(f"{carried}{_REFUSED}{' '.join(words)}")
