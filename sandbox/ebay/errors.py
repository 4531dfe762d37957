"""eBay's refusals: what each error id says, and the two shapes in which its APIs say it.

Ids and wordings of the Fulfillment, Finances, Key Management and Notification APIs are those of their OpenAPI
contracts (https://developer.ebay.com/develop/api); 1001 to 2004 are the platform's own
(https://developer.ebay.com/develop/guides-v2/using-ebay-restful-apis).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Response

from sandbox.jsonish import Json, dumps


@dataclass(frozen=True)
class Kind:
    """What an error id means.

    Attributes:
        status: HTTP status it comes with.
        domain: Part of eBay it comes from.
        category: ``REQUEST``, ``BUSINESS`` or ``APPLICATION``.
        message: The short sentence; ``{name}`` stands for a parameter.
        long_message: The long one, the short one again where there is no other.
    """

    status: int
    domain: str
    category: str
    message: str
    long_message: str = ""


_INTERNAL: Final = (
    "There was a problem with an eBay internal system or process. "
    "Contact eBay developer support for assistance."
)
_BAD_SIGNATURE: Final = ("Signature validation failed", "Signature validation failed to fulfill the request.")


def _kinds(
    status: int, domain: str, messages: Mapping[int, str], category: str = "REQUEST"
) -> dict[int, Kind]:
    return {number: Kind(status, domain, category, message) for number, message in messages.items()}


KINDS: Final[Mapping[int, Kind]] = {
    1001: Kind(
        401,
        "OAuth",
        "REQUEST",
        "Invalid access token",
        "Invalid access token. Check the value of the Authorization HTTP request header.",
    ),
    1002: Kind(
        401,
        "OAuth",
        "REQUEST",
        "Missing access token",
        "Missing access token. Check the value of the Authorization HTTP request header.",
    ),
    1100: Kind(403, "ACCESS", "REQUEST", "Access denied", "Insufficient permissions to fulfill the request."),
    2001: Kind(
        429,
        "ACCESS",
        "REQUEST",
        "Too many requests.",
        "The request limit has been reached for the resource.",
    ),
    2002: Kind(
        404, "ACCESS", "REQUEST", "Resource not found", "The specified resource was not found by the server."
    ),
    2003: Kind(500, "ACCESS", "APPLICATION", "Internal error", _INTERNAL),
    2004: Kind(
        400,
        "ACCESS",
        "REQUEST",
        "Invalid request",
        "The request has errors. For help, see the documentation for this API.",
    ),
    **_kinds(500, "API_FULFILLMENT", {30500: "System error", 34900: _INTERNAL}, "APPLICATION"),
    **_kinds(
        400,
        "API_FULFILLMENT",
        {
            30700: "Invalid filter name: {fieldname}",
            30800: "Invalid filter value {fieldvalue} for filter {fieldname}",
            30810: "Invalid date format",
            30820: "Start date is missing",
            30830: "Time range between start date and end date must be within '{allowedTime}' years.",
            30840: "Start date should be before end date",
            30850: "Start and end dates can't be in the future",
            30900: "Exceeded maximum number of order IDs (the current limit is <code>50</code>)",
            31000: "Invalid offset: {offsetvalue}",
            31100: "Invalid limit: {limitvalue}",
            32100: "Invalid order ID: {orderId}",
            32800: "Invalid field group: {fieldGroup}",
            34901: "Order id can't be null or empty.",
            34902: "Request can't be empty.",
            34903: "The refund reason must be specified.",
            34905: "Either orderLevelRefundAmount or refundItems must be specified.",
            34906: "The amount value must be specified.",
            34907: "The amount value must be positive and within two decimals.",
            34908: "The amount currency must be specified.",
            34909: "The amount currency isn't correct.",
            34910: "Either legacyReference or lineItemId must be specified for item level refund.",
            34911: "Legacy item id must be specified for item level refund if you use legacyReference.",
            34912: (
                "Legacy transaction id must be specified for item level refund if you use legacyReference."
            ),
            34914: "Can't find the item in the order.",
            34915: "The refund amount exceeds order amount.",
            34921: (
                "The comment exceeds the length limit, please make sure it doesn't exceed 1000 characters."
            ),
            34922: "Refund can't be issued while previous refund is processing.",
            34923: "Refund cannot be issued for this type of order.",
        },
    ),
    **_kinds(
        400,
        "API_FULFILLMENT",
        {
            34916: "A post-transaction case exists on this order, seller refund can't be triggered.",
            34917: "This order was already refunded.",
            34920: "It's too late to issue a refund for this order.",
        },
        "BUSINESS",
    ),
    **_kinds(404, "API_FULFILLMENT", {34913: "Can not find the order."}),
    **_kinds(
        409,
        "API_FULFILLMENT",
        {
            34919: "Unauthorized access.",
            34929: (
                "You cannot refund this order yet since the buyer payment has not been processed. "
                "Please try again later."
            ),
            34930: (
                "Default payment method limit exceeded. "
                "Please use a different payment option or try again later."
            ),
        },
    ),
    **_kinds(
        409,
        "API_FULFILLMENT",
        {
            34918: "This is not an eBay managed payments order.",
            34924: "The item refund amount exceeds the item remaining amount.",
            34925: (
                "The refund operation could not be completed with any of the payment methods "
                "saved to the seller's account."
            ),
            34926: (
                "A suitable payment method could not be found for the refund operation. "
                "Please resolve in Seller Hub."
            ),
            34927: "The selected payment method for the refund operation was invalid or declined.",
            34928: (
                "Your refund did not go through because we could not verify your payment option. "
                "Please change your payment option and try again."
            ),
        },
        "BUSINESS",
    ),
    **_kinds(500, "API_FINANCES", {135000: _INTERNAL}, "APPLICATION"),
    **_kinds(
        400,
        "API_FINANCES",
        {
            135003: "The value of pagination is invalid.",
            135005: "The value of sorting is invalid.",
            135006: "The value of transaction type filter is invalid.",
            135007: "The value of transaction status filter is invalid.",
            135008: "The value of transaction date filter is invalid.",
            135009: "Transaction type filter is missing.",
        },
    ),
    **_kinds(500, "API_NOTIFICATION", {195000: _INTERNAL}, "APPLICATION"),
    **_kinds(404, "API_NOTIFICATION", {195001: "The specified key id is invalid."}),
    **_kinds(500, "API_KEYS", {210000: _INTERNAL}, "APPLICATION"),
    **_kinds(
        400,
        "API_KEYS",
        {
            210001: "You must supply a valid signing key cipher. Allowed values are ED25519 and RSA.",
            210006: "You must request for new signing key with valid request payload.",
        },
    ),
    **_kinds(404, "API_KEYS", {210002: "The signing key with id {signingKeyId} was not found."}),
    215001: Kind(403, "ACCESS", "REQUEST", "Missing x-ebay-signature-key header"),
    215002: Kind(403, "ACCESS", "REQUEST", "Missing Signature-Input header"),
    215003: Kind(403, "ACCESS", "REQUEST", "Missing Signature header"),
    215004: Kind(403, "ACCESS", "REQUEST", "Missing Content-Digest header"),
    215118: Kind(403, "ACCESS", "REQUEST", "Content digest does not match the payload"),
    215120: Kind(403, "ACCESS", "REQUEST", *_BAD_SIGNATURE),
    215122: Kind(403, "ACCESS", "REQUEST", *_BAD_SIGNATURE),
    # Post-Order's numbers are not in any contract at hand; these are assumed.
    2160: Kind(400, "postOrderErrorDomain", "REQUEST", "The value of {name} is invalid."),
    2161: Kind(400, "postOrderErrorDomain", "REQUEST", "The header X-EBAY-C-MARKETPLACE-ID is missing."),
    2164: Kind(404, "postOrderErrorDomain", "REQUEST", "The {kind} {id} was not found."),
}

BY_STATUS: Final[Mapping[int, int]] = {401: 1001, 403: 1100, 404: 2002, 429: 2001}


class EbayError(Exception):
    """A refusal in eBay's words.

    Args:
        number: The error id.
        status: HTTP status where it differs from the error id's own.
        parameters: Named values that go into the message and are listed with it.

    Attributes:
        reason: Machine-readable reason, the error id as text.
    """

    def __init__(self, number: int, *, status: int | None = None, **parameters: str) -> None:
        self.number = number
        self.kind = KINDS[number]
        self.status = status or self.kind.status
        self.parameters = parameters
        self.reason = str(number)
        self.message = self.kind.message.format_map(parameters) if parameters else self.kind.message
        super().__init__(f"{number}: {self.message}")


def error_json(error: EbayError) -> Json:
    """Write a refusal as the Sell, Commerce and Developer APIs do."""
    body: Json = {
        "errorId": error.number,
        "domain": error.kind.domain,
        "category": error.kind.category,
        "message": error.message,
        "longMessage": error.kind.long_message or error.message,
    }
    if error.parameters:
        body["parameters"] = [{"name": name, "value": value} for name, value in error.parameters.items()]
    return {"errors": [body]}


def post_order_error_json(error: EbayError) -> Json:
    """Write a refusal as the Post-Order API does.

    https://developer.ebay.com/Devzone/post-order/ErrorResponse.html
    """
    return {
        "errorMessage": {
            "error": [
                {
                    "errorId": error.number,
                    "domain": error.kind.domain,
                    "severity": "ERROR",
                    "category": error.kind.category,
                    "message": error.message,
                    "parameter": [{"name": name, "value": value} for name, value in error.parameters.items()],
                    "longMessage": error.kind.long_message or error.message,
                    "httpStatusCode": str(error.status),
                }
            ]
        }
    }


def answer(value: object, status: int = HTTPStatus.OK) -> Response:
    """Answer with JSON."""
    return Response(dumps(value), status=status, content_type="application/json")


def refusal(error: EbayError, *, post_order: bool = False) -> Response:
    """Answer with a refusal."""
    return answer(post_order_error_json(error) if post_order else error_json(error), error.status)
