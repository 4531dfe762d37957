r"""The error shapes Magento's REST API has, and the reasons they stand for.

`{"message", "parameters"}`, its placeholders not filled in:
https://developer.adobe.com/commerce/webapi/get-started/gs-web-api-response/ . The texts are those of
Magento's own code (`Magento\Sales\Model\RefundOrder` and `RefundInvoice` and their validators,
`Magento\Framework\Oauth`), before a shop translates them. So the names of the parameters, which nobody
translates, are the error's code here; a refusal in another language is refused without a closer reason.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from workers.platforms.errors import KnownError

_COULD_NOT_SAVE: Final = r"could not save a creditmemo"

ERRORS: Final = (
    # Access. What the integration's role lacks is told with 401 or 403, by the name of the resource.
    KnownError("NO_PERMISSION", code="resources"),
    KnownError("TRANSIENT", status=401, text=r"nonce is already being used"),
    KnownError("BAD_CREDENTIALS", status=401),
    KnownError("BAD_CREDENTIALS", text=r"token length is invalid"),
    KnownError("NO_PERMISSION", status=403),
)

TOKEN_ERRORS: Final = (
    KnownError("NO_PERMISSION", code="invalid_scope"),
    *(KnownError("BAD_CREDENTIALS", code=code) for code in ("invalid_client", "unauthorized_client")),
    KnownError("BAD_CREDENTIALS", status=401),
)

_OF_A_REFUND: Final = (
    *ERRORS,
    KnownError("OVER_REFUND", text=r"most money available to refund is"),
    KnownError("OVER_REFUND", text=r"maximum shipping amount allowed to refund is"),
    KnownError("OVER_REFUND", text=r"can ?not refund shipping if there is no shipping amount"),
    KnownError("OVER_REFUND", text=r"must not be greater than the unrefunded quantity"),
    KnownError("OVER_REFUND", text=r"found an invalid quantity to refund item"),
    KnownError("OVER_REFUND", text=r"can't create creditmemo for the order"),
    KnownError("STOREFRONT_LINE_NOT_FOUND", text=r"not part of the original order"),
    KnownError("STOREFRONT_LINE_NOT_FOUND", text=r"can't create a creditmemo without products"),
    # It is this text in every language, since what follows it is a part of what would be looked up.
    KnownError("REFUSED", text=r"document validation error"),
    KnownError("REFUSED", status=404, text=r"does not match any route"),
    KnownError("NONEXISTENT_RECORD", status=404),
)

OFFLINE_ERRORS: Final = (
    *_OF_A_REFUND,
    # It was rolled back, and nobody but the database was asked.
    KnownError("TRANSIENT", status=400, text=_COULD_NOT_SAVE),
)
"""Of a refund that is only written down."""

ONLINE_ERRORS: Final = (
    *_OF_A_REFUND,
    *(KnownError("REFUSED", status=400, code=code) for code in ("fieldName", "type,value")),
    KnownError("REFUSED", status=400, text=r"decoding error|content-type|does not have accessor"),
    # The gateway comes first and the database after it, and which of them failed is in the shop's log only.
    KnownError("OUTCOME_UNCLEAR", status=400),
)
"""Of a refund through the payment gateway."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an error answer says, as far as it could be read.

    Attributes:
        code: The names of the message's parameters, sorted; or OAuth's error; may be empty.
        text: The message with its placeholders filled in.
    """

    code: str
    text: str


def said_by(body: Any, text: str) -> Said:  # noqa: ANN401 - an error's body may be any JSON
    """Return what an error answer says.

    Args:
        body: The answer's JSON.
        text: The answer as it came, for when it is not of a known shape.
    """
    if isinstance(body, Mapping) and isinstance(body.get("error"), str):  # OAuth 2.0
        return Said(body["error"], f"{body['error']}: {body.get('error_description', '')}")
    if not isinstance(body, Mapping) or not isinstance(body.get("message"), str):
        return Said("", text[:500])
    code, words = _filled_in(body)
    errors = body.get("errors")
    others = (
        [_filled_in(each) for each in errors if isinstance(each, Mapping)] if isinstance(errors, list) else []
    )
    code = code or next((each for each, _ in others), "")
    return Said(code, "; ".join([words, *(each for _, each in others)]))


def _filled_in(error: Mapping[str, Any]) -> tuple[str, str]:
    """Return the names of an error's parameters, and its message with their values in place of `%name`."""
    message, parameters = str(error.get("message", "")), error.get("parameters")
    if isinstance(parameters, Mapping):
        named = {str(name): str(value) for name, value in parameters.items()}
        return ",".join(sorted(named)), _replaced(message, named)
    listed = parameters if isinstance(parameters, list) else []
    return "", _replaced(message, {str(n): str(value) for n, value in enumerate(listed, start=1)})


def _replaced(message: str, values: Mapping[str, str]) -> str:
    return re.sub(r"%(\w{1,60})", lambda found: values.get(found[1], found[0]), message)
