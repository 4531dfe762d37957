import json
from typing import Any

import pytest

from workers.platforms.amazon_errors import DOCUMENT_ERRORS, ERRORS, TOKEN_ERRORS, refusal
from workers.platforms.errors import reason_of

DENIED = "Access to requested resource is denied."


def errors(code: str, message: str, details: str | None = "") -> dict[str, Any]:
    """Return an error answer as every API model has it."""
    return {"errors": [{"code": code, "message": message, "details": details}]}


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, errors("InvalidInput", "Start date cannot be null"), "REFUSED"),
        (401, errors("Unauthorized", DENIED), "BAD_CREDENTIALS"),
        (403, errors("Unauthorized", DENIED), "NO_PERMISSION"),
        (
            403,
            errors("Unauthorized", DENIED, "The access token you provided has expired."),
            "BAD_CREDENTIALS",
        ),
        (
            403,
            errors("Unauthorized", DENIED, "The access token you provided is revoked, malformed or invalid."),
            "BAD_CREDENTIALS",
        ),
        (404, errors("NotFound", "The specified resource does not exist."), "REFUSED"),
        (413, errors("RequestTooLarge", "The request size exceeded the maximum accepted size."), "REFUSED"),
        (415, errors("UnsupportedMediaType", "The payload is in an unsupported format."), "REFUSED"),
        (
            429,
            errors("QuotaExceeded", "You exceeded your quota for the requested resource."),
            "RATE_LIMITED",
        ),
        (500, errors("InternalFailure", "We encountered an internal error."), "TRANSIENT"),
        (503, errors("ServiceUnavailable", "Service is temporarily unavailable."), "TRANSIENT"),
        (503, None, "TRANSIENT"),
    ],
)
def test_each_documented_error_has_its_reason(status: int, body: Any, reason: str) -> None:  # noqa: ANN401 - any JSON
    code, text = refusal(body, json.dumps(body))
    assert reason_of(ERRORS, status, code, text, write=False) == reason


@pytest.mark.parametrize("status", [500, 503])
def test_after_amazons_own_failure_nobody_knows_what_became_of_a_write(status: int) -> None:
    assert reason_of(ERRORS, status, "InternalFailure", "", write=True) == "UNKNOWN_OUTCOME"


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (401, "invalid_client", "BAD_CREDENTIALS"),
        (400, "invalid_grant", "BAD_CREDENTIALS"),
        (400, "invalid_request", "BAD_CREDENTIALS"),
        (400, "unauthorized_client", "BAD_CREDENTIALS"),
        (400, "unsupported_grant_type", "REFUSED"),
        (401, "", "BAD_CREDENTIALS"),
        (403, "", "NO_PERMISSION"),
        (429, "", "RATE_LIMITED"),
        (503, "ServiceUnavailable", "TRANSIENT"),
    ],
)
def test_what_login_with_amazon_refuses_has_its_reason(status: int, error: str, reason: str) -> None:
    code, text = refusal({"error": error, "error_description": "Client authentication failed"}, "")
    assert reason_of(TOKEN_ERRORS, status, code, text, write=False) == reason
    assert text == f"{error}: Client authentication failed"


@pytest.mark.parametrize(
    ("status", "text", "reason"),
    [
        (403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", "TRANSIENT"),
        (403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", "REFUSED"),
        (503, "<Error><Code>SlowDown</Code></Error>", "TRANSIENT"),
    ],
)
def test_what_s3_refuses_has_its_reason(status: int, text: str, reason: str) -> None:
    code, words = refusal(None, text)
    assert (code, words) == ("", text)
    assert reason_of(DOCUMENT_ERRORS, status, code, words, write=False) == reason


def test_an_errors_words_are_its_code_message_and_details_each_once() -> None:
    assert refusal(errors("InvalidInput", "Bad order ID", "Bad order ID"), "") == (
        "InvalidInput",
        "InvalidInput Bad order ID",
    )
    assert refusal(errors("InvalidInput", "No", None), "")[1] == "InvalidInput No"


@pytest.mark.parametrize("body", [{"errors": []}, {"errors": {}}, {"errors": ["no"]}, {}, [], "text"])
def test_what_is_no_error_list_is_shown_as_it_came(body: object) -> None:
    assert refusal(body, "as it came") == ("", "as it came")
