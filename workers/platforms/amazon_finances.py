"""Reads an order's money, and whose refunds changed, by the Finances API.

The API of 2024-06-19 is the one to use. The old one, v0, is read for accounts whose credentials say so, and
only for them: the two know the same refund by different ids, so that an account that went from one to the
other by itself would carry its refunds twice (docs/decisions/0018-finances-api-is-switched-by-hand.md).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from ledger.clock import utcnow
from workers.platforms.amazon_api import AmazonApi, Node, listed, understood
from workers.platforms.amazon_events import refunds_of, rows_from_events
from workers.platforms.amazon_rows import REFUNDS, Row, kept, kind_of
from workers.platforms.amazon_transactions import order_of, rows_from
from workers.platforms.errors import PlatformError, TooMuchError
from workers.platforms.storefront import Change

_MOST_PAGES: Final = 200  # of one order
_MOST_AT_ONCE: Final = 10  # pages of changes: as many calls as the usage plan can save up
_LATEST: Final = timedelta(minutes=2, seconds=5)  # before now; later times are refused
_LONGEST: Final = timedelta(days=179)  # of a span of more than 180 days nothing is answered
_NOT_TO_BE_HAD: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_OF_THE_API: Final = frozenset({"NO_PERMISSION", "REFUSED"})  # the reasons that speak of it, not of a token
_APIS: Final = {
    "listTransactions": ("2024-06-19", "v0"),
    "listFinancialEventsByOrderId": ("v0", "2024-06-19"),
    "listFinancialEvents": ("v0", "2024-06-19"),
}
"""Of each operation: the API it is of, and the other one, as the credentials name them."""


class Finances:
    """One seller's transactions.

    Args:
        api: What they are read over.
        is_old: Whether version v0 is read.
        now: Tells the time, in UTC.
    """

    def __init__(self, api: AmazonApi, *, is_old: bool, now: Callable[[], datetime] = utcnow) -> None:
        self._api = api
        self._is_old = is_old
        self._now = now

    def rows(self, order_id: str) -> tuple[Row, ...]:
        """Return everything that moved an order's money, the oldest first.

        Raises:
            PlatformError: If Amazon does not say.
        """
        with understood():
            if self._is_old:
                events = self._events("listFinancialEventsByOrderId", {}, id_=order_id, most=_MOST_PAGES)
                return rows_from_events(events, order_id)
            wanted = {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order_id}
            return rows_from(each for page in self._transactions(wanted, most=_MOST_PAGES) for each in page)

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield orders with refunds that were posted or released in a time, the oldest of each page first.

        Rows may come up to two days after their time. Amazon answers at most 180 days at once, and in no
        documented order.

        Args:
            since: In UTC.
            until: In UTC; later than two minutes ago is cut off.

        Raises:
            PlatformError: If Amazon does not say; `TooMuchError` if it has too much to say.
        """
        since, end = since.replace(microsecond=0), min(until, self._now() - _LATEST).replace(microsecond=0)
        while since < end:
            upto = min(end, since + _LONGEST)
            for page in self._changed(since, upto):
                with understood():
                    changes = [_change(row) for row in page]
                yield from sorted(changes, key=lambda change: change.changed_at)
            since = upto

    def check(self) -> None:
        """Make a cheap call that needs valid credentials and the role Finance and Accounting.

        Raises:
            PlatformError: If Amazon refuses it.
        """
        end = self._now() - _LATEST
        since, upto = _text(end - timedelta(minutes=1)), _text(end)
        if self._is_old:
            self._read("listFinancialEvents", params={"PostedAfter": since, "PostedBefore": upto})
        else:
            self._read("listTransactions", params={"postedAfter": since, "postedBefore": upto})

    def _changed(self, since: datetime, until: datetime) -> Iterator[Iterator[Row]]:
        """Yield the refunds of a time page by page; each is understood as it is taken."""
        if self._is_old:
            between = {"PostedAfter": _text(since), "PostedBefore": _text(until)}
            yield from map(refunds_of, self._events("listFinancialEvents", between, most=_MOST_AT_ONCE))
        else:
            between = {"postedAfter": _text(since), "postedBefore": _text(until)}
            yield from map(_refunds, self._transactions(between, most=_MOST_AT_ONCE))

    def _read(self, operation: str, *, id_: str = "", params: Mapping[str, str] | None = None) -> Node:
        """Return what an operation answers.

        Raises:
            PlatformError: If Amazon refuses it; where it is the API that is not to be had, the detail names
                the switch that reads the other one.
        """
        try:
            return self._api.call(operation, id_=id_, params=params)
        except PlatformError as error:
            status = error.call.status if error.call is not None else None
            if status not in _NOT_TO_BE_HAD or error.reason not in _OF_THE_API:
                raise
            raise PlatformError(
                error.reason, _not_to_be_had(operation, status, error.detail), call=error.call
            ) from error

    def _transactions(self, wanted: Mapping[str, str], *, most: int) -> Iterator[list[Node]]:
        """Yield the transactions asked for page by page; a page may be empty and not be the last."""
        params = dict(wanted)
        for _ in range(most):
            payload = self._read("listTransactions", params=params).get("payload") or {}
            yield listed(payload, "transactions")
            token = payload.get("nextToken")
            if not token:
                return
            params = {**wanted, "nextToken": str(token)}
        raise TooMuchError(f"more than {most} pages of transactions for {', '.join(wanted.values())}")

    def _events(
        self, operation: str, wanted: Mapping[str, str], *, most: int, id_: str = ""
    ) -> Iterator[Node]:
        """Yield the financial events asked for page by page; a page may be empty and not be the last."""
        params = dict(wanted)
        for _ in range(most):
            payload = self._read(operation, id_=id_, params=params).get("payload") or {}
            yield payload.get("FinancialEvents") or {}
            if not payload.get("NextToken"):
                return
            params = {**wanted, "NextToken": str(payload["NextToken"])}
        raise TooMuchError(f"more than {most} pages of events for {id_ or ', '.join(wanted.values())}")


def _not_to_be_had(operation: str, status: int | None, said: str) -> str:
    """Return what an operator can do where one of the APIs is not to be had for a seller."""
    this, other = _APIS[operation]
    return (
        f"{operation} of the Finances API {this} is not to be had ({status}: {said[:200]}). "
        "It needs the role Finance and Accounting. To read the other API instead, first hold every refund "
        "for a person (refund-sync account set ACCOUNT review=yes), then set "
        f'"finances": "{other}" in the credentials '
        "(refund-sync account set ACCOUNT --credentials-file FILE). The two know a refund by different ids: "
        "what was posted before comes again, held, and must be cancelled."
    )


def _refunds(page: list[Node]) -> Iterator[Row]:
    """Yield the refunds of orders among a page's transactions; others need not be understood."""
    about_orders = (each for each in page if order_of(each) and _is_refund(each))
    yield from rows_from(about_orders)


def _is_refund(transaction: Node) -> bool:
    return kind_of(kept(transaction, "transactionType")) in REFUNDS


def _change(row: Row) -> Change:
    state = "pending" if row.is_pending else "moved"
    return Change(row.order_id, (row.refund_id or row.id,), row.posted_at, f"{row.id}-{state}")


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
