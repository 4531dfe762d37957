import pytest

from workers.platforms.errors import KnownError, reason_of
from workers.platforms.magento_errors import ERRORS, OFFLINE_ERRORS, ONLINE_ERRORS, TOKEN_ERRORS, said_by

INVALID = "Creditmemo Document Validation Error(s):\n"
NOT_SAVED = "Could not save a Creditmemo, see error log for details"
NO_ENTITY = "The entity that was requested doesn't exist. Verify the entity and try again."


def reason(
    status: int, body: object, table: tuple[KnownError, ...] = OFFLINE_ERRORS, *, write: bool = True
) -> str:
    said = said_by(body, "")
    return reason_of(table, status, said.code, said.text, write=write)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            401,
            {
                "message": "The consumer isn't authorized to access %resources.",
                "parameters": {"resources": "Magento_Sales::creditmemo"},
            },
            "NO_PERMISSION",
        ),
        (
            403,
            {
                "message": "Der Verbraucher darf nicht auf %resources zugreifen.",
                "parameters": {"resources": "Magento_Sales::creditmemo"},
            },
            "NO_PERMISSION",
        ),
        (403, {"message": "Forbidden"}, "NO_PERMISSION"),
        (401, {"message": "The signature is invalid. Verify and try again."}, "BAD_CREDENTIALS"),
        (401, {"message": "Specified token does not exist"}, "BAD_CREDENTIALS"),
        (
            400,
            {"message": "The token length is invalid. Check the length and try again."},
            "BAD_CREDENTIALS",
        ),
        (
            401,
            {
                "message": "The nonce is already being used by the consumer with ID %1",
                "parameters": ["1"],
            },
            "TRANSIENT",
        ),
        (400, {"message": f"{INVALID}The most money available to refund is 20."}, "OVER_REFUND"),
        (
            400,
            {
                "message": "Maximum shipping amount allowed to refund is: %1",
                "parameters": ["$5.00"],
            },
            "OVER_REFUND",
        ),
        (400, {"message": "You can not refund shipping if there is no shipping amount."}, "OVER_REFUND"),
        (
            400,
            {
                "message": f"{INVALID}The quantity to creditmemo must not be greater than the unrefunded "
                'quantity for product SKU "TSHIRT-M".'
            },
            "OVER_REFUND",
        ),
        (
            400,
            {"message": 'We found an invalid quantity to refund item "%1".', "parameters": ["T-shirt"]},
            "OVER_REFUND",
        ),
        (400, {"message": f"{INVALID}We can't create creditmemo for the order."}, "OVER_REFUND"),
        (400, {"message": f"{INVALID}We can't create creditmemo for the invoice."}, "REFUSED"),
        (
            400,
            {
                "message": f'{INVALID}The creditmemo contains product SKU "X" that is not part of the '
                "original order."
            },
            "STOREFRONT_LINE_NOT_FOUND",
        ),
        (
            400,
            {"message": f"{INVALID}You can't create a creditmemo without products."},
            "STOREFRONT_LINE_NOT_FOUND",
        ),
        (400, {"message": f"{INVALID}The credit memo's total must be positive."}, "REFUSED"),
        (
            400,
            {"message": f"{INVALID}A creditmemo can not be created when an order has a status of holded"},
            "REFUSED",
        ),
        (400, {"message": f"{INVALID}Der Gesamtbetrag muss positiv sein."}, "REFUSED"),
        (404, {"message": NO_ENTITY}, "NONEXISTENT_RECORD"),
        (404, {"message": "Request does not match any route."}, "REFUSED"),
        (405, {"message": "Method Not Allowed"}, "REFUSED"),
        (429, {"message": "Too Many Requests"}, "RATE_LIMITED"),
        (500, {"message": "Internal Error. Details are available in Magento log file."}, "UNKNOWN_OUTCOME"),
        (503, None, "UNKNOWN_OUTCOME"),
    ],
)
@pytest.mark.parametrize("table", [OFFLINE_ERRORS, ONLINE_ERRORS])
def test_a_refusal_has_its_reason(
    status: int, body: object, expected: str, table: tuple[KnownError, ...]
) -> None:
    assert reason(status, body, table) == expected


@pytest.mark.parametrize("message", [NOT_SAVED, "Eine Gutschrift konnte nicht gespeichert werden"])
def test_what_fails_behind_the_gateway_is_never_tried_again_by_itself(message: str) -> None:
    assert reason(400, {"message": message}, ONLINE_ERRORS) == "OUTCOME_UNCLEAR"


def test_what_was_only_to_be_written_down_and_was_not_is_tried_again() -> None:
    assert reason(400, {"message": NOT_SAVED}) == "TRANSIENT"


@pytest.mark.parametrize(
    "body",
    [
        {"message": '"%fieldName" is required. Enter and try again.', "parameters": {"fieldName": "qty"}},
        {
            "message": 'The "%value" value\'s type is invalid. The "%type" type was expected.',
            "parameters": {"value": "x", "type": "int"},
        },
        {"message": "Decoding error."},
        {"message": 'Property "X" does not have accessor method "getX" in class "Y".'},
    ],
)
def test_a_request_that_is_not_understood_reaches_no_gateway(body: object) -> None:
    assert reason(400, body, ONLINE_ERRORS) == "REFUSED"


def test_an_address_that_is_not_the_apis_is_refused_when_it_is_read() -> None:
    assert reason(404, None, ERRORS, write=False) == "REFUSED"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": "invalid_client", "error_description": "invalid client_id"}, "BAD_CREDENTIALS"),
        (400, {"error": "unauthorized_client"}, "BAD_CREDENTIALS"),
        (400, {"error": "invalid_scope"}, "NO_PERMISSION"),
        (401, None, "BAD_CREDENTIALS"),
        (400, {"error": "invalid_request"}, "REFUSED"),
        (503, None, "TRANSIENT"),
    ],
)
def test_a_refused_token_has_its_reason(status: int, body: object, expected: str) -> None:
    assert reason(status, body, TOKEN_ERRORS, write=False) == expected


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"message": "Only %1 of %2", "parameters": ["1", "2"]}, "", "Only 1 of 2"),
        ({"message": "%a and %b and %c", "parameters": {"b": 2, "a": 1}}, "a,b", "1 and 2 and %c"),
        ({"message": "100%", "parameters": "none"}, "", "100%"),
        (
            {
                "message": "Several.",
                "errors": [
                    {"message": "%fieldName first", "parameters": {"fieldName": "qty"}},
                    {"message": "second"},
                    "third",
                ],
            },
            "fieldName",
            "Several.; qty first; second",
        ),
        ({"message": "One.", "errors": {"message": "no list"}}, "", "One."),
        ({"error": "invalid_client"}, "invalid_client", "invalid_client: "),
    ],
)
def test_what_is_said_has_its_placeholders_filled_in(body: object, code: str, text: str) -> None:
    said = said_by(body, "")
    assert (said.code, said.text) == (code, text)


@pytest.mark.parametrize("body", [None, [], "text", {"message": 5}, {}])
def test_an_answer_of_another_shape_is_said_as_it_came(body: object) -> None:
    assert said_by(body, "<html>" + "x" * 600).text == "<html>" + "x" * 494
