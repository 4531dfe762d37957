"""NetSuite's REST web services: one query reads, one transform writes.

Records and transforms: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4267258715.html
SuiteQL: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

from ledger.clock import utcnow
from ledger.money import Money
from workers.platforms.errors import PlatformError, TooMuchError, reason_of, retry_after
from workers.platforms.http import Answer, Http
from workers.platforms.netsuite_auth import authorizer, validate_credentials
from workers.platforms.netsuite_changes import (
    CLOCK,
    Changed,
    Deleted,
    Origin,
    bills,
    bills_query,
    changed,
    changed_query,
    deleted,
    deleted_query,
    offset,
    origins,
    origins_query,
)
from workers.platforms.netsuite_errors import ERRORS, refusal
from workers.platforms.netsuite_queries import Query, UnknownFieldError, order_query, refund_query
from workers.platforms.netsuite_reading import Row, facts_from_rows, refund_from_rows
from workers.platforms.slots import Slots
from workers.rules.facts import NetSuiteOrder, NetSuiteRefund

__all__ = ["NetSuiteClient", "validate_credentials"]

RECORDS: Final = "/services/rest/record/v1"
SUITEQL: Final = "/services/rest/query/v1/suiteql"

REST_NAMES: Final = {
    "salesorder": "salesOrder",
    "cashsale": "cashSale",
    "invoice": "invoice",
    "cashrefund": "cashRefund",
    "creditmemo": "creditMemo",
    "customerrefund": "customerRefund",
    "returnauthorization": "returnAuthorization",
}
"""REST's name of each record type we know, by SuiteScript's, which is ours."""

_PAGE: Final = 1000  # rows; the most NetSuite gives at once
_MOST_PAGES: Final = 100  # NetSuite ends at 100,000 rows
_SLOT_TIMEOUT: Final = 10.0  # seconds to wait for one of the account's slots
_LEASE_MARGIN: Final = 5.0  # seconds a slot is held beyond the longest call
_CHECKED: Final = "refund-sync-check"  # an order number, and a key, that nobody has


class NetSuiteClient:
    """Speaks to one NetSuite account; safe to share between threads.

    Args:
        account_id: The account, such as `1234567_SB1`.
        api_url: Another address than NetSuite's own, for development; empty otherwise.
        credentials: See `netsuite_auth.validate_credentials`.
        http: The transport.
        slots: The account's concurrency; every call but the token's takes one.
        slot_timeout: Seconds to wait for a slot.

    Raises:
        CredentialsError: If the credentials are not of a shape NetSuite takes.
    """

    def __init__(
        self,
        account_id: str,
        api_url: str,
        credentials: Mapping[str, Any],
        http: Http,
        slots: Slots,
        *,
        slot_timeout: float = _SLOT_TIMEOUT,
    ) -> None:
        self._base = api_url.rstrip("/") or f"https://{host_name(account_id)}"
        self._http = http
        self._slots = slots
        self._slot_timeout = slot_timeout
        self._lease = http.longest_call + _LEASE_MARGIN
        self._authorizer = authorizer(credentials, account_id=account_id, base_url=self._base, http=http)

    def order(self, number: str, *, match: str, key: str, linked_id: str = "") -> NetSuiteOrder:
        """Return everything NetSuite has of one storefront order, in one query.

        Args:
            number: The storefront order's number.
            match: The field that holds it: `other_ref_num`, `external_id` or a custom body field.
            key: External id that a refund written by this service has.
            linked_id: Internal id of a record known to be the order's.

        Raises:
            PlatformError: If NetSuite does not give it.
        """
        try:
            query = order_query(number, match=match, key=key, linked_id=linked_id)
        except UnknownFieldError as error:
            raise PlatformError("MAPPING_MISSING", str(error)) from error
        now = utcnow()
        return facts_from_rows(self._rows(query), linked_id=linked_id, now=now)

    def refund(self, record_type: str, record_id: str, *, match_fields: Sequence[str]) -> NetSuiteRefund:
        """Return a cash refund or credit memo with what it goes back to, in one query.

        Args:
            record_type: `cashrefund` or `creditmemo`.
            record_id: Its internal id.
            match_fields: The fields that may hold the storefront order's number.

        Raises:
            PlatformError: If NetSuite does not give it.
        """
        if not record_id.isdecimal():
            return NetSuiteRefund(document=None)
        try:
            query = refund_query(record_id, match_fields=match_fields)
        except UnknownFieldError as error:
            raise PlatformError("MAPPING_MISSING", str(error)) from error
        now = utcnow()
        return refund_from_rows(
            self._rows(query),
            record_type=record_type,
            record_id=record_id,
            match_fields=match_fields,
            now=now,
        )

    def changes(
        self, since: datetime, until: datetime, *, with_refunds: bool = True, with_deleted: bool = True
    ) -> tuple[tuple[Changed, ...], tuple[Deleted, ...]]:
        """Return the refund records changed, and the records deleted, in a time.

        Args:
            since: In UTC.
            until: In UTC.
            with_refunds: Whether the changed ones are wanted.
            with_deleted: Whether the deleted ones are wanted.

        Raises:
            PlatformError: If NetSuite does not say; `TooMuchError` if it has too much to say.
        """
        try:
            ahead = offset(self._rows(CLOCK), utcnow())
            rows = self._rows(changed_query(since, until, ahead)) if with_refunds else []
            gone = self._rows(deleted_query(since, until, ahead)) if with_deleted else []
            return changed(rows, ahead), deleted(gone, ahead)
        except (KeyError, ValueError) as error:
            detail = f"NetSuite's answer is not of its schema: {error!r}"
            raise PlatformError("TRANSIENT", detail) from error

    def origins(self, record_ids: Sequence[str], *, match: str) -> dict[str, Origin]:
        """Return what transactions are and what they were made from, by their internal ids.

        Args:
            record_ids: At most a thousand.
            match: The field that holds the storefront order's number; see `netsuite_queries.column_of`.

        Raises:
            PlatformError: If NetSuite does not say.
        """
        ids = [each for each in record_ids if each.isdecimal()]
        if not ids:
            return {}
        try:
            rows = self._rows(origins_query(ids, match=match))
        except UnknownFieldError as error:
            raise PlatformError("MAPPING_MISSING", str(error)) from error
        return {origin.record_id: origin for origin in origins(rows)}

    def bills(self, order_ids: Sequence[str]) -> dict[str, str]:
        """Return by which type of record sales orders were billed; those billed by several are left out.

        Args:
            order_ids: Internal ids, at most a thousand.

        Raises:
            PlatformError: If NetSuite does not say.
        """
        ids = [each for each in order_ids if each.isdecimal()]
        return bills(self._rows(bills_query(ids))) if ids else {}

    def transform(self, source_type: str, source_id: str, target_type: str, body: Mapping[str, Any]) -> str:
        """Make a record from another and return its internal id.

        Args:
            source_type: Type of the record it is made from, in SuiteScript's words.
            source_id: Internal id of that record.
            target_type: Type of the new record.
            body: What differs from NetSuite's own defaults; item lines replace the source's.

        Raises:
            PlatformError: With `outcome_unknown` if it may have been made all the same.
        """
        source = f"{REST_NAMES[source_type]}/{quote(source_id, safe='')}"
        answer = self._call(
            "POST",
            f"{RECORDS}/{source}/!transform/{REST_NAMES[target_type]}",
            write=True,
            # Without it, NetSuite merges the lines with the source's and refunds what nobody asked for.
            params={"replace": "item"} if "item" in body else {},
            # By default NetSuite ignores a property it does not know, and writes something else than meant.
            headers={"X-NetSuite-PropertyNameValidation": "Error"},
            json=dict(body),
        )
        new_id = urlsplit(answer.headers.get("Location", "")).path.rpartition("/")[2]
        if not new_id.isdecimal():
            detail = f"NetSuite answered {answer.status} without the new record's address"
            raise PlatformError("UNKNOWN_OUTCOME", detail, outcome_unknown=True, call=answer.call)
        return new_id

    def by_key(self, record_type: str, key: str) -> str | None:
        """Return the internal id of the record with an external id, or None.

        Raises:
            PlatformError: If NetSuite does not say.
        """
        path = f"{RECORDS}/{REST_NAMES[record_type]}/eid:{quote(key, safe='')}"
        try:
            answer = self._call("GET", path, write=False, params={"fields": "id"})
        except PlatformError as error:
            if error.reason == "NONEXISTENT_RECORD":
                return None
            raise
        body = _object(answer)
        return str(body["id"]) if body.get("id") else None

    def total(self, record_type: str, record_id: str, *, currency: str) -> Money:
        """Return what a record comes to, with tax.

        Args:
            record_type: In SuiteScript's words.
            record_id: Internal id.
            currency: The record's.

        Raises:
            PlatformError: If NetSuite does not say.
        """
        path = f"{RECORDS}/{REST_NAMES[record_type]}/{quote(record_id, safe='')}"
        answer = self._call("GET", path, write=False, params={"fields": "total"})
        total = _object(answer).get("total")
        if isinstance(total, bool) or not isinstance(total, Decimal | int):
            raise PlatformError("TRANSIENT", "NetSuite's answer has no total", call=answer.call)
        return Money.rounded(abs(Decimal(total)), currency)

    def check(self, *, match: str = "other_ref_num") -> None:
        """Run the real query for an order that nobody has: credentials, role and fields are then known good.

        Raises:
            PlatformError: If a refund could not be read either.
        """
        self.order(_CHECKED, match=match, key=_CHECKED)

    def _rows(self, query: Query) -> list[Row]:
        """Return all rows of a query, page by page; being sorted, pages neither skip nor repeat."""
        rows: list[Row] = []
        for page in range(_MOST_PAGES):
            answer = self._call(
                "POST",
                SUITEQL,
                write=False,
                params={"limit": str(_PAGE), "offset": str(page * _PAGE)},
                headers={"Prefer": "transient"},
                json=query.to_json(),
            )
            body = _object(answer)
            items = body.get("items")
            if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
                raise PlatformError("TRANSIENT", "NetSuite answered a query without rows", call=answer.call)
            rows += items
            if not body.get("hasMore"):
                return rows
        raise TooMuchError(f"NetSuite has more than {_MOST_PAGES * _PAGE} lines of what was asked for")

    def _call(
        self,
        method: str,
        path: str,
        *,
        write: bool,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Make one call in a slot of its own, with a new token if the old one was refused."""

        def once() -> Answer:
            auth = self._authorizer.auth()
            with self._slots.slot(self._slot_timeout, lease=self._lease) as free:
                self._http.tell_left("slots", free)
                return self._http.call(
                    method,
                    self._base + path,
                    write=write,
                    params=params,
                    headers=headers,
                    json=json,
                    auth=auth,
                )

        answer = once()
        if answer.status == HTTPStatus.UNAUTHORIZED and self._authorizer.renew():
            answer = once()
        if not answer.ok:
            raise _error(answer, write=write)
        return answer


def host_name(account_id: str) -> str:
    """Return the host of an account's REST services: `1234567_SB1` is at `1234567-sb1.suitetalk…`."""
    return f"{account_id.lower().replace('_', '-')}.suitetalk.api.netsuite.com"


def _error(answer: Answer, *, write: bool) -> PlatformError:
    said = refusal(answer.body, answer.text)
    reason = reason_of(ERRORS, answer.status, said.code, said.text, write=write)
    return PlatformError(
        reason,
        " ".join(filter(None, (str(answer.status), said.code, said.text))),
        retry_after=retry_after(answer.headers, utcnow()),
        outcome_unknown=reason == "UNKNOWN_OUTCOME",
        call=answer.call,
    )


def _object(answer: Answer) -> dict[str, Any]:
    if isinstance(answer.body, dict):
        return answer.body
    raise PlatformError("TRANSIENT", "NetSuite's answer is not a JSON object", call=answer.call)
