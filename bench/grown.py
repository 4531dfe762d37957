"""A ledger as a shop has it after a year: refunds of every state with all that belongs to them, made in SQL.

One refund in a thousand needs a person, one in ten was settled by one or ignored, one in a hundred is of
another account; each has an order, two lines, a delivery, an attempt and three lines of the audit trail,
and all of them stand in one reconciliation.
"""

from typing import Final

from sqlalchemy import text

from ledger import flow, runs
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import RunState

BETWEEN: Final = 30
"""Seconds between two refunds, so that a million of them are a year's."""

_STEP: Final = 50_000  # refunds of one transaction

_SERIES: Final = "FROM generate_series(CAST(:first AS integer), CAST(:last AS integer) - 1) g"
_AT: Final = f"now() - (CAST(:size AS integer) - g) * interval '{BETWEEN} seconds'"
_ACCOUNT: Final = "CASE WHEN g % 100 = 7 THEN 2 ELSE 1 END"
_STATE: Final = """CASE
  WHEN g % 1000 = 0 THEN 'discrepancy' WHEN g % 1000 = 1 THEN 'error' WHEN g % 5000 = 2 THEN 'held'
  WHEN g % 5000 = 3 THEN 'waiting' WHEN g % 20 = 4 THEN 'ignored' WHEN g % 50 = 5 THEN 'cancelled'
  WHEN g % 50 = 6 THEN 'resolved' ELSE 'posted' END"""
_REASON: Final = """CASE
  WHEN g % 1000 = 0 THEN 'OVER_REFUND' WHEN g % 1000 = 1 THEN 'MAPPING_MISSING'
  WHEN g % 5000 = 2 THEN 'REVIEW_FIRST' WHEN g % 5000 = 3 THEN 'NOT_BILLED' WHEN g % 20 = 4 THEN 'ECHO'
  WHEN g % 50 = 5 THEN 'CANCELLED_BY_PERSON' WHEN g % 50 = 6 THEN 'RESOLVED_BY_PERSON' ELSE 'POSTED' END"""

