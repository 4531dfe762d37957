from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reasons import REASONS, UnknownReasonError
from workers.platforms.errors import KnownError, PlatformError, reason_of, retry_after
from workers.platforms.netsuite_errors import ERRORS as NETSUITE_ERRORS
from workers.platforms.netsuite_errors import TOKEN_ERRORS as NETSUITE_TOKEN_ERRORS
from workers.platforms.shopify_errors import ERRORS as SHOPIFY_ERRORS
from workers.platforms.shopify_errors import TOKEN_ERRORS as SHOPIFY_TOKEN_ERRORS

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
TABLES = (*NETSUITE_ERRORS, *NETSUITE_TOKEN_ERRORS, *SHOPIFY_ERRORS, *SHOPIFY_TOKEN_ERRORS)
ROWS = (
    KnownError("NO_PERMISSION", status=403),
    KnownError("DUPLICATE_RECORD", code="DUP", text="already exists"),
    KnownError("PERIOD_CLOSED", text=r"\bperiod\b"),
)


def test_every_row_names_a_reason_of_the_ledger() -> None:
    assert {row.reason for row in TABLES} <= set(REASONS)


def test_every_row_says_something() -> None:
    assert all(row.status or row.code or row.text for row in TABLES)


@pytest.mark.parametrize(
    ("status", "code", "text", "reason"),
    [
        (403, "", "", "NO_PERMISSION"),
        (400, "DUP", "This record already exists.", "DUPLICATE_RECORD"),
        (400, "DUP", "something else", "REFUSED"),
        (400, "OTHER", "already exists", "REFUSED"),
        (400, "DUP", "The PERIOD is closed; it already exists", "DUPLICATE_RECORD"),
        (400, "", "The Period is closed", "PERIOD_CLOSED"),
        (400, "", "periodical", "REFUSED"),
    ],
)
def test_the_first_row_that_describes_an_answer_decides(
    status: int, code: str, text: str, reason: str
) -> None:
    assert reason_of(ROWS, status, code, text, write=True) == reason


@given(st.integers(300, 499).filter(lambda status: status not in {408, 429}), st.booleans())
def test_an_unknown_error_of_ours_is_refused(status: int, write: bool) -> None:  # noqa: FBT001 - given by name
    assert reason_of((), status, "", "", write=write) == "REFUSED"


@given(st.integers(500, 599) | st.just(408))
def test_an_error_of_theirs_leaves_the_outcome_of_a_write_open(status: int) -> None:
    assert reason_of((), status, "", "", write=True) == "UNKNOWN_OUTCOME"
    assert reason_of((), status, "", "", write=False) == "TRANSIENT"


@pytest.mark.parametrize("write", [True, False])
def test_too_many_requests_are_no_failure(*, write: bool) -> None:
    assert reason_of((), 429, "", "", write=write) == "RATE_LIMITED"


def test_an_error_has_a_reason_of_the_ledger_or_cannot_be_made() -> None:
    with pytest.raises(UnknownReasonError):
        PlatformError("NO_SUCH_REASON", "")


def test_an_error_keeps_nobodys_address() -> None:
    error = PlatformError("REFUSED", f"{'x' * 980} no customer ada@example.com")
    assert error.detail == f"{'x' * 980} no customer ***"
    assert "ada" not in str(error)


def test_an_error_keeps_a_platforms_message_short() -> None:
    error = PlatformError("REFUSED", "x" * 5000)
    assert len(error.detail) == 1000
    assert str(error).startswith("REFUSED: xxx")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0),
        ("2.5", 2.5),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("999999999", 3600.0),
        ("Sat, 14 Mar 2026 15:10:26 GMT", 60.0),
        ("Sat, 14 Mar 2026 15:08:26 GMT", 0.0),
        ("Sat, 14 Mar 2026 15:10:26 -0000", 60.0),
        ("Sat, 14 Mar 2027 15:10:26 GMT", 3600.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_moment(header: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": header}, NOW) == seconds


def test_without_retry_after_nothing_is_said() -> None:
    assert retry_after({}, NOW) is None
