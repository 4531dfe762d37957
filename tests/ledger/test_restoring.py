from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import delete, select, update

from ledger import actions, installation, refunds, restoring
from ledger.database import Database
from ledger.installation import Installation
from ledger.models import Account, AuditEntry, Refund, Setting
from ledger.restoring import Gap, RestoredError
from ledger.states import Transition
from tests.support.ledger import make_refund, make_seen

HOUR = timedelta(hours=1)


def tell(database: Database, backup_at: datetime, now: datetime) -> Gap:
    with database.write() as session:
        return restoring.tell(session, backup_at, now=now, actor="cli:anna")


def gaps(database: Database) -> Sequence[Gap]:
    with database.read() as session:
        return restoring.gaps(session)


@pytest.fixture
def from_netsuite(database: Database, shop: Account) -> int:
    """A refund that comes from NetSuite, whose record was made at the usual time."""
    with database.write() as session:
        return make_refund(session, shop, make_seen(origin="netsuite", record_type="creditmemo")).id


def gap_of(database: Database, refund_id: int, **columns: object) -> Gap | None:
    """Return a refund's gap, once columns of it are otherwise."""
    with database.write() as session:
        if columns:
            session.execute(update(Refund).where(Refund.id == refund_id).values(**columns))
        return restoring.gap_of(session, session.get_one(Refund, refund_id))


# What was said.


def test_a_ledger_that_nobody_restored_has_forgotten_nothing(database: Database, from_netsuite: int) -> None:
    assert gaps(database) == []
    assert gap_of(database, from_netsuite) is None


def test_what_was_said_is_kept_and_written_down(database: Database, now: datetime) -> None:
    in_berlin = (now - HOUR).astimezone(timezone(HOUR))
    assert tell(database, in_berlin, now) == Gap(now - HOUR, now)
    assert gaps(database) == [Gap(now - HOUR, now)]
    with database.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.subject, entry.action, entry.actor, entry.at) == (
        "installation",
        "restored",
        "cli:anna",
        now,
    )
    assert entry.note == f"from {now - HOUR:%Y-%m-%dT%H:%M:%SZ}"


def test_no_backup_is_of_a_moment_that_is_still_to_come(database: Database, now: datetime) -> None:
    with pytest.raises(RestoredError, match="it is only") as refused:
        tell(database, now + timedelta(seconds=1), now)
    assert refused.value.reason == "bad_moment"
    assert gaps(database) == []
    assert tell(database, now, now) == Gap(now, now)


def test_the_same_moment_again_is_the_same_backup_put_back_later(database: Database, now: datetime) -> None:
    tell(database, now - HOUR, now)
    tell(database, (now - HOUR).astimezone(timezone(HOUR)), now + HOUR)
    assert gaps(database) == [Gap(now - HOUR, now + HOUR)]


def test_other_moments_take_nothing_back(database: Database, now: datetime) -> None:
    first, later = tell(database, now - HOUR, now), tell(database, now, now + HOUR)
    earlier = tell(database, now - 2 * HOUR, now + HOUR)
    assert gaps(database) == [earlier, first, later]


def test_the_settings_of_the_installation_are_another_matter(database: Database, now: datetime) -> None:
    tell(database, now, now)
    with database.write() as session:
        assert installation.load(session) == Installation()
        session.add(Setting(key="restoredXfrom 2026", value="of tomorrow"))
    assert gaps(database) == [Gap(now, now)]


# Which refunds it concerns.


@pytest.mark.parametrize(("made", "is_in_it"), [(-24 * HOUR, True), (HOUR, True), (2 * HOUR, False)])
def test_a_record_that_was_there_when_the_ledger_came_back_may_have_been_paid(
    database: Database,
    from_netsuite: int,
    now: datetime,
    made: timedelta,
    is_in_it: bool,  # noqa: FBT001 - a table
) -> None:
    gap = tell(database, now, now + HOUR)
    assert gap_of(database, from_netsuite, occurred_at=now + made) == (gap if is_in_it else None)


@pytest.mark.parametrize(
    ("later", "is_in_it"), [(timedelta(seconds=59), True), (timedelta(minutes=1), False)]
)
def test_clocks_may_be_a_minute_apart(
    database: Database,
    from_netsuite: int,
    now: datetime,
    later: timedelta,
    is_in_it: bool,  # noqa: FBT001 - a table
) -> None:
    tell(database, now - HOUR, now)
    assert (gap_of(database, from_netsuite, occurred_at=now + later) is not None) is is_in_it


