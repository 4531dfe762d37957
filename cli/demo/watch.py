"""What is expected of the demo, and the ledger that is watched until it comes so."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import func, select

from cli.demo.control import Control, Json, Storefront
from ledger import accounts, polls
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, Delivery, OrderLink, OrderState, Poll, Refund
from ledger.models.deliveries import DeliveryState
from ledger.states import State

_PATIENCE: Final = 30.0  # seconds a scenario waits for the service
_LOOK_EVERY: Final = 0.1  # seconds
_ASK_EVERY: Final = 0.5  # seconds
T = TypeVar("T")


class DemoError(Exception):
    """Raised when something does not come out as the demo expects.

    Attributes:
        reason: Always `not_as_expected`.
    """

    reason = "not_as_expected"


@dataclass(frozen=True, slots=True)
class Expected:
    """How one refund must end.

    Attributes:
        total: What the refund on the other side must come to, where one is made.
    """

    scenario: str
    account: str
    origin: str
    refund_id: str
    state: State
    reason: str
    transaction_type: str = ""
    total: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a refund stands in the ledger."""

    id: int
    state: State
    reason: str
    detail: str
    target_id: str


@dataclass
class Watch:
    """Knows what is expected, and looks whether it came.

    Attributes:
        expected: How each refund must end.
    """

    control: Control
    database: Database
    expected: list[Expected] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(
        self,
        scenario: str,
        storefront: Storefront,
        origin: str,
        refund_id: str,
        state: State,
        reason: str,
        **more: Any,  # noqa: ANN401 - the remaining fields of Expected
    ) -> Standing:
        """Say how a refund must end, and wait until it does.

        Raises:
            DemoError: If it does not in time.
        """
        wanted = Expected(scenario, storefront.slug, origin, refund_id, state, reason, **more)
        with self._lock:
            self.expected.append(wanted)
        return self.wait_for(storefront, origin, refund_id, state, reason)

    def expect_posted(
        self,
        scenario: str,
        storefront: Storefront,
        refund_id: str,
        transaction_type: str,
        total: str,
        **more: Any,  # noqa: ANN401 - `origin`, by default the storefront, and `reason`, by default POSTED
    ) -> Standing:
        """Say that a refund must be posted, of which type and total, and wait until it is.

        Raises:
            DemoError: If it is not in time.
        """
        return self.expect(
            scenario,
            storefront,
            more.get("origin", storefront.platform),
            refund_id,
            State.POSTED,
            more.get("reason", "POSTED"),
            transaction_type=transaction_type,
            total=total,
        )

    def wait_for(
        self, storefront: Storefront, origin: str, refund_id: str, state: State, reason: str
    ) -> Standing:
        """Wait until a refund is in a state for a reason, and return how it stands.

        Raises:
            DemoError: If it does not come there in time, saying where it is.
        """

        def there() -> Standing | None:
            refund = self.find(storefront, origin, refund_id)
            return refund if refund and (refund.state, refund.reason) == (state, reason) else None

        try:
            return self.until(there, f"{origin} refund {refund_id} {state} {reason}")
        except DemoError as error:
            found = self.find(storefront, origin, refund_id)
            where = f"it is {found.state} {found.reason} ({found.detail})" if found else "it never arrived"
            raise DemoError(f"{error}; {where}") from None

    def find(self, storefront: Storefront, origin: str, refund_id: str) -> Standing | None:
        """Return how a refund stands in the ledger."""
        query = (
            select(Refund.id, Refund.state, Refund.reason, Refund.detail, Refund.target_id)
            .join(Account, Account.id == Refund.account_id)
            .where(
                Refund.origin == origin,
                Refund.source_refund_id == refund_id,
                Account.slug == storefront.slug,
            )
        )
        with self.database.read() as session:
            row = session.execute(query).one_or_none()
        return Standing(*row) if row is not None else None

    def wait_for_order(self, storefront: Storefront, order_id: str) -> None:
        """Wait until the ledger knows that a storefront has an order.

        Raises:
            DemoError: If it does not in time.
        """
        query = (
            select(OrderLink.id)
            .join(Account, Account.id == OrderLink.account_id)
            .where(
                Account.slug == storefront.slug,
                OrderLink.storefront_order_id == order_id,
                OrderLink.storefront_state == OrderState.OPEN,
            )
        )

        def known() -> int | None:
            with self.database.read() as session:
                return session.scalar(query)

        self.until(known, f"{storefront.platform} order {order_id} to be known")

    def poll_until_found(self, storefront: Storefront, origin: str, refund_id: str) -> None:
        """Ask a side now, and again, until it has told of a refund; platforms show the last second late.

        Raises:
            DemoError: If it does not in time.
        """

        def asked() -> Standing | None:
            found = self.find(storefront, origin, refund_id)
            if found is None:
                with self.database.write() as session:
                    owner = (
                        accounts.netsuite_by_slug(session, storefront.books)
                        if origin == "netsuite"
                        else accounts.by_slug(session, storefront.slug)
                    )
                    polls.hurry(session, owner, now=utcnow())
            return found

        self.until(asked, f"a poll to find {origin} refund {refund_id}", every=_ASK_EVERY)

    def until(self, condition: Callable[[], T | None], what: str, *, every: float = _LOOK_EVERY) -> T:
        """Look until something is there, and return it.

        Raises:
            DemoError: If it does not come in time.
        """
        pause, deadline = threading.Event(), time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if found := condition():
                return found
            pause.wait(every)
        raise DemoError(f"waited {_PATIENCE:.0f} s for: {what}")

    def settle(self) -> None:
        """Wait until every webhook is delivered, every delivery worked off and every poll over."""
        self.until(self._is_quiet, "everything to be worked off")

    def _is_quiet(self) -> bool:
        pending: Json = self.control.get("/webhooks/pending")
        if pending["pending"]:
            return False
        moving = (
            select(func.count()).where(Delivery.state == DeliveryState.RECEIVED),
            select(func.count()).where(Refund.state.in_((State.SCHEDULED, State.POSTING))),
            select(func.count()).where(Poll.lease_until.is_not(None)),
        )
        with self.database.read() as session:
            return not any(session.scalar(query) for query in moving)
