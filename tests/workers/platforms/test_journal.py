import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from workers.platforms.journal import Journal

AT = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def record(journal: Journal, **more: object) -> dict[str, Any]:
    call: dict[str, Any] = {
        "at": AT,
        "method": "POST",
        "url": "https://example.com/a?limit=10",
        "status": 200,
        "milliseconds": 12,
        "request": '{"q":"SELECT 1"}',
        "response": '{"count":1}',
        "request_id": "abc-123",
    }
    journal.record(**{**call, **more})
    return journal.entries()[-1]


def test_a_call_is_written_down_as_json_values() -> None:
    entry = record(Journal())
    assert entry == {
        "at": "2026-03-14T15:09:26+00:00",
        "method": "POST",
        "url": "https://example.com/a?limit=10",
        "status": 200,
        "ms": 12,
        "request": '{"q":"SELECT 1"}',
        "response": '{"count":1}',
        "request_id": "abc-123",
    }
    assert json.loads(json.dumps(entry)) == entry


def test_the_moment_of_a_call_is_kept_in_utc() -> None:
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    assert record(Journal(), at=tokyo)["at"] == "2026-03-14T15:09:26+00:00"


def test_a_cleared_journal_is_empty_and_what_was_taken_from_it_stays() -> None:
    journal = Journal()
    record(journal)
    kept = journal.entries()
    journal.clear()
    assert journal.entries() == []
    assert len(kept) == 1


def test_a_journal_keeps_the_newest_calls_only() -> None:
    journal = Journal()
    for number in range(250):
        record(journal, request_id=str(number))
    assert [entry["request_id"] for entry in journal.entries()] == [str(number) for number in range(50, 250)]
