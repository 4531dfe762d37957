"""Whether the buyer asked for a refund: a cancellation, return, inquiry or case on the order. Pure.

Returns, inquiries and cases: https://developer.ebay.com/Devzone/post-order/index.html. Searches are asked for
one order; as eBay is reported not to keep to every such filter, what they answer is compared itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from workers.platforms.ebay_reading import Node, lines_of, moment

_CLOCKS: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Search:
    """One of the searches of the Post-Order API.

    Attributes:
        resource: Its name in the path, and that of its quota.
        order: The parameter that takes the order's id.
        members: Where the answer has what it found.
    """

    resource: str
    order: str
    members: str


SEARCHES: Final = (
    Search("return", "order_id", "members"),
    Search("inquiry", "order_id", "members"),
    Search("casemanagement", "order_id", "members"),
    Search("cancellation", "legacy_order_id", "cancellations"),
)
"""In the order they are asked in: the likeliest first, as the first that is found is enough."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How the Post-Order API shows one request.

    Attributes:
        resource: Its name in the path, and that of its quota.
        params: What is asked for.
        within: Where the answer has it; empty for the answer itself.
        order: Where that has the order's id.
        request_from: Where that has the number of the return it came from, if it came from one.
    """

    resource: str
    params: Mapping[str, str]
    within: str
    order: str = ""
    request_from: str = ""


DETAILS: Final[Mapping[str, Detail]] = {
    "return": Detail("return", {"fieldgroups": "SUMMARY"}, "summary", "orderId"),
    "cancellation": Detail("cancellation", {"fieldgroups": "SUMMARY"}, "cancelDetail", "legacyOrderId"),
    "case": Detail("casemanagement", {}, "", request_from="returnId"),
}
"""By kind of request. An inquiry is not among them: eBay shows its listing and transaction, and no order.

https://developer.ebay.com/Devzone/post-order/post-order_v2_inquiry-inquiryId__get.html
"""


def cancellations(order: Node) -> list[datetime | None]:
    """Return when the buyer asked to cancel the order; what the seller cancelled by himself is no request."""
    requests = order["cancelStatus"].get("cancelRequests") or ()
    return [
        moment(each["cancelRequestedDate"]) if each.get("cancelRequestedDate") else None
        for each in requests
        if str(each.get("cancelInitiator", "buyer")).casefold() == "buyer"
    ]


def found_by(search: Search, answer: Any, order: Node) -> list[datetime | None]:  # noqa: ANN401 - any JSON
    """Return when the buyer made the requests that a search found for this order, where that is told."""
    members = answer.get(search.members) if isinstance(answer, Mapping) else None
    return [_made_at(each) for each in members or () if _is_of(each, order) and _is_buyers(each)]


def stands_behind(requests: Iterable[datetime | None], issued_at: datetime | None) -> bool:
    """Return whether any of the requests was there when a refund was issued, or may have been."""
    return any(each is None or issued_at is None or each <= issued_at + _CLOCKS for each in requests)


def _is_of(member: Node, order: Node) -> bool:
    """Tell whether a request is about an order: by its number, else by buyer, listing and transaction."""
    number = member.get("orderId") or member.get("legacyOrderId")
    if number:
        return bool(number == order["orderId"])
    item, transaction = str(member.get("itemId", "")), str(member.get("transactionId", ""))
    buyer = (order.get("buyer") or {}).get("username")
    is_buyers = bool(buyer) and member.get("buyer") == buyer
    return any(
        item == line.item_id and (is_buyers or transaction == line.id) for line in lines_of(order) if item
    )


def _is_buyers(member: Node) -> bool:
    return str(member.get("requestorType", "buyer")).casefold() == "buyer"


def _made_at(member: Node) -> datetime | None:
    told = member.get("creationDate") or member.get("cancelRequestDate")
    told = told or (member.get("creationInfo") or {}).get("creationDate")
    value = told.get("value") if isinstance(told, Mapping) else told
    return moment(value) if isinstance(value, str) else None
