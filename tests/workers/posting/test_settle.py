from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from ledger import attempts, orders, refunds
from ledger.database import Database
from ledger.installation import Installation
from ledger.models import Account, Attempt, NetSuiteAccount, OrderLink, OrderState, Refund
from ledger.reasons import DISCREPANCIES, REASONS, Recovery
from ledger.refunds import LeaseLostError
from ledger.schedule import TRIES, ceiling
from ledger.secrets import Vault
from ledger.states import AT_REST, State, Transition
from tests.support.ledger import NOW, make_account, make_refund, make_seen
from workers.platforms.errors import PlatformError
from workers.posting.settle import PAUSED_LOOK, Ending, close_attempt, settle_decision, settle_error
from workers.rules.views import Action, Decision

SHARED = Installation()
WAITS = {
    "ORDER_NOT_SYNCED": 14,
    "NOT_BILLED": 30,
    "MONEY_PENDING": 30,
    "OUTCOME_PENDING": 30,
    "RETURN_NOT_RECEIVED": 60,
}
MINUTE = timedelta(minutes=1)


class Claim:
    """A refund that a worker has."""

    def __init__(self, database: Database, account: Account, *, origin: str = "shopify") -> None:
        self.database = database
        with database.write() as session:
            link = orders.ensure(session, account.id, "450789469", now=NOW)
            made = make_refund(session, account, make_seen(origin=origin), link)
        self.id = made.id
        self.row = self.again()

    def again(self) -> Refund:
        """Claim the refund once more, whatever held it back."""
        with self.database.write() as session:
            rows = update(Refund).where(Refund.id == self.id)
            session.execute(rows.values(not_before=None, lease_until=None))
            row = refunds.claim(session, self.id, now=NOW)
        assert row is not None
        self.row = row
        return row

    def have(self, **columns: object) -> None:
        with self.database.write() as session:
            session.execute(update(Refund).where(Refund.id == self.id).values(**columns))

    def decided(
        self,
        action: Action,
        reason: str,
        *,
        later: timedelta = MINUTE,
        looks: tuple[timedelta, ...] = (),
        **more: object,
    ) -> Ending:
        decision = Decision[object](action, reason, **more)  # type: ignore[arg-type] # whatever fields it has
        with self.database.write() as session:
            return settle_decision(
                session,
                self.row,
                self.row.lease_token,
                decision,
                now=NOW + later,
                shared=SHARED,
                looks=looks,
            )

    def failed(self, reason: str, *, at_storefront: bool = False, retry_after: float | None = None) -> Ending:
        error = PlatformError(reason, "its words", retry_after=retry_after)
        with self.database.write() as session:
            return settle_error(
                session,
                self.row,
                self.row.lease_token,
                error,
                at_storefront=at_storefront,
                now=NOW,
                shared=SHARED,
            )

    @property
    def refund(self) -> Refund:
        with self.database.read() as session:
            return session.get_one(Refund, self.id)


@pytest.fixture
def account(database: Database, vault: Vault) -> Account:
    """A shop."""
    with database.write() as session:
        return make_account(session, vault)


@pytest.fixture
def claim(database: Database, account: Account) -> Claim:
    """A refund of the shop that a worker has."""
    return Claim(database, account)


def pauses(database: Database, account: Account) -> tuple[str, str]:
    """Return why the shop and its books are paused."""
    with database.read() as session:
        books = session.get_one(NetSuiteAccount, account.netsuite_account_id)
        return session.get_one(Account, account.id).paused_reason, books.paused_reason


