"""Act on refunds, each in a transaction of its own, so that one that cannot be acted on holds up no other."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from ledger import queries
from ledger.actions import ActionError
from ledger.database import Database
from ledger.models import Refund
from ledger.refunds import RefundNotFoundError
from ledger.states import UNDER_WAY, IllegalTransitionError
from ledger.views import View, refund_view

Act = Callable[[Session, int], Refund]
"""Does something with a refund in a writing transaction; may raise one of `REFUSALS`."""

REFUSALS: Final = (RefundNotFoundError, IllegalTransitionError, ActionError)
"""Why a refund cannot be acted on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one refund.

    Attributes:
        refund: As it is afterwards, with account, order link and lines; None if it was refused.
        error: Why it was refused, one of `REFUSALS`.
    """

    refund_id: int
    refund: Refund | None = None
    error: RefundNotFoundError | IllegalTransitionError | ActionError | None = None

    @property
    def view(self) -> View:
        """The refund as JSON values, or its id and why it was refused."""
        if self.refund is not None:
            return refund_view(self.refund)
        code, message = getattr(self.error, "reason", ""), str(self.error)
        return {"id": self.refund_id, "error": {"code": code, "message": message}}

    @property
    def due(self) -> tuple[tuple[int, str], ...]:
        """The refund as (id, platform) if it has a way to go, so that a worker is to be woken for it."""
        if self.refund is None or self.refund.state not in UNDER_WAY:
            return ()
        return ((self.refund.id, self.refund.account.platform.value),)


def each(database: Database, ids: Iterable[int], act: Act) -> Iterator[Outcome]:
    """Act on each refund once and yield what became of it, in the order given."""
    for number in dict.fromkeys(ids):
        try:
            with database.write() as session:
                act(session, number)
                refund = queries.refund(session, number)
        except REFUSALS as error:
            yield Outcome(number, error=error)
        else:
            yield Outcome(number, refund)
