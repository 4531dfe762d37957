from collections.abc import Mapping
from typing import Any

import pytest

from tests.workers.platforms.books import Books
from workers.platforms.errors import PlatformError, reason_of
from workers.platforms.http import Http
from workers.platforms.netsuite_errors import ERRORS, refusal

RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.1"


def body(status: int, code: str, detail: str, path: str = "") -> dict[str, Any]:
    """Return an error as section_156570709583 of NetSuite's help shows it."""
    where = {"o:errorPath": path} if path else {}
    details = [{"detail": detail, **where, "o:errorCode": code}]
    return {"type": RFC, "title": "Bad Request", "status": status, "o:errorDetails": details}


USER = "Error while accessing a resource. "
# One for each row of the table, in its order: the answer's status, code and message, and the reason.
DOCUMENTED = [
    (
        401,
        "INVALID_LOGIN",
        "Invalid login attempt. For more details, see the Login Audit Trail.",
        "BAD_CREDENTIALS",
    ),
    (403, "USER_ERROR", "You do not have access to this.", "NO_PERMISSION"),
    (400, "INSUFFICIENT_PERMISSION", "Insufficient access.", "NO_PERMISSION"),
    (
        400,
        "USER_ERROR",
        f"{USER}Permission Violation: You need  the 'Credit Memo' permission to access this page.",
        "NO_PERMISSION",
    ),
    (
        400,
        "INVALID_PARAMETER",
        "Invalid search query. Search error occurred: Record 'transaction' was not found.",
        "NO_PERMISSION",
    ),
    (
        429,
        "CONCURRENCY_LIMIT_EXCEEDED",
        "Concurrent request limit exceeded. Request blocked.",
        "RATE_LIMITED",
    ),
    (
        400,
        "SSS_REQUEST_LIMIT_EXCEEDED",
        "The maximum allowable requests per second is reached.",
        "RATE_LIMITED",
    ),
    (400, "USER_ERROR", "Only one request may be made against a session at a time", "RATE_LIMITED"),
    (400, "USER_ERROR", f"{USER}This entity/record already exists.", "DUPLICATE_RECORD"),
    (400, "DUP_RCRD", "There is one of this name.", "DUPLICATE_RECORD"),
    (400, "IDEMPOTENCY_ERROR", "Conflict", "DUPLICATE_RECORD"),
    (
        404,
        "NONEXISTENT_ID",
        "The record instance is not there. Provide a valid record instance ID.",
        "NONEXISTENT_RECORD",
    ),
    (400, "RCRD_DSNT_EXIST", "That is no record.", "NONEXISTENT_RECORD"),
    (400, "USER_ERROR", f"{USER}That record does not exist. path: 60", "NONEXISTENT_RECORD"),
    (400, "RCRD_HAS_BEEN_CHANGED", "Somebody was quicker.", "TRANSIENT"),
    (400, "USER_ERROR", f"{USER}Record has been changed.", "TRANSIENT"),
    (400, "USER_ERROR", f"{USER}The transaction date is in a closed accounting period.", "PERIOD_CLOSED"),
    (400, "USER_ERROR", f"{USER}Please configure the inventory detail for this line.", "SERIAL_LOT_ITEM"),
    (400, "USER_ERROR", f"{USER}The tax code TEST is inactive.", "LEGACY_TAX"),
    (400, "USER_ERROR", f"{USER}The quantity 3 is more than the 1 left of line 1.", "OVER_REFUND"),
    (400, "USER_ERROR", f"{USER}Please enter value(s) for: Location", "MAPPING_MISSING"),
]
VARIANTS = [
    (429, "", "", "RATE_LIMITED"),
    (404, "NONEXISTENT_RECORD_TYPE", "Record type 'x' does not exist.", "REFUSED"),
    (400, "INVALID_CONTENT", "Invalid value 'abc' for the field 'quantity'.", "REFUSED"),
    (400, "USER_ERROR", f"{USER}You have entered an Invalid Field Value 5 for the field: item", "REFUSED"),
    (400, "USER_ERROR", "The posting period is locked.", "PERIOD_CLOSED"),
    (
        400,
        "USER_ERROR",
        "The transaction date you specified is not within the date range of your accounting period.",
        "PERIOD_CLOSED",
    ),
    (400, "USER_ERROR", "You must enter serial numbers for this item.", "SERIAL_LOT_ITEM"),
    (400, "USER_ERROR", "Please enter the serial/lot numbers.", "SERIAL_LOT_ITEM"),
    (400, "USER_ERROR", "Invoice #12 has already been fully refunded.", "OVER_REFUND"),
    (400, "USER_ERROR", "Please enter a value for: Account", "MAPPING_MISSING"),
    (400, "USER_ERROR", "Please enter a value for amount.", "REFUSED"),
    (400, "USER_ERROR", "The periodic count is off.", "REFUSED"),
    (503, "UNEXPECTED_ERROR", "An unexpected error occurred.", "UNKNOWN_OUTCOME"),
]


