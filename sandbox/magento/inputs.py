r"""Request bodies, read as ``Magento\Framework\Webapi\ServiceInputProcessor`` reads them."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from sandbox.jsonish import Json, loads
from sandbox.magento.errors import MagentoError, bad_request, missing
from sandbox.magento.money import ZERO
from sandbox.magento.refunds import Asked
from sandbox.magento.search import wrong_type
from sandbox.magento.totals import Arguments

ITEM: Final = r"Magento\Sales\Api\Data\CreditmemoItemCreationInterface"
COMMENT: Final = r"Magento\Sales\Api\Data\CreditmemoCommentCreationInterface"
ARGUMENTS: Final = r"Magento\Sales\Api\Data\CreditmemoCreationArgumentsInterface"
EXTENSION: Final = r"Magento\Sales\Api\Data\CreditmemoCreationArgumentsExtensionInterface"
MEMO_COMMENT: Final = r"Magento\Sales\Api\Data\CreditmemoCommentInterface"

KNOWN: Final[Mapping[str, frozenset[str]]] = {
    ITEM: frozenset({"order_item_id", "qty", "extension_attributes"}),
    COMMENT: frozenset({"comment", "is_visible_on_front", "extension_attributes"}),
    ARGUMENTS: frozenset(
        {"shipping_amount", "adjustment_positive", "adjustment_negative", "extension_attributes"}
    ),
    EXTENSION: frozenset({"return_to_stock_items"}),
    MEMO_COMMENT: frozenset(
        {
            "comment",
            "created_at",
            "entity_id",
            "is_customer_notified",
            "is_visible_on_front",
            "parent_id",
            "extension_attributes",
        }
    ),
}


def read_body(content_type: str, data: bytes) -> Json:
    """Read a request's JSON object; an empty body is an empty object.

    Raises:
        MagentoError: It has another type, or is not JSON.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if not kind:
        raise bad_request("Content-Type header is empty.")
    if kind != "application/json":
        raise bad_request(f"Server cannot understand Content-Type HTTP header media type {kind}")
    if not data.strip():
        return {}
    try:
        value = loads(data)
    except ValueError as error:
        raise bad_request("Decoding error.") from error
    return value if isinstance(value, dict) else {}


def argument(body: Json, name: str) -> object:
    """Return a service's argument, whose name may be written in camel or in snake case."""
    snake = re.sub(r"(?<=\w)(?=[A-Z])", "_", name).lower()
    value: object = body.get(name)
    return body.get(snake) if value is None else value


def data_object(value: object, interface: str) -> Json:
    """Read a data object; properties that its interface does not have are refused.

    Raises:
        MagentoError: It has such a property.
    """
    if not isinstance(value, dict):
        return {}
    for name in value:
        if name not in KNOWN[interface]:
            camel = "".join(part[:1].upper() + part[1:] for part in str(name).split("_"))
            raise bad_request(
                f'Property "{camel}" does not have accessor method "get{camel}" in class "{interface}".'
            )
    return value


def number(value: object, kind: str = "float") -> Decimal | None:
    """Read a number, which may be written as a string.

    Raises:
        MagentoError: It is none.
    """
    if value is None:
        return None
    try:
        result = Decimal(str(value))
    except InvalidOperation:
        result = Decimal("NaN")
    whole = kind == "float" or result == result.to_integral_value()
    if isinstance(value, bool) or not result.is_finite() or not whole:
        raise wrong_type(value, kind)
    return result


def boolean(value: object) -> bool:
    """Read a boolean as PHP does: ``"0"`` and ``""`` are false, other texts true."""
    return bool(value) and value != "0"


def read_refund(body: Json) -> Asked:
    """Read the body of ``POST /V1/order/{id}/refund`` or ``POST /V1/invoice/{id}/refund``.

    Arguments that the service does not have are ignored, so that a misspelt ``isOnline`` refunds offline.

    Raises:
        MagentoError: A value has the wrong type, or a data object an unknown property.
    """
    items = argument(body, "items")
    qtys: dict[int, Decimal] = {}
    for item in items if isinstance(items, list) else []:
        each = data_object(item, ITEM)
        item_id = number(each.get("order_item_id"), "int") or ZERO
        qtys[int(item_id)] = number(each.get("qty")) or ZERO
    told = boolean(argument(body, "notify")) and boolean(argument(body, "appendComment"))
    comment = data_object(argument(body, "comment"), COMMENT)
    arguments = data_object(argument(body, "arguments"), ARGUMENTS)
    stocked = data_object(arguments.get("extension_attributes"), EXTENSION).get("return_to_stock_items")
    return Asked(
        qtys=qtys,
        arguments=Arguments(
            shipping=number(arguments.get("shipping_amount")),
            adjustment_positive=number(arguments.get("adjustment_positive")) or ZERO,
            adjustment_negative=number(arguments.get("adjustment_negative")) or ZERO,
        ),
        comment=str(comment["comment"]) if comment.get("comment") is not None else None,
        visible=bool(number(comment.get("is_visible_on_front"), "int")),
        notified=told,
        online=boolean(argument(body, "isOnline")),
        stocked=frozenset(int(number(each, "int") or 0) for each in stocked or []),
    )


def read_comment(body: Json) -> tuple[str, bool, bool]:
    """Read the body of ``POST /V1/creditmemo/{id}/comments``: text, customer notified, visible.

    Raises:
        MagentoError: There is no comment.
    """
    entity = argument(body, "entity")
    if entity is None:
        raise missing("entity")
    comment = data_object(entity, MEMO_COMMENT)
    if comment.get("comment") is None:
        raise MagentoError(400, "Comment is required.")
    notified = bool(number(comment.get("is_customer_notified"), "int"))
    return str(comment["comment"]), notified, bool(number(comment.get("is_visible_on_front"), "int"))
