"""The two SuiteQL queries that read everything NetSuite has of an order or a refund, and their parameters.

SuiteQL: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html

Values are always bound (`?`, since 2026.2). NetSuite quirks that shape the text:

- The link from a transaction to what it was made from is `createdfrom` of its *lines*, not of itself.
- A transaction has a line for its own total (`mainline`), one for each tax (`taxline`), and for items from
  stock two lines of their cost (`iscogs`), which are no part of the price.
- SuiteQL has no `LIMIT`; pages are asked for in the URL.
- Common table expressions are not documented for REST, so documents are found by a union of subqueries; a
  single `IN`, since conditions joined by `OR` would read every line of the account.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

_STANDARD: Final = {"other_ref_num": "otherrefnum", "external_id": "externalid"}
_CUSTOM: Final = re.compile(r"custbody_?[a-z0-9_]{1,38}")
_NOTHING: Final = 0  # no record has this internal id

# Names of the columns are in lower case in every answer, whatever their case here.
_COLUMNS: Final = """
  t.id AS docid, t.recordtype AS recordtype, t.tranid AS tranid, t.externalid AS externalid,
  t.status AS docstatus, t.voided AS voided, t.foreigntotal AS doctotal, c.symbol AS currency,
  TO_CHAR(t.createddate, 'YYYY-MM-DD"T"HH24:MI:SS') AS entered,
  TO_CHAR(SYSDATE, 'YYYY-MM-DD"T"HH24:MI:SS') AS asked,
  l.id AS lineid, l.mainline AS mainline, l.taxline AS taxline, l.item AS item, i.itemid AS sku,
  l.itemtype AS itemtype, l.quantity AS quantity, l.foreignamount AS amount, l.createdfrom AS createdfrom,
  l.location AS location"""
_TABLES: Final = """
FROM transaction t
  INNER JOIN transactionline l ON l.transaction = t.id
  LEFT JOIN item i ON i.id = l.item
  LEFT JOIN currency c ON c.id = t.currency"""
_NO_COST: Final = "(l.iscogs = 'F' OR l.iscogs IS NULL)"
_SORTED: Final = "\nORDER BY t.id, l.id"


class UnknownFieldError(ValueError):
    """Raised when an order's number is looked for in a field that is none.

    Attributes:
        reason: Always `unknown_field`.
    """

    reason = "unknown_field"


@dataclass(frozen=True, slots=True)
class Query:
    """A SuiteQL text and the values of its `?`, in order."""

    text: str
    params: tuple[str | int, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the request's body."""
        return {"q": self.text, "params": list(self.params)}


def column_of(match: str) -> str:
    """Return the SuiteQL column of a field that may hold the storefront order's number.

    Args:
        match: `other_ref_num`, `external_id`, or the id of a custom body field.

    Raises:
        UnknownFieldError: If it is none of these.
    """
    column = _STANDARD.get(match) or (match if _CUSTOM.fullmatch(match) else "")
    if not column:
        raise UnknownFieldError(f"{match!r} is no field that holds an order's number")
    return column


def order_query(number: str, *, match: str, key: str, linked_id: str) -> Query:
    """Return the query for everything NetSuite has of one storefront order.

    Args:
        number: The storefront order's number.
        match: The field that holds it; see `column_of`.
        key: External id that a refund written by this service has.
        linked_id: Internal id of a record known to be the order's; may be empty.
    """
    roots = (
        f"SELECT r.id AS id FROM transaction r WHERE r.type IN ('SalesOrd', 'CashSale', 'CustInvc')"  # noqa: S608 - a column's name, checked
        f" AND r.{column_of(match)} = ?"
        " UNION SELECT k.id AS id FROM transaction k WHERE k.id = ?"
    )
    root_params = (number, int(linked_id) if linked_id.isdecimal() else _NOTHING)
    bills = _made_from(roots, "a")
    refunds = _made_from(bills, "b")
    refunds_of_returns = _made_from(refunds, "d")
    # `{key}-ra` is the return authorization this service makes before a refund, where an account wants one.
    ours = "SELECT e.id AS id FROM transaction e WHERE e.externalid IN (?, ?)"
    members = f"{roots}\n  UNION {bills}\n  UNION {refunds}\n  UNION {refunds_of_returns}\n  UNION {ours}"
    text = (
        f"SELECT{_COLUMNS}{_TABLES}"
        "\nWHERE t.type IN ('SalesOrd', 'CashSale', 'CustInvc', 'CashRfnd', 'CustCred', 'RtnAuth')"
        f"\n  AND {_NO_COST}\n  AND t.id IN ({members}){_SORTED}"
    )
    return Query(text, (*root_params * 4, key, f"{key}-ra"))


def refund_query(record_id: str, *, match_fields: Sequence[str]) -> Query:
    """Return the query for a cash refund or credit memo, and what it goes back to.

    Of the record itself every line is read, of what stands behind it only the main ones.

    Args:
        record_id: Its internal id.
        match_fields: The fields that may hold the storefront order's number; see `column_of`.
    """
    columns = "".join(f", t.{column} AS {column}" for column in sorted(set(map(column_of, match_fields))))
    parents = "SELECT a.createdfrom AS id FROM transactionline a WHERE a.transaction = ?"
    grandparents = _made_into(parents, "b")
    origins = _made_into(grandparents, "d")
    itself = "SELECT s.id AS id FROM transaction s WHERE s.id = ?"
    members = f"{itself}\n  UNION {parents}\n  UNION {grandparents}\n  UNION {origins}"
    text = (
        f"SELECT{_COLUMNS}{columns}{_TABLES}"
        f"\nWHERE (t.id = ? OR l.mainline = 'T') AND {_NO_COST}\n  AND t.id IN ({members}){_SORTED}"
    )
    return Query(text, (int(record_id),) * 5)


def _made_from(sources: str, alias: str) -> str:
    """Return the subquery for the transactions that were made from others."""
    return (
        f"SELECT {alias}.transaction AS id FROM transactionline {alias}"  # noqa: S608 - constants of this module
        f" WHERE {alias}.createdfrom IN ({sources})"
    )


def _made_into(results: str, alias: str) -> str:
    """Return the subquery for the transactions that others were made from."""
    return (
        f"SELECT {alias}.createdfrom AS id FROM transactionline {alias}"  # noqa: S608 - constants of this module
        f" WHERE {alias}.transaction IN ({results})"
    )