def test_every_row_has_an_example() -> None:
    first = [
        next(row for row in ERRORS if row.describes(status, code, text))
        for status, code, text, _ in DOCUMENTED
    ]
    assert first == list(ERRORS)


@pytest.mark.parametrize(("status", "code", "text", "reason"), DOCUMENTED + VARIANTS)
def test_a_documented_answer_has_its_reason(status: int, code: str, text: str, reason: str) -> None:
    said = refusal(body(status, code, text), "")
    assert (said.code, said.text) == (code, text or "Bad Request")
    assert reason_of(ERRORS, status, said.code, said.text, write=True) == reason


@pytest.mark.parametrize(("status", "code", "text", "reason"), DOCUMENTED + VARIANTS)
def test_an_answer_over_http_raises_its_reason(
    books: Books, http: Http, status: int, code: str, text: str, reason: str
) -> None:
    client = books.client(http)
    books.fault("record:transform", "status", status=status, body=body(status, code, text), times=2)
    with pytest.raises(PlatformError) as caught:
        client.transform("cashsale", "1", "cashrefund", {})
    assert (caught.value.reason, caught.value.outcome_unknown) == (reason, reason == "UNKNOWN_OUTCOME")
    assert text in caught.value.detail
    assert caught.value.call is not None
    assert caught.value.call.status == status
    assert books.control.writes("netsuite", "1234567-sb1") == {}


def test_where_an_error_lies_is_said() -> None:
    said = refusal(body(400, "INVALID_CONTENT", "Unknown property", "item.items[0].quantitty"), "")
    assert said.text == "Unknown property at item.items[0].quantitty"


@pytest.mark.parametrize(
    ("answer", "text", "code", "said"),
    [
        (None, "<html>502 Bad Gateway</html>", "", "<html>502 Bad Gateway</html>"),
        ([], "[]", "", "[]"),
        ({"title": "Unauthorized"}, "", "", "Unauthorized"),
        ({"o:errorDetails": []}, "{}", "", "{}"),
        ({"o:errorDetails": ["odd"]}, "{}", "", "{}"),
        ({"o:errorDetails": {"odd": 1}, "title": "Odd"}, "{}", "", "Odd"),
        ({"o:errorDetails": [{"detail": None}]}, "x", "", "x"),
        ({"error": "invalid_grant"}, "", "invalid_grant", "invalid_grant: "),
        ({"error": {"message": "odd"}}, "odd", "", "odd"),
    ],
)
def test_any_error_answer_can_be_read(
    answer: Mapping[str, object] | None, text: str, code: str, said: str
) -> None:
    assert (refusal(answer, text).code, refusal(answer, text).text) == (code, said)


def test_how_long_to_wait_is_passed_on(books: Books, http: Http) -> None:
    books.fault("suiteql", "status", status=429, headers={"Retry-After": "7"})
    with pytest.raises(PlatformError) as caught:
        books.client(http).check()
    assert (caught.value.reason, caught.value.retry_after) == ("RATE_LIMITED", 7.0)