_PARTS: Final = (
    f"""
INSERT INTO order_links (id, account_id, storefront_order_id, storefront_order_name, storefront_state,
  netsuite_order_id, netsuite_order_type, netsuite_state, billed_type, billed_id, created_at, updated_at)
SELECT g, {_ACCOUNT}, CAST(4500000000 + g AS text), '#' || (1000 + g), 'open', CAST(100000 + g AS text),
  'salesorder', 'open', 'invoice', CAST(200000 + g AS text), {_AT}, {_AT} {_SERIES}
""",
    f"""
INSERT INTO refunds (id, account_id, origin, source_refund_id, key, direction, transaction_type,
  order_link_id, storefront_order_id, storefront_order_name, amount_minor, currency, currency_exponent,
  money_state, source_facts, occurred_at, received_at, state, reason, detail, target_type, target_id,
  posted_at, write_began, reviewed, tries, waiting_for, lease_token, trace_id, created_at, updated_at)
SELECT g, {_ACCOUNT}, CASE WHEN g % 20 = 9 THEN 'netsuite' ELSE 'shopify' END,
  CAST(9000000000 + g AS text), 'rs-shop-' || g, 'to_netsuite',
  CASE WHEN g % 3 = 0 THEN 'cash_refund' ELSE 'credit_memo' END, g, CAST(4500000000 + g AS text),
  '#' || (1000 + g), (CAST(g AS bigint) * 7919) % 50000 + 100, 'USD', 2, 'moved',
  json_build_object('payments', json_build_array()),
  {_AT}, {_AT}, {_STATE}, {_REASON}, repeat('x', 100), 'creditmemo', CAST(300000 + g AS text),
  CASE WHEN {_STATE} = 'posted' THEN {_AT} + interval '3 seconds' END, true, false, 0, '', 1,
  md5(CAST(g AS text)), {_AT}, {_AT} {_SERIES}
""",
    f"""
INSERT INTO refund_lines (refund_id, position, kind, sku, title, quantity, net_minor, tax_minor, restock,
  source_line_id, mapped)
SELECT g, p, 'item', 'LAMP', 'Reading lamp, brass', '1', 1999, 160, true, CAST(g AS text), 'order line'
{_SERIES} CROSS JOIN generate_series(1, 2) p
""",
    f"""
INSERT INTO attempts (refund_id, lease_token, started_at, ended_at, outcome, reason, detail, calls)
SELECT g, 1, {_AT}, {_AT}, 'post', 'POSTED', '',
  json_build_array(json_build_object('method', 'POST', 'url', '/record', 'status', 204, 'ms', 900,
    'request_id', '', 'request', repeat('x', 400), 'response', '')) {_SERIES}
""",
    f"""
INSERT INTO audit_entries (at, actor, action, subject, subject_id, from_state, to_state, reason, note,
  trace_id)
SELECT {_AT}, CASE WHEN g % 50 = 5 THEN 'user:ann@example.com' ELSE 'worker' END,
  CASE WHEN a = 3 AND g % 50 = 5 THEN 'cancel' WHEN a = 3 THEN 'post' WHEN a = 2 THEN 'claim'
  ELSE 'record' END, 'refund', g, 'scheduled', 'posting', 'POSTED', '', md5(CAST(g AS text))
{_SERIES} CROSS JOIN generate_series(1, 3) a
""",
    f"""
INSERT INTO deliveries (source, netsuite_account_id, account_id, topic, delivery_key, headers, body, events,
  order_ref, person_ref, state, reason, detail, trace_id, received_at, processed_at, attempts, lease_token)
SELECT 'shopify', 1, {_ACCOUNT}, CASE WHEN g % 1000 = 8 THEN 'orders/delete' ELSE 'refunds/create' END,
  'key-' || g, json_build_object('X-Shopify-Topic', 'refunds/create'), convert_to(repeat('x', 1000), 'UTF8'),
  json_build_array(json_build_object('event', 'refund_seen', 'more', repeat('x', 400))),
  CAST(4500000000 + g AS text), '',
  CASE WHEN g % 10000 = 0 THEN 'quarantined' WHEN g % 20000 = 1 THEN 'failed' ELSE 'processed' END,
  CASE WHEN g % 10000 = 0 THEN 'NOT_OF_SCHEMA' ELSE '' END, '', md5(CAST(g AS text)), {_AT}, {_AT}, 1, 1
{_SERIES}
""",
    f"""
INSERT INTO run_items (run_id, identity, finding, order_id, order_name, occurred_at, currency,
  currency_exponent, storefront_refund_id, storefront_minor, netsuite_type, netsuite_id, netsuite_number,
  netsuite_currency, netsuite_exponent, netsuite_minor, refund_id, note, facts)
SELECT 1, 'refund-' || g, CASE WHEN g % 5000 = 0 THEN 'amount_differs' ELSE 'matched' END,
  CAST(4500000000 + g AS text), '#' || (1000 + g), {_AT}, 'USD', 2, CAST(9000000000 + g AS text), 1999,
  'creditmemo', CAST(300000 + g AS text), 'CM' || g, 'USD', 2, 1999, g, '', json_build_object()
{_SERIES}
""",
    f"""
INSERT INTO alerts (kind, subject, subject_id, account_id, what, reason, detail, trace_id, raised_at,
  cleared_at, cleared_by, is_shared)
SELECT 'error', 'refund', g, 1, 'refund ' || g, 'MAPPING_MISSING', '', md5(CAST(g AS text)), {_AT}, {_AT},
  'retry', true {_SERIES} WHERE g % 1000 = 1
""",
)

_RUN: Final = """
INSERT INTO runs (id, kind, source, account_id, since, until, done_until, reaches_to, stride, state, found,
  taken, totals, tries, reason, detail, actor, trace_id, created_at, lease_token)
VALUES (1, 'reconcile', 'shopify', 1, now() - interval '1 year', now(), now(), now(), 86400, 'running',
  0, 0, '[]', 0, '', '', 'user:ann@example.com', md5('1'), now(), 0)
ON CONFLICT (id) DO UPDATE SET state = 'running'
"""


def grow(database: Database, first: int, last: int) -> None:
    """Add refunds, numbered from `first` to below `last`, with all that belongs to them.

    Args:
        database: On PostgreSQL, with the accounts 1 and 2.
        first: The number of the first one.
        last: How many there will be in all; the last of them was made just now.
    """
    with database.write() as session:
        session.execute(text(_RUN))
    for start in range(first, last, _STEP):
        numbers = {"first": start, "last": min(start + _STEP, last), "size": last}
        with database.write() as session:
            for part in _PARTS:
                known = {name: value for name, value in numbers.items() if f":{name}" in part}
                session.execute(text(part), known)
    with database.write() as session:
        runs.end(session, runs.get(session, 1), RunState.DONE, now=utcnow())
    flow.keep(database, now=utcnow())  # as the scheduler does
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in ("order_links", "refunds", "runs"):
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last + 1})"))
        connection.execute(text("VACUUM ANALYZE"))
