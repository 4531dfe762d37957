"""What a hook or a template is about: its credit memo or its order, wherever in the body it is.

A hook of the Commerce Webhooks module sends the arguments of what it observes, unless other fields are
configured for it (https://developer.adobe.com/commerce/extensibility/webhooks/hooks). By the names that
Magento's own code gives them these are `{"eventName": …, "data": {"creditmemo": {…}}}` for
`observer.sales_order_creditmemo_save_after`, `{"entity": {…}}` for
`plugin.magento.sales.api.creditmemo_repository.save`, `{"creditmemo": {…}}` for
`….creditmemo_management.refund` and `{"orderId": 5}` for `….refund_order.execute`. A template of an
extension such as Mageplaza's is what an administrator wrote, like `{"order_id": 5, "creditmemo_id": 7}`.

What belongs to an order names it by `order_id`; an order has a text for its state, and a number that people
see.
"""

from dataclasses import dataclass
from typing import Final

from webhooks.parsing import Json

_CREDIT_MEMOS: Final = ("creditmemo", "credit_memo")
_ORDER: Final = "order"
_WRAPPERS: Final = ("data", "data_object", "entity", "item", "result")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a body is about.

    Attributes:
        node: The object in the body, with its order as `order_id` unless it is the order.
        event_name: What a hook observes, such as `observer.sales_order_save_after`; empty if it is not told.
    """

    node: dict[str, Json]
    is_order: bool
    is_credit_memo: bool
    event_name: str = ""


def subject_of(payload: Json) -> Subject | None:
    """Return what a body is about; None if it names no order."""
    event_name = payload.get("eventName") if isinstance(payload, dict) else None
    told = event_name if isinstance(event_name, str) else ""
    found = _find(payload, "")
    if found is None:
        return None
    name, node = found
    if name == _ORDER:
        return Subject(node, is_order=True, is_credit_memo=False, event_name=told)
    is_credit_memo = name in _CREDIT_MEMOS or "creditmemo" in told
    return Subject(
        {"order_id": node.get("orderId")} | node,
        is_order=False,
        is_credit_memo=is_credit_memo,
        event_name=told,
    )


def _find(node: Json, name: str) -> tuple[str, dict[str, Json]] | None:
    """Return the first object that names an order, with what it is called there."""
    if not isinstance(node, dict):
        return None
    if "order_id" in node or "orderId" in node:
        return ("" if name == _ORDER else name), node
    if name == _ORDER or (isinstance(node.get("state"), str) and "increment_id" in node):
        return _ORDER, node
    found = (_find(node.get(key), key) for key in (*_CREDIT_MEMOS, _ORDER, *_WRAPPERS))
    return next((each for each in found if each is not None), None)
