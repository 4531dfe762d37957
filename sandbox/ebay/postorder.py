"""The Post-Order API: returns, cancellations, inquiries and cases, to be searched and read.

https://developer.ebay.com/devzone/post-order/index.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from flask import Response

from sandbox.clock import iso_millis
from sandbox.ebay.errors import EbayError, answer
from sandbox.ebay.model import CANCELLATION, CASE, INQUIRY, RETURN, Order, Request
from sandbox.ebay.seller import Seller
from sandbox.ebay.visit import Visit, moment
from sandbox.jsonish import Json

DEFAULT_LIMIT: Final = 25
LARGEST_LIMIT: Final = 200
LARGEST_OFFSET: Final = 1_000_000
RESPONSE_TIME: Final = timedelta(days=3)

Found = tuple[Order, Request]


def search(visit: Visit) -> Response:
    """Answer ``GET /post-order/v2/{resource}/search``."""
    resource = RESOURCES[visit.names["resource"]]
    limit = visit.count("limit", DEFAULT_LIMIT, (1, LARGEST_LIMIT), EbayError(2160, name="limit"))
    offset = visit.count("offset", 0, (0, LARGEST_OFFSET), EbayError(2160, name="offset"))
    found = [each for each in visit.seller.requests() if each[1].kind == resource.kind]
    for name, choose in resource.filters.items():
        value = visit.first(name)
        if value is not None:
            found = [each for each in found if choose(each, value)]
    found.sort(key=lambda each: each[1].created, reverse=True)
    return answer(
        {
            resource.members: [
                resource.summary(visit.seller, *each) for each in found[offset : offset + limit]
            ],
            "paginationOutput": {
                "limit": limit,
                "offset": offset,
                "totalEntries": len(found),
                "totalPages": -(-len(found) // limit),
            },
            resource.total: len(found),
        }
    )


def get(visit: Visit) -> Response:
    """Answer ``GET /post-order/v2/{resource}/{id}``."""
    resource = RESOURCES[visit.names["resource"]]
    number = visit.names["number"]
    for order, request in visit.seller.requests():
        if request.kind == resource.kind and request.id == number:
            return answer(resource.detail(visit, order, request))
    raise EbayError(2164, kind=resource.kind, id=number)


def _amount(value: Decimal, currency: str) -> Json:
    """Write an amount: here it is a number."""
    return {"value": value, "currency": currency}


def _date(at: datetime) -> Json:
    return {"value": iso_millis(at)}


def _fieldgroup(visit: Visit) -> str:
    group = visit.first("fieldgroups") or "FULL"
    if group not in {"FULL", "SUMMARY"}:
        raise EbayError(2160, name="fieldgroups")
    return group


RETURN_STATUS: Final = {
    "": ("RETURN_REQUESTED", "RETURN_REQUESTED"),
    "refunded": ("CLOSED", "CLOSED"),
    "partly": ("LESS_THAN_A_FULL_REFUND_ISSUED", "LESS_THAN_A_FULL_REFUND_ISSUED"),
    "declined": ("CLOSED", "CLOSED"),
    "withdrawn": ("CLOSED", "CLOSED"),
    "escalated": ("CLOSED", "ESCALATED"),
}
"""State and status of a return by how it was closed."""


def return_status(request: Request) -> tuple[str, str]:
    """Return a return's state and status."""
    partly = request.outcome == "refunded" and request.refunded < request.amount
    return RETURN_STATUS["partly" if partly else request.outcome]


def _return_summary(seller: Seller, order: Order, request: Request) -> Json:
    """Write a return in short: https://developer.ebay.com/Devzone/post-order/types/ReturnSummaryType.html."""
    state, status = return_status(request)
    refund = {"estimatedRefundAmount": _amount(request.amount, order.currency)}
    if request.refunded:
        refund["actualRefundAmount"] = _amount(request.refunded, order.currency)
    return {
        "returnId": request.id,
        "orderId": order.id,
        "buyerLoginName": order.buyer,
        "sellerLoginName": seller.username,
        "currentType": "MONEY_BACK",
        "state": state,
        "status": status,
        "creationInfo": {
            "creationDate": _date(request.created),
            "item": {
                "itemId": request.line.item_id,
                "transactionId": request.line.id,
                "returnQuantity": request.quantity,
            },
            "reason": request.reason,
            "reasonType": "SNAD" if request.reason in {"DEFECTIVE_ITEM", "NOT_AS_DESCRIBED"} else "REMORSE",
            "type": "MONEY_BACK",
        },
        "buyerTotalRefund": refund,
        "sellerTotalRefund": refund,
    }