@pytest.mark.parametrize(
    ("action", "reason", "state"),
    [
        (Action.IGNORE, "ECHO", State.IGNORED),
        (Action.DISPUTE, "OVER_REFUND", State.DISCREPANCY),
        (Action.FAIL, "MAPPING_MISSING", State.ERROR),
        (Action.HOLD, "REVIEW_FIRST", State.HELD),
        (Action.LINK, "ALREADY_POSTED", State.POSTED),
        (Action.WRITE, "POSTED", State.POSTED),
    ],
)
def test_a_decision_that_ends_the_matter_puts_the_refund_at_rest(
    claim: Claim, action: Action, reason: str, state: State
) -> None:
    claim.have(tries=3)
    claim.decided(action, reason, detail="in words")
    refund = claim.refund
    assert (refund.state, refund.reason, refund.detail, refund.tries) == (state, reason, "in words", 0)
    assert (refund.due_at, refund.lease_until, refund.not_before) == (None, None, None)


@pytest.mark.parametrize(
    ("target_type", "kind"), [("cashrefund", "cash_refund"), ("creditmemo", "credit_memo"), ("refund", "")]
)
@pytest.mark.parametrize("action", [Action.WRITE, Action.LINK])
def test_what_was_written_or_found_is_kept(claim: Claim, action: Action, target_type: str, kind: str) -> None:
    claim.decided(action, "POSTED", target_type=target_type, target_id="1401")
    refund = claim.refund
    assert (refund.target_type, refund.target_id, refund.transaction_type) == (target_type, "1401", kind)
    assert refund.posted_at == NOW + MINUTE


def test_what_is_held_says_what_it_would_become_and_has_no_target(claim: Claim) -> None:
    claim.decided(Action.HOLD, "REVIEW_FIRST", target_type="creditmemo")
    refund = claim.refund
    assert (refund.transaction_type, refund.target_type, refund.posted_at) == ("credit_memo", "", None)


@pytest.mark.parametrize(("reason", "days"), WAITS.items())
def test_a_wait_has_a_next_look_and_the_accounts_deadline(claim: Claim, reason: str, days: int) -> None:
    claim.have(tries=3)
    claim.decided(Action.WAIT, reason, later=timedelta(0))
    refund = claim.refund
    assert (refund.state, refund.reason, refund.waiting_for) == (State.WAITING, reason, reason)
    assert refund.deadline_at == NOW + timedelta(days=days)
    assert refund.due_at == refund.not_before == NOW + timedelta(seconds=SHARED.wait_seconds)
    assert refund.tries == 3


def test_a_wait_that_goes_on_keeps_its_deadline_and_is_looked_at_less_often(claim: Claim) -> None:
    claim.decided(Action.WAIT, "NOT_BILLED", later=timedelta(0))
    claim.again()
    later = timedelta(days=1)
    claim.decided(Action.WAIT, "NOT_BILLED", later=later)
    refund = claim.refund
    assert refund.deadline_at == NOW + timedelta(days=30)
    assert refund.due_at == NOW + later + timedelta(seconds=SHARED.wait_longest_seconds)


@pytest.mark.parametrize(("reason", "is_set"), [("MONEY_PENDING", True), ("NOT_BILLED", False)])
def test_a_storefronts_own_looks_hold_for_its_money_alone(claim: Claim, reason: str, *, is_set: bool) -> None:
    looks = (timedelta(hours=2), timedelta(days=2))
    claim.decided(Action.WAIT, reason, later=timedelta(0), looks=looks)
    usual = NOW + timedelta(seconds=SHARED.wait_seconds)
    assert claim.refund.due_at == (NOW + looks[0] if is_set else usual)
    assert claim.refund.deadline_at == NOW + timedelta(days=30)


def test_the_last_look_is_at_the_deadline(claim: Claim) -> None:
    claim.decided(Action.WAIT, "NOT_BILLED", later=timedelta(0))
    claim.again()
    claim.decided(Action.WAIT, "NOT_BILLED", later=timedelta(days=30) - MINUTE)
    assert claim.refund.due_at == claim.refund.deadline_at


