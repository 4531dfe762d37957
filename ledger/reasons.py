"""Every reason the service gives for where a refund or delivery is: one table, used everywhere.

The code is the API's field, the metric's label, the log's key and the portal's text. To add one, add a row
here and a test that reaches it. Conditions and mends follow NetSuite Connector's documented behaviour and
the platforms' own error texts.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Recovery(StrEnum):
    """What happens by itself after a reason was given."""

    NONE = "none"  # a person, or nobody, has to act
    BACKOFF = "backoff"  # tried again on the long schedule
    THROTTLE = "throttle"  # tried again on the short schedule: the platform asked us to slow down
    WAIT = "wait"  # looked at again until what is missing has come or the deadline passes
    PAUSE = "pause"  # the account is paused and its refunds wait until it is resumed


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is where it is.

    Attributes:
        code: Stable, machine-readable name.
        what: What happened, in plain words.
        fix: What a person can do about it; empty where nothing needs doing.
        recovery: What the service does by itself.
    """

    code: str
    what: str
    fix: str = ""
    recovery: Recovery = Recovery.NONE


class UnknownReasonError(LookupError):
    """Raised when a code is not in the table."""

    reason = "unknown_reason"


_SETTLED: Final = (
    Reason("RECEIVED", "The refund was received and will be looked at next."),
    Reason("POSTED", "The refund was written to the other side."),
    Reason(
        "ALREADY_POSTED",
        "The other side already had this refund under our key; it was linked, nothing was written.",
    ),
    Reason("LINKED_BY_PERSON", "A person linked the refund to a record made by hand."),
    Reason("RESOLVED_BY_PERSON", "A person settled the refund outside this service and said how."),
    Reason(
        "CANCELLED_BY_PERSON",
        "A person cancelled the refund; nothing will be written.",
        "Uncancel it to bring it back.",
    ),
    Reason("REQUESTED_BY_PERSON", "A person asked for the refund to be looked at now."),
    Reason("FACTS_CHANGED", "News from a platform made the refund worth looking at again."),
)
_IGNORED: Final = (
    Reason("ECHO", "This service made the record itself; carrying it back would double the refund."),
    Reason(
        "WRONG_DIRECTION",
        "The account carries refunds in the other direction.",
        "Change the account's direction if that is wrong.",
    ),
    Reason("SYNC_OFF", "The account's refund sync is switched off.", "Switch it on, then retry the refund."),
    Reason("NO_MONEY_MOVED", "No money moved: a restock, an order edit or a failed transaction."),
    Reason("SOURCE_DELETED", "The record was deleted in NetSuite before it was carried across."),
    Reason(
        "BEFORE_START",
        "The refund is older than the account's connection to this service.",
        "Retrieve it by its order if it should be carried across.",
    ),
    Reason("VOIDED", "The record was voided in NetSuite."),
)
_WAITING: Final = (
    Reason(
        "MONEY_PENDING",
        "The storefront has not settled the money yet.",
        "Nothing: it is posted once the money moved.",
        Recovery.WAIT,
    ),
    Reason(
        "OUTCOME_PENDING",
        "The storefront took the refund and is still working on it.",
        "Nothing: its outcome is followed to the end.",
        Recovery.WAIT,
    ),
    Reason(
        "ORDER_NOT_SYNCED",
        "The order is not known on the other side, or was never synced by this account.",
        "Import the order, or cancel the refund.",
        Recovery.WAIT,
    ),
    Reason(
        "NOT_BILLED",
        "The order has no cash sale or invoice in NetSuite yet.",
        "Bill the order in NetSuite; the refund is then posted by itself.",
        Recovery.WAIT,
    ),
    Reason(
        "RETURN_NOT_RECEIVED",
        "The return authorization waits for the goods.",
        "Receive the return in NetSuite.",
        Recovery.WAIT,
    ),
    Reason(
        "ACCOUNT_PAUSED",
        "The account is paused.",
        "Mend what paused it, then resume the account.",
        Recovery.PAUSE,
    ),
    Reason(
        "REVIEW_FIRST", "The account asks for a review before anything is posted.", "Look at it and post it."
    ),
)
_DISCREPANCIES: Final = (
    Reason(
        "ORDER_DELETED",
        "The order was deleted on the other side, so there is nothing to refund against.",
        "Settle the refund by hand on both sides and resolve it with a note, or link the order again.",
    ),
    Reason(
        "PAYMENT_FAILED",
        "The storefront made the refund, but its payment failed: no money moved.",
        "Give the money back in the storefront by hand, then resolve the refund with a note.",
    ),
    Reason(
        "REFUND_OFFLINE_ONLY",
        "The storefront wrote the refund down, but its payment gateway moved no money.",
        "Give the money back at the gateway by hand, then resolve the refund with a note.",
    ),
    Reason(
        "OUTCOME_UNCLEAR",
        "A write may have happened, and the storefront cannot tell whether it did.",
        "Look at the order in the storefront; retry if the refund is not there, else resolve it with its id.",
    ),
    Reason(
        "AMOUNT_DIFFERS",
        "The record that was made on the other side has another amount than the refund.",
        "Correct the difference by hand on one side, then resolve the refund with a note.",
    ),
    Reason(
        "PARTLY_DONE",
        "The storefront took only some lines of the refund.",
        "See the lines in the attempt, settle the rest by hand, then resolve the refund with a note.",
    ),
    Reason(
        "BUYER_CASE_OPEN",
        "A case of the buyer is open, so the storefront refunds only by way of it.",
        "Refund by the case in the storefront, then resolve the refund with a note.",
    ),
    Reason(
        "BUYER_REQUEST_MISSING",
        "No return, cancellation, inquiry or case of the buyer stands behind this refund.",
        "Check with the seller, then resolve it with a note, or set the account's `unrequested` to post.",
    ),
    Reason(
        "OVER_REFUND",
        "The refund is above what is left to refund.",
        "Compare the refunds of both sides; resolve it with a note.",
    ),
    Reason(
        "RETURN_CLOSED",
        "The return authorization that was made for the refund was cancelled, closed or used up in NetSuite.",
        "Open it again and retry, or make the record by hand and resolve the refund with a note.",
    ),
    Reason(
        "SPANS_BILLED_RECORDS",
        "The refund covers goods billed on several NetSuite records.",
        "Make one record for each by hand and resolve it with a note.",
    ),
    Reason(
        "AMBIGUOUS_ORDER",
        "Several NetSuite orders carry this storefront order's number.",
        "Keep one, or link the right one, then retry.",
    ),
)
_CONFIGURATION: Final = (
    Reason(
        "MAPPING_MISSING",
        "A generic item, location or account that this refund needs is not configured.",
        "Set it on the account, then retry.",
    ),
    Reason(
        "ITEM_NOT_FOUND",
        "A refunded SKU is not on the billed record.",
        "Correct the SKU, or set the account's item for unmatched SKUs, then retry.",
    ),
    Reason(
        "CURRENCY_MIXED",
        "The refund and the billed record are in different currencies.",
        "Choose the account's currency mode to match how its orders are synced.",
    ),
    Reason(
        "STOREFRONT_LINE_NOT_FOUND",
        "A refunded NetSuite item is not on the storefront's order, or nothing of it is left to refund.",
        "Refund it by hand in the storefront and resolve it.",
    ),
    Reason(
        "PERIOD_CLOSED",
        "The accounting period is closed or locked in NetSuite.",
        "Open the period, or settle the refund by hand.",
    ),
    Reason(
        "LEGACY_TAX",
        "NetSuite refused the tax of a line.",
        "Set the account's tax mode to suit the NetSuite account.",
    ),
    Reason(
        "SERIAL_LOT_ITEM",
        "NetSuite wants serial, lot or bin numbers for an item.",
        "Make the record by hand, or set a substitute item.",
    ),
)
_PLATFORM: Final = (
    Reason("RATE_LIMITED", "The platform asked us to slow down.", "", Recovery.THROTTLE),
    Reason(
        "CONCURRENCY", "All of the NetSuite account's concurrency slots are taken.", "", Recovery.THROTTLE
    ),
    Reason(
        "TRANSIENT",
        "The platform failed for a moment or could not be reached.",
        "Retry it once the platform is well.",
        Recovery.BACKOFF,
    ),
    Reason(
        "UNKNOWN_OUTCOME",
        "The connection ended after the write was sent; whether it took effect is looked up first.",
        "",
        Recovery.BACKOFF,
    ),
    Reason(
        "DUPLICATE_RECORD",
        "NetSuite says a record with our key exists; it is looked up and linked.",
        "",
        Recovery.THROTTLE,
    ),
    Reason(
        "ORDER_BUSY",
        "Another refund of the same order is being posted; this one comes after it.",
        "",
        Recovery.THROTTLE,
    ),
    Reason("IN_PROGRESS", "The platform is still working on the same request.", "", Recovery.THROTTLE),
    Reason(
        "BAD_CREDENTIALS",
        "The platform refused the credentials.",
        "Renew the account's credentials, then resume it.",
        Recovery.PAUSE,
    ),
    Reason(
        "NO_PERMISSION",
        "The credentials lack a permission or scope.",
        "Grant it in the platform, then resume the account.",
        Recovery.PAUSE,
    ),
    Reason(
        "APP_UNINSTALLED",
        "The shop uninstalled the app.",
        "Install it again, then resume the account.",
        Recovery.PAUSE,
    ),
    Reason(
        "SHOP_INACTIVE",
        "The shop is closed or frozen.",
        "Reopen the shop, then resume the account.",
        Recovery.PAUSE,
    ),
    Reason(
        "NONEXISTENT_RECORD",
        "A record this refund needs was deleted meanwhile; it is looked at again.",
        "Look at both sides, then retry.",
        Recovery.BACKOFF,
    ),
    Reason(
        "REFUSED",
        "The platform refused the request.",
        "See the platform's message in the attempt, mend it and retry.",
    ),
    Reason(
        "INTERNAL",
        "This service failed in a way it did not foresee.",
        "Retry; if it stays, report the trace id.",
        Recovery.BACKOFF,
    ),
)
_DELIVERIES: Final = (
    Reason(
        "ROWS_LATE",
        "The platform told of a refund that it does not show yet; it is read again later.",
        "Nothing: it is read after 2 hours, 2 days, 14 days and 30 days.",
        Recovery.WAIT,
    ),
    Reason("NOTHING_FOUND", "The order was read, and had no refund that was not known."),
    Reason(
        "ORDER_UNTOLD",
        "The platform names a request of the buyer's and does not tell whose order it is about; the account "
        "is asked at once for every order that changed.",
    ),
    Reason("NOT_JSON", "The signed body is not JSON.", "Look at the body, then replay."),
    Reason(
        "NOT_OF_SCHEMA",
        "The signed body is not of the platform's documented shape.",
        "Look at the error, then replay.",
    ),
    Reason("UNKNOWN_TOPIC", "The topic is not one this service asked for.", "Remove the subscription."),
    Reason("TEST_DELIVERY", "The platform sent a test notification; its contents are invented."),
    Reason(
        "STANDALONE_RECORD",
        "The NetSuite record was not made from an order, so no storefront order stands behind it.",
    ),
    Reason(
        "OWNER_UNSURE",
        "The order that was found is not quite NetSuite's, and an account that may have it cannot be asked.",
        "Replay it once that account answers, or retrieve the order from NetSuite in the account it is of.",
    ),
)

REASONS: Final[dict[str, Reason]] = {
    reason.code: reason
    for group in (_SETTLED, _IGNORED, _WAITING, _DISCREPANCIES, _CONFIGURATION, _PLATFORM, _DELIVERIES)
    for reason in group
}


DISCREPANCIES: Final = frozenset(each.code for each in _DISCREPANCIES)
"""Reasons that no rule may carry a refund past: a person settles it, with a note."""


def reason(code: str) -> Reason:
    """Return the reason of a code.

    Raises:
        UnknownReasonError: If the table has no such code.
    """
    try:
        return REASONS[code]
    except KeyError:
        raise UnknownReasonError(f"no reason has the code {code!r}") from None
