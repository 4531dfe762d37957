"""The error shapes eBay's APIs document, and the reasons they stand for.

Ids and wordings: the contracts of the Fulfillment and Finances APIs, and
https://developer.ebay.com/develop/guides-v2/using-ebay-restful-apis for those of every API. Signature errors:
https://developer.ebay.com/develop/guides/digital-signatures-for-apis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workers.platforms.errors import KnownError

INVALID_ORDER_ID: Final = "32100"
"""The order's id is not one of eBay's, or there is no such order."""


def _all(reason: str, *codes: int) -> tuple[KnownError, ...]:
    return tuple(KnownError(reason, code=str(code)) for code in codes)


ERRORS: Final = (
    # Access. 215xxx: the signature is missing or wrong.
    KnownError("BAD_CREDENTIALS", status=401),
    *_all("BAD_CREDENTIALS", *range(215000, 215123)),
    *_all("NO_PERMISSION", 1100),
    KnownError("NO_PERMISSION", status=403),
    *_all("RATE_LIMITED", 2001),
    # Refunds: what is asked for is above what is there.
    *_all("OVER_REFUND", 34915, 34917, 34924),
    # The buyer has opened a return, an inquiry or a case: eBay refunds by way of it only.
    *_all("BUYER_CASE_OPEN", 34916),
    # It will do later: another refund is under way; the buyer's payment is.
    *_all("IN_PROGRESS", 34922),
    *_all("TRANSIENT", 34929),
    *_all("NONEXISTENT_RECORD", 34913),
    *_all("STOREFRONT_LINE_NOT_FOUND", 34914),
    *_all("CURRENCY_MIXED", 34909),
    # Only a person can mend it: too late, not that kind of order, not this seller's, or no way to take the
    # money from the seller, which Seller Hub mends.
    *_all("REFUSED", 34918, 34919, 34920, 34923, 34925, 34926, 34927, 34928, 34930),
    # The request is not as it must be.
    *_all("REFUSED", 34901, 34902, 34903, 34905, 34906, 34907, 34908, 34910, 34911, 34912, 34921),
    *_all("REFUSED", 30700, 30800, 30810, 30820, 30830, 30840, 30850, 30900, 31000, 31100, 32100, 32800),
    *_all("REFUSED", 135003, 135005, 135006, 135007, 135008, 135009),
)

TOKEN_ERRORS: Final = (
    *(
        KnownError("BAD_CREDENTIALS", code=code)
        for code in ("invalid_client", "invalid_grant", "unauthorized_client")
    ),
    KnownError("NO_PERMISSION", code="invalid_scope"),
    KnownError("BAD_CREDENTIALS", status=401),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What an error answer says, as far as it could be read.

    Attributes:
        code: eBay's error id, or OAuth's error; empty if it gave none.
    """

    code: str
    text: str


def said_by(body: Any, text: str, table: Sequence[KnownError] = ERRORS) -> Said:  # noqa: ANN401 - any JSON
    """Return what an error answer says: of several errors the first that the table knows by its id.

    Args:
        body: The answer's JSON.
        text: The answer as it came, for when it is not of a known shape.
        table: The rows that count as known.
    """
    if isinstance(body, Mapping) and isinstance(body.get("error"), str):  # OAuth
        return Said(body["error"], str(body.get("error_description", "")))
    errors = [_read(each) for each in _errors(body)]
    codes = {row.code for row in table if row.code}
    known = next((each for each in errors if each.code in codes), None)
    return known or (errors[0] if errors else Said("", text[:500]))


def _errors(body: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - any JSON
    """Return the errors of a REST API, or those of the Post-Order API, which wraps them once more."""
    wrapped = body if isinstance(body, Mapping) else {}
    if isinstance(wrapped.get("errorMessage"), Mapping):
        wrapped = wrapped["errorMessage"]
    errors = wrapped.get("errors", wrapped.get("error"))
    return [each for each in errors if isinstance(each, Mapping)] if isinstance(errors, list) else []


def _read(error: Mapping[str, Any]) -> Said:
    parameters = error.get("parameters")
    named = [
        f"{each.get('name')}={each.get('value')}"
        for each in (parameters if isinstance(parameters, list) else [])
        if isinstance(each, Mapping)
    ]
    message = str(error.get("longMessage") or error.get("message") or "")
    return Said(str(error.get("errorId", "")), " ".join([message, *named]).strip())
