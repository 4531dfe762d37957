"""Bodies that Magento does not take, and those it takes against expectation."""

from decimal import Decimal

import pytest

from sandbox.magento.errors import MagentoError
from sandbox.magento.inputs import boolean, number, read_body, read_refund
from tests.sandbox.magento.client import Client
from tests.support.sandboxed_magento import Store

UNKNOWN = 'Property "{0}" does not have accessor method "get{0}" in class "{1}".'
REFUND = "order/1/refund"
COMMENT = r"Magento\Sales\Api\Data\CreditmemoCommentCreationInterface"
EXTENSION = r"Magento\Sales\Api\Data\CreditmemoCreationArgumentsExtensionInterface"
ITEM = r"Magento\Sales\Api\Data\CreditmemoItemCreationInterface"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"items": [{"item_id": 1, "qty": 1}]},
            UNKNOWN.format("ItemId", ITEM),
        ),
        (
            {"comment": {"text": "x"}},
            UNKNOWN.format("Text", COMMENT),
        ),
        (
            {"arguments": {"extension_attributes": {"return_to_stock": [1]}}},
            UNKNOWN.format("ReturnToStock", EXTENSION),
        ),
    ],
)
def test_properties_that_are_not_known_are_refused(
    store: Store, client: Client, body: object, message: str
) -> None:
    store.order()
    assert client.refusal(REFUND, body)["message"] == message


@pytest.mark.parametrize(
    ("item", "value", "kind"),
    [
        ({"order_item_id": "x", "qty": 1}, "x", "int"),
        ({"order_item_id": 1.5, "qty": 1}, "1.5", "int"),
        ({"order_item_id": 1, "qty": "many"}, "many", "float"),
        ({"order_item_id": 1, "qty": True}, "True", "float"),
    ],
)
def test_values_of_the_wrong_type_are_refused(
    store: Store, client: Client, item: object, value: str, kind: str
) -> None:
    store.order()
    error = client.refusal(REFUND, {"items": [item]})
    assert error["parameters"] == {"value": value, "type": kind}
    assert error["message"].startswith('The "%value" value\'s type is invalid.')


def test_numbers_may_be_written_as_text() -> None:
    asked = read_refund(
        {"items": [{"order_item_id": "7", "qty": "2"}], "arguments": {"shipping_amount": "0"}}
    )
    assert asked.qtys == {7: 2}
    assert asked.arguments.shipping == 0


def test_what_is_left_away_is_nothing() -> None:
    asked = read_refund({"items": [{}], "comment": None})
    assert asked.qtys == {0: 0}
    assert asked.comment is None
    assert asked.arguments.shipping is None
    assert read_refund({"items": "x", "comment": "x"}).qtys == {}


@pytest.mark.parametrize(("value", "answer"), [(True, True), ("true", True), ("0", False), ("", False)])
def test_booleans_are_read_as_php_reads_them(
    value: object,
    answer: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    assert boolean(value) is answer


def test_numbers_are_exact_and_finite() -> None:
    assert number("0.10") == Decimal("0.10")
    assert number(None) is None
    with pytest.raises(MagentoError):
        number("Infinity")


@pytest.mark.parametrize(
    ("content_type", "data", "message"),
    [
        ("", b"{}", "Content-Type header is empty."),
        ("text/plain", b"{}", "Server cannot understand Content-Type HTTP header media type text/plain"),
        ("application/json", b"{", "Decoding error."),
    ],
)
def test_bodies_that_are_not_json_are_refused(content_type: str, data: bytes, message: str) -> None:
    with pytest.raises(MagentoError) as caught:
        read_body(content_type, data)
    assert (caught.value.status, str(caught.value)) == (400, message)


def test_bodies_may_be_empty() -> None:
    assert read_body("application/json; charset=utf-8", b" ") == {}
    assert read_body("application/json", b"[1]") == {}


def test_a_client_that_takes_no_json_is_refused(client: Client) -> None:
    answer = client.call("GET", "store/storeConfigs", headers={"Accept": "text/html"})
    assert answer.status_code == 406
    assert client.call("GET", "store/storeConfigs", headers={"Accept": "application/json"}).ok
