"""Answers ``listTransactions`` of the Finances API 2024-06-19: its parameters, filters and pages.

https://developer-docs.amazon.com/sp-api/docs/finances-api-v2024-06-19-use-case-guide
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sandbox.amazon.answers import invalid, moment_of
from sandbox.amazon.breakdowns import financial_event_group, transaction_json
from sandbox.amazon.model import Transaction, TransactionStatus
from sandbox.amazon.seller import UNITED_STATES, Seller
from sandbox.jsonish import Json

MARGIN: Final = timedelta(minutes=2)
LONGEST: Final = timedelta(days=180)
IDENTIFIERS: Final = ("FINANCIAL_EVENT_GROUP_ID", "ORDER_ID")


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        after: Posted at this time or later.
        before: Posted before this time.
        status: Of this status, any if empty.
        marketplace: Of this marketplace, any if empty.
        name: Name of the related identifier, empty if there is none.
        value: Its value.
    """

    after: datetime | None
    before: datetime | None
    status: str
    marketplace: str
    name: str
    value: str


def wanted_from(args: Mapping[str, str], now: datetime) -> Wanted:
    """Read the parameters.

    Raises:
        RefusedError: They are not as documented.
    """
    name, value = args.get("relatedIdentifierName", ""), args.get("relatedIdentifierValue", "")
    if bool(name) != bool(value):
        raise invalid("relatedIdentifierName and relatedIdentifierValue must be specified together")
    if name and name not in IDENTIFIERS:
        raise invalid(f"relatedIdentifierName must be one of {', '.join(IDENTIFIERS)}")
    status = args.get("transactionStatus", "")
    if status and status not in set(TransactionStatus):
        raise invalid(f"transactionStatus must be one of {', '.join(TransactionStatus)}")
    after = moment_of("postedAfter", args["postedAfter"]) if args.get("postedAfter") else None
    before = moment_of("postedBefore", args["postedBefore"]) if args.get("postedBefore") else None
    if after is None and (before is not None or not name):
        raise invalid("Start date cannot be null")
    latest = now - MARGIN
    if after is not None and after > latest:
        raise invalid("postedAfter must be more than two minutes before the time of the request")
    if before is not None and after is not None:
        if before > latest:
            raise invalid("postedBefore must be more than two minutes before the time of the request")
        if before <= after:
            raise invalid("postedBefore must be later than postedAfter")
    if after is not None and before is None:
        before = latest
    return Wanted(after, before, status, args.get("marketplaceId", ""), name, value)


def _found(seller: Seller, wanted: Wanted, now: datetime) -> list[Transaction]:
    """Return the transactions asked for, in the order they were posted."""
    if wanted.after and wanted.before and wanted.before - wanted.after > LONGEST:
        return []
    return sorted(
        (each for each in seller.transactions if each.visible_at <= now and _fits(seller, wanted, each)),
        key=lambda each: each.posted_at,
    )


def _fits(seller: Seller, wanted: Wanted, each: Transaction) -> bool:
    values = {"ORDER_ID": each.order.id, "FINANCIAL_EVENT_GROUP_ID": financial_event_group(each)}
    return (
        (wanted.after is None or each.posted_at >= wanted.after)
        and (wanted.before is None or each.posted_at < wanted.before)
        and wanted.status in {"", each.status.value}
        and _of_marketplace(seller, wanted.marketplace, each)
        and (not wanted.name or values[wanted.name] == wanted.value)
    )


def _of_marketplace(seller: Seller, marketplace: str, each: Transaction) -> bool:
    """Tell whether a marketplace's filter lets a transaction through.

    "If you want to retrieve MFN orders in the US store, do not supply the ``marketplaceId`` parameter."
    """
    if not marketplace:
        return True
    hidden = marketplace == UNITED_STATES and each.order.network == "MFN"
    return marketplace == seller.marketplace and not hidden


def list_transactions(seller: Seller, args: Mapping[str, str], now: datetime) -> Json:
    """Answer ``GET /finances/2024-06-19/transactions``.

    Args:
        seller: Whose transactions.
        args: The query's parameters.
        now: The present time.

    Raises:
        RefusedError: The parameters are not as documented.
    """
    wanted = wanted_from(args, now)
    same = _fingerprint(args)
    offset, blank = 0, seller.empty_pages
    if args.get("nextToken"):
        offset, blank = _read_token(args["nextToken"], same)
    found = _found(seller, wanted, now)
    if blank:
        return {"payload": {"nextToken": _token(offset, same, blank=False), "transactions": []}}
    page = found[offset : offset + seller.page_size]
    payload: Json = {"transactions": [transaction_json(seller, each) for each in page]}
    if offset + len(page) < len(found):
        payload["nextToken"] = _token(offset + len(page), same, blank=seller.empty_pages)
    elif seller.nulls:
        payload["nextToken"] = None
    return {"payload": payload}


def _fingerprint(args: Mapping[str, str]) -> str:
    """Return what stays the same from page to page: every argument but the token."""
    rest = sorted((name, value) for name, value in args.items() if name != "nextToken")
    return hashlib.sha256(json.dumps(rest).encode()).hexdigest()[:16]


def _token(offset: int, same: str, *, blank: bool) -> str:
    return base64.urlsafe_b64encode(json.dumps([offset, blank, same]).encode()).decode()


def _read_token(token: str, same: str) -> tuple[int, bool]:
    """Read a token that `_token` wrote for the same arguments.

    Raises:
        RefusedError: It is of another call, or none of ours.
    """
    try:
        offset, blank, of = json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError as error:
        raise invalid("nextToken is invalid") from error
    if of != same:
        raise invalid("nextToken must be used with the arguments of the call that returned it")
    return int(offset), bool(blank)