def test_a_wait_whose_deadline_is_over_is_an_error_for_what_it_waited_for(claim: Claim) -> None:
    claim.decided(Action.WAIT, "NOT_BILLED", later=timedelta(0))
    claim.again()
    ending = claim.decided(Action.WAIT, "NOT_BILLED", later=timedelta(days=30), detail="still not")
    assert (ending.transition, ending.detail) == (Transition.FAIL, "waited 30 days. still not")
    assert (claim.refund.state, claim.refund.reason) == (State.ERROR, "NOT_BILLED")


def test_a_wait_for_something_else_begins_anew(claim: Claim) -> None:
    claim.decided(Action.WAIT, "ORDER_NOT_SYNCED", later=timedelta(0))
    claim.again()
    claim.decided(Action.WAIT, "NOT_BILLED", later=timedelta(days=20))
    assert (claim.refund.state, claim.refund.waiting_for) == (State.WAITING, "NOT_BILLED")
    assert claim.refund.deadline_at == NOW + timedelta(days=50)


def test_a_pause_has_no_deadline_and_leaves_that_of_the_wait_before(claim: Claim) -> None:
    claim.decided(Action.WAIT, "NOT_BILLED", later=timedelta(0))
    claim.again()
    claim.decided(Action.WAIT, "ACCOUNT_PAUSED", later=timedelta(days=90))
    refund = claim.refund
    assert (refund.state, refund.waiting_for) == (State.WAITING, "NOT_BILLED")
    assert refund.due_at == NOW + timedelta(days=90) + PAUSED_LOOK
    assert refund.deadline_at == NOW + timedelta(days=30)


@pytest.mark.parametrize(
    ("origin", "side"), [("shopify", "netsuite_state"), ("netsuite", "storefront_state")]
)
def test_an_order_that_turned_out_to_be_gone_is_known_to_be_gone_on_that_side(
    database: Database, account: Account, origin: str, side: str
) -> None:
    claim = Claim(database, account, origin=origin)
    claim.decided(Action.DISPUTE, "ORDER_DELETED", order_gone=True)
    with database.read() as session:
        link = session.scalars(select(OrderLink)).one()
    states = {name: getattr(link, name) for name in ("netsuite_state", "storefront_state")}
    assert states == {name: OrderState.DELETED if name == side else OrderState.UNKNOWN for name in states}


@pytest.mark.parametrize("what", ["decision", "error"])
def test_a_worker_whose_claim_is_over_changes_nothing(claim: Claim, what: str) -> None:
    late = claim.row
    claim.again()
    claim.row = late
    ways = {
        "decision": partial(
            claim.decided, Action.WRITE, "POSTED", target_type="creditmemo", target_id="1401"
        ),
        "error": partial(claim.failed, "BAD_CREDENTIALS"),
    }
    with pytest.raises(LeaseLostError):
        ways[what]()
    refund = claim.refund
    assert (refund.state, refund.target_id, refund.lease_token) == (State.SCHEDULED, "", late.lease_token + 1)


def test_a_worker_whose_claim_is_over_pauses_nobody(
    database: Database, account: Account, claim: Claim
) -> None:
    late = claim.row
    claim.again()
    claim.row = late
    with pytest.raises(LeaseLostError):
        claim.failed("BAD_CREDENTIALS")
    assert pauses(database, account) == ("", "")


def codes(recovery: Recovery) -> list[str]:
    return [code for code, known in REASONS.items() if known.recovery is recovery]


@pytest.mark.parametrize("code", [*codes(Recovery.BACKOFF), *codes(Recovery.THROTTLE)])
def test_a_passing_failure_is_tried_again_in_time(claim: Claim, code: str) -> None:
    claim.failed(code)
    refund = claim.refund
    assert (refund.state, refund.reason, refund.detail) == (State.RETRYING, code, "its words")
    assert refund.due_at is not None
    longest = ceiling(REASONS[code].recovery, 1, SHARED.pace)
    assert NOW <= refund.due_at <= NOW + timedelta(seconds=longest)
    assert refund.not_before == refund.due_at


