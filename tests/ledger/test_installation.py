from datetime import timedelta

import pytest

from ledger import installation
from ledger.database import Database
from ledger.installation import Installation, InstallationError
from ledger.models import Setting
from ledger.schedule import Pace


def test_nothing_stored_means_the_defaults(database: Database) -> None:
    with database.read() as session:
        assert installation.load(session) == Installation()


def test_a_stored_setting_is_shared_by_whoever_loads(database: Database) -> None:
    with database.write() as session:
        installation.store(session, "retry_seconds", "0.5")
        installation.store(session, "keep_deliveries_days", "30")
    with database.write() as session:
        installation.store(session, "retry_seconds", "2")
    with database.read() as session:
        assert installation.load(session) == Installation(retry_seconds=2, keep_deliveries_days=30)


def test_a_setting_of_another_version_is_left_alone(database: Database) -> None:
    with database.write() as session:
        session.add(Setting(key="of_tomorrow", value="blue"))
    with database.read() as session:
        assert installation.load(session) == Installation()


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon", ""])
def test_only_positive_numbers_are_stored(database: Database, value: str) -> None:
    with (
        pytest.raises(InstallationError, match="retry_seconds must be a positive number") as refused,
        database.write() as session,
    ):
        installation.store(session, "retry_seconds", value)
    assert refused.value.reason == "bad_setting"


def test_accounts_are_asked_every_15_minutes_unless_told_otherwise() -> None:
    assert Installation().poll_minutes == 15


@pytest.mark.parametrize("value", ["1", "1440"])
def test_accounts_may_be_asked_every_minute_or_once_a_day(database: Database, value: str) -> None:
    with database.write() as session:
        installation.store(session, "poll_minutes", value)
    with database.read() as session:
        assert installation.load(session) == Installation(poll_minutes=float(value))


@pytest.mark.parametrize("value", ["0", "0.99", "1441"])
def test_accounts_are_asked_neither_more_often_nor_more_rarely(database: Database, value: str) -> None:
    with pytest.raises(InstallationError, match="poll_minutes must be"), database.write() as session:
        installation.store(session, "poll_minutes", value)
    with database.read() as session:
        assert installation.load(session) == Installation()


def test_an_unknown_setting_is_refused_with_the_known_ones(database: Database) -> None:
    with (
        pytest.raises(InstallationError, match="there are: retry_seconds, throttle_seconds"),
        database.write() as session,
    ):
        installation.store(session, "retries", "1")


def test_the_pace_is_made_of_the_settings() -> None:
    assert Installation().pace == Pace()
    settings = Installation(retry_seconds=1, throttle_seconds=2, wait_seconds=3, wait_longest_seconds=4)
    assert settings.pace == Pace(retry=1, throttle=2, wait=3, wait_longest=4)


def test_a_claim_lasts_as_long_as_the_settings_say() -> None:
    assert Installation(lease_seconds=90).lease == timedelta(seconds=90)