def test_to_netsuite_the_key_is_looked_for(database: Database, refund_id: int, now: datetime) -> None:
    tell(database, now, now + HOUR)
    assert gap_of(database, refund_id) is None


def test_what_is_known_of_the_other_side_was_not_forgotten(
    database: Database, from_netsuite: int, now: datetime
) -> None:
    gap = tell(database, now, now + HOUR)
    assert gap_of(database, from_netsuite, target_id="F1") is None
    assert gap_of(database, from_netsuite, target_id="") == gap


def test_before_a_write_since_then_the_storefront_was_asked(
    database: Database, from_netsuite: int, now: datetime
) -> None:
    gap = tell(database, now, now + HOUR)
    assert gap_of(database, from_netsuite, write_began_at=now - HOUR) == gap
    assert gap_of(database, from_netsuite, write_began_at=now + HOUR) is None


def test_of_several_times_the_earliest_backup_and_the_latest_return_count(
    database: Database, from_netsuite: int, now: datetime
) -> None:
    tell(database, now - 3 * HOUR, now - 2 * HOUR)
    tell(database, now - 9 * HOUR, now + HOUR)
    tell(database, now + 2 * HOUR, now + 3 * HOUR)
    assert gap_of(database, from_netsuite, occurred_at=now - 4 * HOUR) == Gap(now - 9 * HOUR, now + 3 * HOUR)
    # The first was over when this record was made.
    with database.write() as session:
        session.execute(delete(Setting).where(Setting.key.contains((now - 9 * HOUR).isoformat())))
    assert gap_of(database, from_netsuite, occurred_at=now) == Gap(now + 2 * HOUR, now + 3 * HOUR)


# What a person said since.


def be_told(database: Database, refund_id: int, reason: str, now: datetime) -> None:
    with database.write() as session:
        refunds.move(session, refunds.load(session, refund_id), Transition.DISPUTE, reason, now=now)


def ask(database: Database, refund_id: int, action: actions.Action, now: datetime) -> None:
    with database.write() as session:
        action(session, refund_id, now=now, actor="cli:anna")


@pytest.mark.parametrize(
    ("reason", "told", "action", "is_vouched_for"),
    [
        ("OUTCOME_UNCLEAR", HOUR, actions.post, True),
        ("OUTCOME_UNCLEAR", HOUR, actions.retry, False),  # which only looks again
        ("OVER_REFUND", HOUR, actions.post, False),  # nobody said that it may be there
        ("OUTCOME_UNCLEAR", -HOUR, actions.post, False),  # before the backup
    ],
)
def test_a_person_who_was_told_and_wants_it_posted_has_looked(
    database: Database,
    from_netsuite: int,
    now: datetime,
    reason: str,
    told: timedelta,
    action: actions.Action,
    is_vouched_for: bool,  # noqa: FBT001 - a table
) -> None:
    gap = tell(database, now - 2 * HOUR, now)
    be_told(database, from_netsuite, reason, now + told)
    assert gap_of(database, from_netsuite) == gap
    ask(database, from_netsuite, action, now + told)
    assert gap_of(database, from_netsuite) == (None if is_vouched_for else gap)


def test_who_asked_before_anybody_was_told_knew_nothing(
    database: Database, shop: Account, from_netsuite: int, now: datetime
) -> None:
    gap = tell(database, now - HOUR, now)
    with database.write() as session:
        other = make_refund(session, shop, make_seen(origin="netsuite", refund_id="2")).id
    be_told(database, other, "OUTCOME_UNCLEAR", now)
    be_told(database, from_netsuite, "OVER_REFUND", now)
    ask(database, from_netsuite, actions.post, now)
    be_told(database, from_netsuite, "OUTCOME_UNCLEAR", now)
    ask(database, other, actions.post, now)
    assert gap_of(database, from_netsuite) == gap


def test_moments_are_kept_in_utc(database: Database, now: datetime) -> None:
    tell(database, now.astimezone(timezone(-HOUR)), now)
    (gap,) = gaps(database)
    assert (gap.since.tzinfo, gap.until.tzinfo) == (UTC, UTC)
