"""The error shapes of Amazon's Selling Partner API, and the reasons they stand for.

https://developer-docs.amazon.com/sp-api/docs/resolve-common-http-and-authorization-error-codes. Every API
answers errors as `{"errors": [{"code", "message", "details"}]}`; Login with Amazon as
`{"error", "error_description"}` (RFC 6749 section 5.2); S3 in XML.
"""

from collections.abc import Mapping
from typing import Any, Final

from workers.platforms.errors import KnownError

ERRORS: Final = (
    # What is wrong with a token stands in the details: it has expired, or is revoked, malformed or invalid.
    KnownError("BAD_CREDENTIALS", status=401),
    KnownError("BAD_CREDENTIALS", status=403, text=r"access token|refresh token|client secret|credentials"),
    KnownError("NO_PERMISSION", status=403),
    KnownError("RATE_LIMITED", code="QuotaExceeded"),
)

TOKEN_ERRORS: Final = (
    *(
        KnownError("BAD_CREDENTIALS", code=code)
        for code in ("invalid_client", "invalid_grant", "invalid_request", "unauthorized_client")
    ),
    KnownError("BAD_CREDENTIALS", status=401),
    KnownError("NO_PERMISSION", status=403),
)

DOCUMENT_ERRORS: Final = (
    # Addresses of documents hold for five minutes; the next try gets a new one.
    KnownError("TRANSIENT", status=403, text=r"expired|AccessDenied"),
)


def refusal(body: Any, text: str) -> tuple[str, str]:  # noqa: ANN401 - an error's body may be any JSON
    """Return the code and the words of an error answer.

    Args:
        body: The answer's JSON, None where it is none.
        text: The answer as it came.
    """
    if not isinstance(body, Mapping):
        return "", text[:500]
    if isinstance(body.get("error"), str):  # Login with Amazon
        return body["error"], f"{body['error']}: {body.get('error_description', '')}"
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, Mapping):
        return "", text[:500]
    code = str(first.get("code", ""))
    words = dict.fromkeys(str(first.get(name) or "") for name in ("message", "details"))
    return code, " ".join(each for each in (code, *words) if each)
