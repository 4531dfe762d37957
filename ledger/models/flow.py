"""What flowed, counted once for each five minutes that are over."""

from datetime import datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.base import Base


class FlowSlot(Base):
    """What flowed in five minutes; written once, when nothing can be added to them any more.

    Attributes:
        begins_at: When they begin, in UTC.
        accepted: Deliveries that came.
        posted: Refunds that were posted.
        took: How many of those that waited for nobody took how long, by the buckets' numbers of
            `ledger.spans`.
    """

    __tablename__ = "flow_slots"

    begins_at: Mapped[datetime] = mapped_column(primary_key=True)
    accepted: Mapped[int]
    posted: Mapped[int]
    took: Mapped[dict[str, int]] = mapped_column(JSON)