def _return_detail(visit: Visit, order: Order, request: Request) -> Json:
    """Write a return: in short or, without a word, in full."""
    if _fieldgroup(visit) == "SUMMARY":
        return {"summary": _return_summary(visit.seller, order, request)}
    estimate = {
        "refundFeeType": "PURCHASE_PRICE",
        "estimatedAmount": _amount(request.amount, order.currency),
    }
    refund_info: Json = {"estimatedRefundDetail": {"itemizedRefundDetails": [estimate]}}
    if request.refunded:
        done = {"refundFeeType": "PURCHASE_PRICE", "refundAmount": _amount(request.refunded, order.currency)}
        refund_info["actualRefundDetail"] = {
            "actualRefund": {
                "itemizedRefundDetails": [done],
                "totalAmount": _amount(request.refunded, order.currency),
            },
            "refundStatus": "SUCCESS",
        }
    detail: Json = {
        "buyerLoginName": order.buyer,
        "sellerLoginName": visit.seller.username,
        "marketplaceId": visit.seller.marketplace,
        "itemDetail": {
            "itemId": request.line.item_id,
            "transactionId": request.line.id,
            "itemTitle": request.line.title,
            "returnQuantity": request.quantity,
        },
        "refundInfo": refund_info,
        "responseHistory": [
            {
                "activity": "BUYER_CREATE_RETURN",
                "author": "BUYER",
                "creationDate": _date(request.created),
            }
        ],
    }
    if request.closed_at is not None:
        detail["closeInfo"] = {"returnCloseDate": _date(request.closed_at)}
    return {"detail": detail}


CANCEL_STATUS: Final = {
    "": ("APPROVAL_PENDING", "CANCEL_REQUESTED"),
    "refunded": ("CLOSED", "CANCEL_CLOSED_WITH_REFUND"),
    "unpaid": ("CLOSED", "CANCEL_CLOSED_NO_REFUND"),
    "declined": ("CLOSED", "CANCEL_REJECTED"),
    "withdrawn": ("CLOSED", "CANCEL_CLOSED_NO_REFUND"),
}
"""State and status of a cancellation by how it was closed."""


def _cancel_summary(seller: Seller, order: Order, request: Request) -> Json:
    """Write a cancellation: https://developer.ebay.com/devzone/post-order/types/CancelSummary.html."""
    state, status = CANCEL_STATUS[request.outcome]
    summary = {
        "cancelId": request.id,
        "legacyOrderId": order.id,
        "marketplaceId": seller.marketplace,
        "buyerLoginName": order.buyer,
        "sellerLoginName": seller.username,
        "requestorType": request.initiator,
        "cancelReason": request.reason,
        "cancelState": state,
        "cancelStatus": status,
        "cancelRequestDate": _date(request.created),
        "lastModifiedDate": _date(request.modified),
        "paymentStatus": "PAID" if order.paid else "UNPAID",
        "requestRefundAmount": _amount(request.amount, order.currency),
        "lineItems": [
            {"itemId": line.item_id, "transactionId": line.id, "quantity": line.quantity}
            for line in order.lines
        ],
    }
    if request.closed_at is not None:
        return {**summary, "cancelCloseDate": _date(request.closed_at)}
    return {**summary, "sellerResponseDueDate": _date(request.created + RESPONSE_TIME)}


def _cancel_detail(visit: Visit, order: Order, request: Request) -> Json:
    detail = _cancel_summary(visit.seller, order, request)
    if _fieldgroup(visit) == "SUMMARY":
        return {"cancelDetail": detail}
    history = [
        {
            "activityType": f"{request.initiator}_CREATE_CANCEL",
            "activityParty": request.initiator,
            "actionDate": _date(request.created),
        }
    ]
    return {"cancelDetail": {**detail, "activityHistories": history}}


def _claim_status(request: Request) -> str:
    if request.open:
        return "OPEN" if request.kind == CASE else "WAITING_SELLER_RESPONSE"
    return "CLOSED_WITH_ESCALATION" if request.outcome == "escalated" else "CLOSED"


def _claim(order: Order, request: Request) -> Json:
    """Write what inquiries and cases have in common."""
    return {
        "itemId": request.line.item_id,
        "transactionId": request.line.id,
        "claimAmount": _amount(request.amount, order.currency),
    }


def _claim_summary(seller: Seller, order: Order, request: Request) -> Json:
    return {
        **_claim(order, request),
        "buyer": order.buyer,
        "seller": seller.username,
        "creationDate": _date(request.created),
        "lastModifiedDate": _date(request.modified),
        "respondByDate": _date(request.created + RESPONSE_TIME),
    }


def _inquiry_summary(seller: Seller, order: Order, request: Request) -> Json:
    """Write an inquiry: https://developer.ebay.com/Devzone/post-order/types/InquirySummaryType.html."""
    summary = _claim_summary(seller, order, request)
    return {**summary, "inquiryId": request.id, "inquiryStatusEnum": _claim_status(request)}


