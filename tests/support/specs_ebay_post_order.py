"""What the pages of eBay's Post-Order API list, as far as the sandbox simulates it: it has no contract.

https://developer.ebay.com/devzone/post-order/index.html
"""

from collections.abc import Mapping
from typing import Any, Final

_AMOUNT: Final = {"value": "number", "currency": "string"}
_DATE: Final = {"value": "string"}
_PAGING: Final = {"limit": "integer", "offset": "integer", "totalEntries": "integer", "totalPages": "integer"}
_CLAIM: Final = {
    "itemId": "string",
    "transactionId": "string",
    "claimAmount": _AMOUNT,
}
_CLAIM_SUMMARY: Final = {
    **_CLAIM,
    "buyer": "string",
    "seller": "string",
    "creationDate": _DATE,
    "lastModifiedDate": _DATE,
    "respondByDate": _DATE,
}
_TOTAL: Final = {"estimatedRefundAmount": _AMOUNT, "actualRefundAmount": _AMOUNT}
_RETURN_SUMMARY: Final = {
    "returnId": "string",
    "orderId": "string",
    "buyerLoginName": "string",
    "sellerLoginName": "string",
    "currentType": "string",
    "state": "string",
    "status": "string",
    "creationInfo": {
        "creationDate": _DATE,
        "item": {"itemId": "string", "transactionId": "string", "returnQuantity": "integer"},
        "reason": "string",
        "reasonType": "string",
        "type": "string",
    },
    "buyerTotalRefund": _TOTAL,
    "sellerTotalRefund": _TOTAL,
}
_RETURN_DETAIL: Final = {
    "buyerLoginName": "string",
    "sellerLoginName": "string",
    "marketplaceId": "string",
    "itemDetail": {
        "itemId": "string",
        "transactionId": "string",
        "itemTitle": "string",
        "returnQuantity": "integer",
    },
    "refundInfo": {
        "estimatedRefundDetail": {
            "itemizedRefundDetails": [{"refundFeeType": "string", "estimatedAmount": _AMOUNT}]
        },
        "actualRefundDetail": {
            "actualRefund": {
                "itemizedRefundDetails": [{"refundFeeType": "string", "refundAmount": _AMOUNT}],
                "totalAmount": _AMOUNT,
            },
            "refundStatus": "string",
        },
    },
    "responseHistory": [{"activity": "string", "author": "string", "creationDate": _DATE}],
    "closeInfo": {"returnCloseDate": _DATE},
}
_CANCEL: Final = {
    "cancelId": "string",
    "legacyOrderId": "string",
    "marketplaceId": "string",
    "buyerLoginName": "string",
    "sellerLoginName": "string",
    "requestorType": "string",
    "cancelReason": "string",
    "cancelState": "string",
    "cancelStatus": "string",
    "cancelRequestDate": _DATE,
    "cancelCloseDate": _DATE,
    "lastModifiedDate": _DATE,
    "sellerResponseDueDate": _DATE,
    "paymentStatus": "string",
    "requestRefundAmount": _AMOUNT,
    "lineItems": [{"itemId": "string", "transactionId": "string", "quantity": "integer"}],
}
_HISTORY: Final = {"activityType": "string", "activityParty": "string", "actionDate": _DATE}
POST_ORDER: Final[Mapping[str, Any]] = {
    "return/search": {"members": [_RETURN_SUMMARY], "paginationOutput": _PAGING, "total": "integer"},
    "return/": {"summary": _RETURN_SUMMARY, "detail": _RETURN_DETAIL},
    "cancellation/search": {"cancellations": [_CANCEL], "paginationOutput": _PAGING, "total": "integer"},
    "cancellation/": {"cancelDetail": {**_CANCEL, "activityHistories": [_HISTORY]}},
    "inquiry/search": {
        "members": [{**_CLAIM_SUMMARY, "inquiryId": "string", "inquiryStatusEnum": "string"}],
        "paginationOutput": _PAGING,
        "totalNumberOfInquiries": "integer",
    },
    "inquiry/": {
        **_CLAIM,
        "inquiryId": "string",
        "inquiryQuantity": "integer",
        "creationReason": "string",
        "initiator": "string",
        "state": "string",
        "status": "string",
        "inquiryDetails": {"creationDate": _DATE},
    },
    "casemanagement/search": {
        "members": [{**_CLAIM_SUMMARY, "caseId": "string", "caseStatusEnum": "string"}],
        "paginationOutput": _PAGING,
        "totalNumberOfCases": "integer",
    },
    "casemanagement/": {
        **_CLAIM,
        "caseId": "string",
        "caseQuantity": "integer",
        "caseType": "string",
        "initiator": "string",
        "status": "string",
        "returnId": "string",
        "caseDetails": {"creationDate": _DATE},
    },
}
"""Answers by path, as far as the sandbox gives them."""

_PAGED: Final = {"item_id", "transaction_id", "limit", "offset", "sort"}
_RANGE: Final = {"creation_date_range_from", "creation_date_range_to"}
POST_ORDER_QUERY: Final[Mapping[str, set[str]]] = {
    "return/search": {*_PAGED, *_RANGE, "order_id", "return_id", "return_state", "role", "states"},
    "return/": {"fieldgroups"},
    "cancellation/search": {*_PAGED, *_RANGE, "cancel_id", "legacy_order_id", "role"},
    "cancellation/": {"fieldgroups"},
    "inquiry/search": {
        *_PAGED,
        "fieldgroups",
        "inquiry_creation_date_range_from",
        "inquiry_creation_date_range_to",
        "inquiry_status",
        "order_id",
    },
    "inquiry/": set(),
    "casemanagement/search": {
        *_PAGED,
        "case_creation_date_range_from",
        "case_creation_date_range_to",
        "case_status_filter",
        "fieldgroups",
        "order_id",
        "return_id",
    },
    "casemanagement/": set(),
}
POST_ORDER_ERROR: Final = {
    "errorId": "integer",
    "domain": "string",
    "severity": "string",
    "category": "string",
    "message": "string",
    "parameter": [{"name": "string", "value": "string"}],
    "longMessage": "string",
    "httpStatusCode": "string",
}
