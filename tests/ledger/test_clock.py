from datetime import UTC

from ledger.clock import utcnow


def test_the_time_is_aware_and_in_utc() -> None:
    assert utcnow().tzinfo is UTC
