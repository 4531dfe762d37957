"""`refund-sync restored`: it is said that the ledger was put back to a backup."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger import restoring
from ledger.clock import utcnow
from tests.cli.installation import Installation

BACKUP_AT = datetime(2026, 1, 20, 3, tzinfo=UTC)


def test_what_was_said_is_kept_shown_and_written_down(installation: Installation) -> None:
    assert installation.run("restored").stdout == "This ledger was never restored.\n"
    assert installation.json("restored") == []
    before = utcnow().replace(microsecond=0)
    (said,) = installation.json("restored", "--from", "2026-01-20T03:00Z")
    assert said["restored_from"] == "2026-01-20T03:00:00Z"
    assert before <= datetime.fromisoformat(said["restored_at"]) <= utcnow()
    with installation.database.read() as session:
        (gap,) = restoring.gaps(session)
    assert gap.since == BACKUP_AT
    assert installation.audit("installation") == [("restored", "from 2026-01-20T03:00:00Z")]
    lines = [line.split() for line in installation.run("restored").stdout.splitlines()]
    assert lines == [["RESTORED", "FROM", "RESTORED", "AT"], [said["restored_from"], said["restored_at"]]]


def test_a_moment_in_another_time_zone_is_the_same_moment(installation: Installation) -> None:
    installation.run("restored", "--from", "2026-01-20T04:00:00+01:00")
    with installation.database.read() as session:
        assert [gap.since for gap in restoring.gaps(session)] == [BACKUP_AT]


@pytest.mark.parametrize("words", ["2026-01-20T03:00", "2026-01-20", "yesterday"])
def test_a_moment_that_could_be_several_is_refused(installation: Installation, words: str) -> None:
    said = installation.run("restored", "--from", words, code=2).stderr
    assert f"'{words}' is no moment with a time zone, such as 2026-11-20T03:00Z" in said
    assert installation.json("restored") == []


def test_a_moment_that_is_still_to_come_is_refused(installation: Installation) -> None:
    tomorrow = f"{utcnow() + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    assert installation.refused("restored", "--from", tomorrow).startswith(f"no backup is of {tomorrow}: ")
    assert installation.json("restored") == []
    assert installation.audit("installation") == []
