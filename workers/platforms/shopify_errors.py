"""The error shapes Shopify's Admin API documents, and the reasons they stand for.

HTTP statuses and codes: https://shopify.dev/docs/api/admin-graphql/latest#status-and-error-codes and
https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits. GraphQL errors come with HTTP 200. What
`refundCreate` refuses comes as `userErrors`, which have no code, so that only their text tells them apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from workers.platforms.errors import KnownError

# The texts of the idempotency errors: https://shopify.dev/docs/api/usage/implementing-idempotency
_USED_UP: Final = "previous request with this idempotency key failed"
_USED_UP_CODE: Final = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"

ERRORS: Final = (
    # Access.
    KnownError("BAD_CREDENTIALS", status=401),
    KnownError("SHOP_INACTIVE", status=402),
    KnownError("SHOP_INACTIVE", status=403),
    KnownError("SHOP_INACTIVE", status=423),
    KnownError("SHOP_INACTIVE", code="SHOP_INACTIVE"),
    KnownError("NO_PERMISSION", code="ACCESS_DENIED"),
    # Limits.
    KnownError("RATE_LIMITED", code="THROTTLED"),
    # Idempotency: by code where there is one, else by text.
    KnownError("IN_PROGRESS", code="IDEMPOTENCY_CONCURRENT_REQUEST"),
    KnownError("IN_PROGRESS", text=r"request is currently in progress"),
    KnownError("REFUSED", code="IDEMPOTENCY_KEY_PARAMETER_MISMATCH"),
    KnownError("REFUSED", text=r"same idempotency key cannot be used with different"),
    KnownError("REFUSED", code=_USED_UP_CODE),
    KnownError("REFUSED", text=_USED_UP),
    # What is asked for is not there, or not there any more.
    KnownError("NONEXISTENT_RECORD", code="RESOURCE_NOT_FOUND"),
    KnownError("NONEXISTENT_RECORD", text=r"\border does not exist"),
    KnownError("STOREFRONT_LINE_NOT_FOUND", text=r"\bline item does not exist"),
    KnownError("OVER_REFUND", text=r"greater than(?! (zero|0))|\bexceeds?\b|more items than|sales cap"),
    KnownError("MAPPING_MISSING", text=r"\blocation (must be specified|does not exist)"),
    KnownError("CURRENCY_MIXED", text=r"\bcurrency must\b"),
)

TOKEN_ERRORS: Final = (
    KnownError("APP_UNINSTALLED", code="app_not_installed"),
    *(
        KnownError("BAD_CREDENTIALS", code=code)
        for code in ("application_cannot_be_found", "invalid_client", "invalid_request", "shop_not_permitted")
    ),
    KnownError("BAD_CREDENTIALS", status=401),
    KnownError("SHOP_INACTIVE", status=402),
    KnownError("SHOP_INACTIVE", status=423),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an error answer says, as far as it could be read.

    Attributes:
        status: HTTP status, or the one that a GraphQL error amounts to.
        code: Shopify's error code; may be empty.
        began: Whether the operation had begun, so that it may have had an effect.
    """

    status: int
    code: str
    text: str
    began: bool = False


def key_is_used_up(text: str) -> bool:
    """Return whether a message says that an idempotency key's first attempt failed: it needs a new one."""
    return _USED_UP in text or _USED_UP_CODE in text


def http_refusal(status: int, body: Any, text: str) -> Refusal:  # noqa: ANN401 - an error's body may be any JSON
    """Return what an answer of another status than 200 says."""
    if not isinstance(body, Mapping):
        return Refusal(status, "", text[:500])
    if isinstance(body.get("error"), str):  # the token endpoint
        return Refusal(status, body["error"], f"{body['error']}: {body.get('error_description', '')}")
    errors = body.get("errors")
    if isinstance(errors, list):
        return Refusal(status, *_first(errors))
    return Refusal(status, "", str(errors or text[:500]))


def graphql_refusal(body: Mapping[str, Any], table: Sequence[KnownError] = ERRORS) -> Refusal:
    """Return what the `errors` of an answer with HTTP 200 say; of several, the first that the table knows.

    An answer with `data` had begun to be carried out (https://spec.graphql.org/October2021/#sec-Errors).
    """
    errors = body["errors"] if isinstance(body["errors"], list) else [{"message": str(body["errors"])}]
    began = "data" in body
    known = (each for each in errors if any(row.describes(HTTPStatus.OK, *_first([each])) for row in table))
    code, text = _first([next(known, errors[0] if errors else {})])
    status = HTTPStatus.INTERNAL_SERVER_ERROR if code == "INTERNAL_SERVER_ERROR" else HTTPStatus.BAD_REQUEST
    return Refusal(status, code, text, began=began or status == HTTPStatus.INTERNAL_SERVER_ERROR)


def user_refusal(errors: Sequence[Mapping[str, Any]], table: Sequence[KnownError] = ERRORS) -> Refusal:
    """Return what `userErrors` say; of several, the first that the table knows."""
    texts = [str(each.get("message", "")) for each in errors]
    known = (text for text in texts if any(row.describes(HTTPStatus.OK, "", text) for row in table))
    first = next(known, texts[0])
    others = [text for text in texts if text != first]
    return Refusal(HTTPStatus.BAD_REQUEST, "", "; ".join([first, *others]))


def _first(errors: Sequence[Any]) -> tuple[str, str]:
    """Return the code and message of the first of GraphQL's errors."""
    error = errors[0] if errors else {}
    if not isinstance(error, Mapping):
        return "", str(error)
    extensions = error.get("extensions")
    code = extensions.get("code", "") if isinstance(extensions, Mapping) else ""
    return str(code), str(error.get("message", ""))