def _case_summary(seller: Seller, order: Order, request: Request) -> Json:
    """Write a case: https://developer.ebay.com/DevZone/post-order/types/CaseSummaryType.html."""
    summary = _claim_summary(seller, order, request)
    return {**summary, "caseId": request.id, "caseStatusEnum": _claim_status(request)}


def _inquiry_detail(_visit: Visit, order: Order, request: Request) -> Json:
    """Write an inquiry: https://developer.ebay.com/devzone/post-order/types/InquiryDetailsResponse.html."""
    return {
        **_claim(order, request),
        "inquiryId": request.id,
        "inquiryQuantity": request.quantity,
        "creationReason": "ITEM_NOT_RECEIVED",
        "initiator": request.initiator,
        "state": "CREATED" if request.open else "CLOSED",
        "status": _claim_status(request),
        "inquiryDetails": {"creationDate": _date(request.created)},
    }


def _case_detail(_visit: Visit, order: Order, request: Request) -> Json:
    """Write a case: https://developer.ebay.com/DevZone/post-order/post-order_v2_casemanagement-caseId__get.html."""
    return {
        **_claim(order, request),
        "caseId": request.id,
        "caseQuantity": request.quantity,
        "caseType": "RETURN" if request.return_id else "ITEM_NOT_RECEIVED",
        "initiator": request.initiator,
        "status": _claim_status(request),
        "caseDetails": {"creationDate": _date(request.created)},
        **({"returnId": request.return_id} if request.return_id else {}),
    }


def _since(found: Found, value: str) -> bool:
    at = moment(value)
    if at is None:
        raise EbayError(2160, name="creation date")
    return found[1].created >= at


def _until(found: Found, value: str) -> bool:
    return found[1].created == moment(value) or not _since(found, value)


def _in_state(found: Found, value: str) -> bool:
    """Tell whether a return is of a ``return_state``; those of a stage it never reaches have none."""
    if value.startswith("ALL_OPEN"):
        return found[1].open
    return not found[1].open if value == "CLOSED" else value == "RETURN_STARTED" and found[1].open


Filter = Callable[[Found, str], bool]
COMMON: Final[dict[str, Filter]] = {
    "item_id": lambda found, value: found[1].line.item_id == value,
    "transaction_id": lambda found, value: found[1].line.id == value,
}
_BY_ORDER: Final[dict[str, Filter]] = {"order_id": lambda found, value: found[0].id == value}
_CREATED: Final[dict[str, Filter]] = {"creation_date_range_from": _since, "creation_date_range_to": _until}


@dataclass(frozen=True)
class Resource:
    """One of the four resources.

    Attributes:
        kind: What it holds.
        members: Name of the list in a search's answer.
        total: Name of the count in it.
        filters: By query parameter.
        summary: Writes it in a search's answer.
        detail: Writes it on its own.
    """

    kind: str
    members: str
    total: str
    filters: dict[str, Filter]
    summary: Callable[[Seller, Order, Request], Json]
    detail: Callable[[Visit, Order, Request], Json]


RESOURCES: Final[dict[str, Resource]] = {
    "return": Resource(
        RETURN,
        "members",
        "total",
        {
            **COMMON,
            **_BY_ORDER,
            **_CREATED,
            "return_id": lambda found, value: found[1].id == value,
            "return_state": _in_state,
        },
        _return_summary,
        _return_detail,
    ),
    "cancellation": Resource(
        CANCELLATION,
        "cancellations",
        "total",
        {
            **COMMON,
            **_CREATED,
            "legacy_order_id": lambda found, value: found[0].id == value,
            "cancel_id": lambda found, value: found[1].id == value,
        },
        _cancel_summary,
        _cancel_detail,
    ),
    "inquiry": Resource(
        INQUIRY,
        "members",
        "totalNumberOfInquiries",
        {
            **COMMON,
            **_BY_ORDER,
            "inquiry_creation_date_range_from": _since,
            "inquiry_creation_date_range_to": _until,
            "inquiry_status": lambda found, value: _claim_status(found[1]) == value,
        },
        _inquiry_summary,
        _inquiry_detail,
    ),
    "casemanagement": Resource(
        CASE,
        "members",
        "totalNumberOfCases",
        {
            **COMMON,
            **_BY_ORDER,
            "case_creation_date_range_from": _since,
            "case_creation_date_range_to": _until,
            "case_status_filter": lambda found, value: _claim_status(found[1]) == value,
            "return_id": lambda found, value: found[1].return_id == value,
        },
        _case_summary,
        _case_detail,
    ),
}
