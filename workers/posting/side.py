"""What carrying to either side has in common."""

from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from ledger.models import Refund
from workers.platforms.storefront import Written
from workers.rules.views import Decision

PlanT = TypeVar("PlanT")


class Side(Protocol[PlanT]):
    """One refund on its way to one side; `read` and `write` may raise `PlatformError`.

    Attributes:
        asks_storefront: Whether the call under way goes to the storefront, rather than to NetSuite.
    """

    asks_storefront: bool

    def decide(self) -> Decision[PlanT]:
        """Return what to do, from what is known so far."""

    def read(self) -> None:
        """Read what the rules need to know of the other side."""

    def learn(self, session: Session, refund: Refund, *, now: datetime) -> None:
        """Keep what was read in the order link, so that later news finds the refund."""

    def mapped(self, plan: PlanT) -> dict[int, str]:
        """Return, for each part of the refund by its position, what carries it."""

    def write(self, plan: PlanT) -> Written:
        """Write once and return what the other side said of it."""
