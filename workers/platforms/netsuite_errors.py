"""The error shapes NetSuite documents, and the reasons they stand for.

Shape of an answer and codes: section_156570709583 of
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html. Most refusals share
the code `USER_ERROR`, so that only their text tells them apart; texts are NetSuite's own in English, which is
the language of a role's REST answers unless its user chose another.
"""

from dataclasses import dataclass
from typing import Any, Final

from workers.platforms.errors import KnownError

ERRORS: Final = (
    # Access.
    KnownError("BAD_CREDENTIALS", status=401),
    KnownError("NO_PERMISSION", status=403),
    KnownError("NO_PERMISSION", code="INSUFFICIENT_PERMISSION"),
    KnownError("NO_PERMISSION", text=r"permission violation|you do not have permissions? to"),
    # SuiteQL shows a role only the tables it may read; any other one "was not found".
    KnownError("NO_PERMISSION", text=r"\brecord \W\w+\W was not found"),
    # Governance; the 400 is SuiteTalk's and RESTlets' shape of the same refusal.
    KnownError("RATE_LIMITED", status=429, code="CONCURRENCY_LIMIT_EXCEEDED"),
    KnownError("RATE_LIMITED", status=400, code="SSS_REQUEST_LIMIT_EXCEEDED"),
    KnownError("RATE_LIMITED", text=r"only one request may be made against a session at a time"),
    # A record with our external id is there.
    KnownError("DUPLICATE_RECORD", text=r"(entity|record) already exists"),
    KnownError("DUPLICATE_RECORD", code="DUP_RCRD"),
    KnownError("DUPLICATE_RECORD", code="IDEMPOTENCY_ERROR"),
    # Something is gone, or moved under our feet.
    KnownError("NONEXISTENT_RECORD", status=404, code="NONEXISTENT_ID"),
    KnownError("NONEXISTENT_RECORD", code="RCRD_DSNT_EXIST"),
    KnownError("NONEXISTENT_RECORD", text=r"record (instance )?does not exist"),
    KnownError("TRANSIENT", code="RCRD_HAS_BEEN_CHANGED"),
    KnownError("TRANSIENT", text=r"record has been changed"),
    # What a person has to mend in NetSuite or in the account's settings.
    KnownError(
        "PERIOD_CLOSED",
        text=r"\bperiod\b.{0,60}\b(closed|locked)\b|\b(closed|locked)\b.{0,60}\bperiod\b"
        r"|date range of your accounting period",
    ),
    KnownError("SERIAL_LOT_ITEM", text=r"inventory detail|\b(serial|lot|bin)( ?/ ?(serial|lot))? numbers?\b"),
    KnownError("LEGACY_TAX", text=r"\btax ?(code|details?|rate|schedule)\b"),
    KnownError(
        "OVER_REFUND",
        text=r"quantity.{0,60}(exceeds?|more than|greater than)|already (been )?(fully )?refunded",
    ),
    KnownError(
        "MAPPING_MISSING",
        text=r"please enter (a )?value(\(s\))? for:?\s*(the )?"
        r"(location|account|department|class|subsidiary)",
    ),
)

TOKEN_ERRORS: Final = (
    # RFC 6749 section 5.2: with one of these, the same credentials will not get a token later either.
    *(
        KnownError("BAD_CREDENTIALS", code=code)
        for code in (
            "invalid_client",
            "invalid_grant",
            "invalid_request",
            "invalid_scope",
            "unauthorized_client",
        )
    ),
    KnownError("BAD_CREDENTIALS", status=401),
    KnownError("NO_PERMISSION", status=403),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an error answer says, as far as it could be read."""

    code: str
    text: str


def refusal(body: Any, text: str) -> Refusal:  # noqa: ANN401 - an error's body may be any JSON
    """Return the code and message of an error answer.

    Args:
        body: The answer's JSON; None if it had none.
        text: The answer as it came, for whoever has to read it.
    """
    if not isinstance(body, dict):
        return Refusal("", text[:500])
    if isinstance(body.get("error"), str):  # the token endpoint, RFC 6749
        return Refusal(body["error"], f"{body['error']}: {body.get('error_description', '')}")
    details = body.get("o:errorDetails")
    first = (
        next((each for each in details if isinstance(each, dict)), {}) if isinstance(details, list) else {}
    )
    words = [first.get("detail") or body.get("title") or text[:500]]
    if first.get("o:errorPath"):
        words.append(f"at {first['o:errorPath']}")
    return Refusal(str(first.get("o:errorCode", "")), " ".join(str(word) for word in words))
