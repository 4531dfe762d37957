"""The stage of the demo: three shops, one NetSuite account, the ledger to watch, and what is expected."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import func, select

from cli.demo.control import Books, Control, Shop, record_id
from ledger.database import Database
from ledger.models import Account, Delivery, Refund
from ledger.models.deliveries import DeliveryState
from ledger.states import State

_PATIENCE: Final = 20.0  # seconds a scenario waits for the service
_PAUSE: Final = threading.Event()
_LOOK_EVERY: Final = 0.1  # seconds
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
        record_total: What the record on the other side must come to, where one is written.
        echo: Whether the write's own webhook comes back and must be ignored.
    """

    scenario: str
    account: str
    origin: str
    refund_id: str
    state: State
    reason: str
    transaction_type: str = ""
    record_total: str = ""
    echo: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """How a refund stands in the ledger."""

    id: int
    state: State
    reason: str
    detail: str
    target_id: str


@dataclass
class Stage:
    """Where the scenarios play."""

    control: Control
    books: Books
    shop_in: Shop
    shop_out: Shop
    shop_yen: Shop
    database: Database
    accounts: dict[str, str]
    expected: list[Expected] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def expect(
        self,
        scenario: str,
        shop: Shop,
        origin: str,
        refund_id: str,
        state: State,
        reason: str,
        **more: Any,  # noqa: ANN401 - the remaining fields of Expected
    ) -> None:
        """Say how a refund must end, and wait until it does.

        Raises:
            DemoError: If it does not in time.
        """
        wanted = Expected(scenario, self.accounts[shop.domain], origin, refund_id, state, reason, **more)
        with self._lock:
            self.expected.append(wanted)
        self.wait_for(shop, origin, refund_id, state, reason)

    def expect_posted(
        self,
        scenario: str,
        shop: Shop,
        refund_id: str,
        transaction_type: str,
        record_total: str,
        **more: Any,  # noqa: ANN401
    ) -> None:
        """Say that a refund must be posted as a record of a type and total, and wait until it is.

        Raises:
            DemoError: If it is not in time.
        """
        self.expect(
            scenario,
            shop,
            more.get("origin", "shopify"),
            refund_id,
            State.POSTED,
            more.get("reason", "POSTED"),
            transaction_type=transaction_type,
            record_total=record_total,
        )

    def wait_for(self, shop: Shop, origin: str, refund_id: str, state: State, reason: str) -> Standing:
        """Wait until a refund is in a state for a reason, and return how it stands.

        Raises:
            DemoError: If it does not come there in time, saying where it is.
        """

        def there() -> Standing | None:
            refund = self.find(shop, origin, refund_id)
            return refund if refund and (refund.state, refund.reason) == (state, reason) else None

        try:
            return self.until(there, f"{origin} refund {refund_id} {state} {reason}")
        except DemoError as error:
            found = self.find(shop, origin, refund_id)
            where = f"it is {found.state} {found.reason} ({found.detail})" if found else "it never arrived"
            raise DemoError(f"{error}; {where}") from None

    def find(self, shop: Shop, origin: str, refund_id: str) -> Standing | None:
        """Return how a refund stands in the ledger."""
        query = (
            select(Refund.id, Refund.state, Refund.reason, Refund.detail, Refund.target_id)
            .join(Account, Account.id == Refund.account_id)
            .where(
                Refund.origin == origin,
                Refund.source_refund_id == refund_id,
                Account.slug == self.accounts[shop.domain],
            )
        )
        with self.database.read() as session:
            row = session.execute(query).one_or_none()
        return Standing(*row) if row is not None else None

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        """Look until something is there, and return it.

        Raises:
            DemoError: If it does not come in time.
        """
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if found := condition():
                return found
            _PAUSE.wait(_LOOK_EVERY)
        raise DemoError(f"waited {_PATIENCE:.0f} s for: {what}")

    def order(self, shop: Shop, lines: list[dict[str, Any]], **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Place an order in a shop; each shop has order names of its own, as NetSuite needs them."""
        prefix = self.accounts[shop.domain].removeprefix("shop-").upper()
        return shop.order(**{"name": f"#{prefix}{next(self._numbers)}", "lines": lines} | more)

    def synced_order(
        self,
        shop: Shop,
        lines: list[dict[str, Any]],
        *,
        billed: str = "invoice",
        **more: Any,  # noqa: ANN401
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Place an order in a shop and import it into NetSuite, as an order sync would; return both."""
        order = self.order(shop, lines, **more)
        imported = self.imported(order, lines, billed=billed, **more)
        return order, imported

    def imported(
        self,
        order: dict[str, Any],
        lines: list[dict[str, Any]],
        *,
        billed: str = "invoice",
        **more: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Import a shop's order into NetSuite; `billed` empty leaves it unbilled."""
        shipping = more.get("shipping") or {}
        return self.books.order(
            otherRefNum=order["name"],
            currency=more.get("currency", "USD"),
            lines=[
                {
                    "sku": line["sku"],
                    "quantity": line["quantity"],
                    "rate": line["price"],
                    "taxRate": line.get("tax_rate", "0"),
                }
                for line in lines
            ],
            **({"shippingCost": shipping["price"]} if shipping else {}),
            **({"billed": billed} if billed else {}),
        )

    def fault(self, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Let the platform fail the next calls in a way."""
        self.control.post("/faults", **fields)

    def calls(self, platform: str) -> list[dict[str, Any]]:
        """Return the calls a platform got since they were last cleared."""
        made = self.control.get(f"/calls?platform={platform}")
        return list(made["calls"] if isinstance(made, dict) else made)

    def settle(self) -> None:
        """Wait until every webhook is delivered and every delivery worked off."""
        self.until(self._is_quiet, "everything to be worked off")

    def _is_quiet(self) -> bool:
        pending = self.control.get("/webhooks/pending")
        if pending["pending"] if isinstance(pending, dict) else pending:
            return False
        with self.database.read() as session:
            open_deliveries = session.scalar(
                select(func.count()).where(Delivery.state == DeliveryState.RECEIVED)
            )
            moving = session.scalar(
                select(func.count()).where(Refund.state.in_((State.SCHEDULED, State.POSTING)))
            )
        return not open_deliveries and not moving

    def billed_id(self, imported: dict[str, Any]) -> str:
        """Return the id of the record that billed an imported order."""
        return record_id(imported["billed"])
