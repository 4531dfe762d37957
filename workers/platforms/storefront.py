"""What every storefront's client can do, whichever platform it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from ledger.events import MoneyState, RefundSeen
from ledger.money import Money
from ledger.policy import Policy
from workers.platforms.errors import PlatformError
from workers.rules.facts import StorefrontOrder, StorefrontRefund
from workers.rules.from_netsuite import find_ours
from workers.rules.views import StorefrontPlan


@dataclass(frozen=True, slots=True)
class Written:
    """What the storefront said of a refund it was asked to make.

    Attributes:
        id: The refund's id there, or that of the request where it has no refund yet.
        money: `PENDING` where the outcome is still to come: it is then asked for by `outcome`.
        problem: A code of `ledger.reasons` where something about it needs a person; else empty.
        detail: The platform's words for that.
    """

    id: str
    money: MoneyState = MoneyState.MOVED
    problem: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A refund of ours that may be in the storefront already.

    Attributes:
        key: Our stable key.
        target_id: What `Written.id` said when it was made; empty where no answer came.
        began_at: When the first write was sent, or may have been before the ledger was restored, in UTC; None
            where none was, or each was answered.
        amount: In the currency the storefront refunds in, where that is known.
        others: What `Written.id` said of other refunds of ours, as far as they may be taken for this one.
        broke_at: The address of the last write where the storefront broke down over it (status 500 or more),
            what it did would be shown by now, and no person has looked since; else empty.
        others_of_order: Those of `others` that are of the same order.
    """

    key: str
    target_id: str = ""
    began_at: datetime | None = None
    amount: Money | None = None
    others: frozenset[str] = frozenset()
    broke_at: str = ""
    others_of_order: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """An order with refunds that changed.

    Attributes:
        order_id: The order's id at the platform.
        refund_ids: Its refunds as far as they were told; each may be known already.
        changed_at: When, by the platform's own clock, in UTC.
        version: Told apart from an earlier change of the same order by this.
    """

    order_id: str
    refund_ids: tuple[str, ...]
    changed_at: datetime
    version: str


class Storefront(Protocol):
    """A client of one storefront account. Every method may raise `workers.platforms.errors.PlatformError`.

    Attributes:
        late_looks: How long after news of a refund that is not there yet it is looked for again, each time.
        money_looks: How long after a refund began to wait for its money it is looked at, each time; empty
            where the installation's pace of looks holds.
        shows_within: How long a refund may be made and not be shown yet, where the platform knows no
            idempotency key: until then it is not asked for again after a lost answer.
        lag: How long ago what `changes` is asked for must be.
        overlap: By how much a poll reaches back behind the last one: how late the platform may show a refund.
    """

    late_looks: ClassVar[tuple[timedelta, ...]] = (
        timedelta(minutes=2),
        timedelta(minutes=15),
        timedelta(hours=2),
    )

    money_looks: ClassVar[tuple[timedelta, ...]] = ()
    overlap: ClassVar[timedelta] = timedelta(minutes=30)
    lag: ClassVar[timedelta] = timedelta(seconds=1)
    shows_within: ClassVar[timedelta] = timedelta(0)

    @staticmethod
    def validate_credentials(credentials: Mapping[str, Any]) -> None:
        """Check that credentials are of the platform's shape, before they are kept.

        Raises:
            workers.platforms.errors.CredentialsError: If they are not.
        """

    @staticmethod
    def webhook_secret(credentials: Mapping[str, Any]) -> str:
        """Return the secret that vouches for the platform's webhooks, where the credentials tell."""
        del credentials
        return ""

    @staticmethod
    def may_name(number: str) -> bool:
        """Tell whether an order of the platform may have this number, as far as its form says."""
        return bool(number)

    def order(self, order_id: str) -> StorefrontOrder | None:
        """Return an order as it stands now, or None if it does not exist."""

    def find_order(self, number: str, *, by: str) -> StorefrontOrder | None:
        """Return the order with this number, by `id` or `name`, or None."""

    def refund(self, plan: StorefrontPlan, *, key: str) -> Written:
        """Make a refund, once whatever happens, and return what the storefront said of it.

        Args:
            plan: What to refund.
            key: Our stable key; the platform's idempotency key is made of it, where it has one.
        """

    def refunds(self, order_id: str, *, policy: Policy, mark_prefix: str) -> tuple[RefundSeen, ...]:
        """Return the refunds an order has; those whose note has a key that begins so are marked as ours."""

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield the orders whose refunds changed in a time, the oldest change first where the platform can.

        Args:
            since: In UTC.
            until: In UTC.
        """

    def order_of_request(self, kind: str, request_id: str) -> str:
        """Return the id of the order that a request of the buyer's is about; empty if nobody tells.

        Args:
            kind: As in `ledger.events.RequestTouched`.
            request_id: Its number.
        """
        del kind, request_id
        return ""

    def check(self) -> None:
        """Make a cheap call that needs valid credentials."""

    def outcome(self, order: StorefrontOrder, asked: Asked) -> StorefrontRefund | None:
        """Return what became of a refund of ours, or None if the storefront has none: it was never made.

        Raises:
            PlatformError: `OUTCOME_UNCLEAR` where the platform cannot tell.
        """
        return find_ours(order, asked.key, asked.target_id)

    def confirm(self, url: str) -> None:
        """Confirm a subscription at an address of the platform's own.

        Raises:
            PlatformError: `REFUSED` where the platform has no such thing, or the address is not its own.
        """
        raise PlatformError("REFUSED", f"no subscription of this platform is confirmed at {url}")