@pytest.mark.parametrize("code", ["TRANSIENT", "RATE_LIMITED"])
def test_a_platform_that_says_when_is_not_asked_before(claim: Claim, code: str) -> None:
    claim.failed(code, retry_after=600.0)
    refund = claim.refund
    assert refund.not_before is not None
    assert NOW + timedelta(seconds=600) <= refund.not_before <= NOW + timedelta(seconds=630)


@pytest.mark.parametrize("code", ["TRANSIENT", "RATE_LIMITED", "UNKNOWN_OUTCOME", "INTERNAL"])
def test_the_last_try_makes_an_error_that_keeps_its_reason(claim: Claim, code: str) -> None:
    claim.have(tries=TRIES - 2)
    claim.failed(code)
    assert claim.refund.state is State.RETRYING
    claim.again()
    claim.failed(code)
    refund = claim.refund
    assert (refund.state, refund.reason, refund.due_at) == (State.ERROR, code, None)
    assert refund.detail == "gave up after 12 tries: its words"


@pytest.mark.parametrize("code", ["CONCURRENCY", "ORDER_BUSY"])
def test_to_wait_for_ourselves_is_no_try(claim: Claim, code: str) -> None:
    claim.have(tries=TRIES - 1)
    claim.failed(code)
    assert (claim.refund.state, claim.refund.tries) == (State.RETRYING, TRIES - 1)


@pytest.mark.parametrize("code", [code for code in codes(Recovery.PAUSE) if code != "ACCOUNT_PAUSED"])
@pytest.mark.parametrize("at_storefront", [True, False])
def test_a_refusal_pauses_the_account_it_came_from_and_the_refund_waits(
    database: Database, account: Account, claim: Claim, code: str, *, at_storefront: bool
) -> None:
    claim.failed(code, at_storefront=at_storefront)
    refund = claim.refund
    assert (refund.state, refund.reason, refund.detail) == (State.WAITING, "ACCOUNT_PAUSED", code)
    assert (refund.due_at, refund.tries) == (NOW + PAUSED_LOOK, 0)
    assert pauses(database, account) == ((code, "") if at_storefront else ("", code))


@pytest.mark.parametrize(
    "code", ["REFUSED", "PERIOD_CLOSED", "OVER_REFUND", "AMBIGUOUS_ORDER", "PAYMENT_FAILED"]
)
def test_what_only_a_person_can_mend_is_given_to_a_person(claim: Claim, code: str) -> None:
    claim.failed(code)
    refund = claim.refund
    assert refund.state is (State.DISCREPANCY if code in DISCREPANCIES else State.ERROR)
    assert (refund.reason, refund.detail) == (code, "its words")


def test_an_attempt_is_closed_though_the_claim_was_lost(database: Database, claim: Claim) -> None:
    late = claim.row
    with database.write() as session:
        attempts.begin(session, late, now=NOW)
    claim.again()
    ending = Ending(Transition.RECONSIDER, "FACTS_CHANGED", "taken over")
    with database.write() as session:
        close_attempt(session, late, late.lease_token, ending, [{"url": "/"}], now=NOW + MINUTE)
    with database.read() as session:
        attempt = session.scalars(select(Attempt)).one()
    assert (attempt.outcome, attempt.reason, attempt.detail) == ("reconsider", "FACTS_CHANGED", "taken over")
    assert (attempt.ended_at, attempt.calls) == (NOW + MINUTE, [{"url": "/"}])


def test_every_state_that_a_worker_leaves_a_refund_in_is_woken_or_at_rest(claim: Claim) -> None:
    claim.failed("TRANSIENT")
    assert claim.refund.due_at is not None
    claim.again()
    claim.decided(Action.WAIT, "NOT_BILLED")
    assert claim.refund.due_at is not None
    claim.again()
    claim.failed("REFUSED")
    assert claim.refund.state in AT_REST
