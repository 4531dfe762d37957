"""The ledger's rows as JSON values: what `--json` prints, the API answers and the portal shows.

Money is `{"amount": "12.34", "currency": "USD"}`; times are RFC 3339 in UTC, null where there is none.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ledger.models import (
    Account,
    ApiToken,
    Attempt,
    AuditEntry,
    Delivery,
    NetSuiteAccount,
    OrderLink,
    Refund,
    RefundLine,
    User,
)
from ledger.money import Money

View = dict[str, Any]
"""A JSON object."""


def moment(value: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC to the second; None for none."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def refund_view(refund: Refund) -> View:
    """Return what a list says of a refund."""
    return {
        "id": refund.id,
        "account": refund.account.slug,
        "source_channel": refund.origin,
        "source_refund_id": refund.source_refund_id,
        "order": refund.storefront_order_name or refund.storefront_order_id,
        "order_id": refund.storefront_order_id,
        "direction": refund.direction.value,
        "transaction_type": refund.transaction_type,
        "amount": refund.amount.to_json(),
        "state": refund.state.value,
        "reason": refund.reason,
        "detail": refund.detail,
        "target_type": refund.target_type,
        "target_id": refund.target_id,
        "occurred_at": moment(refund.occurred_at),
        "received_at": moment(refund.received_at),
        "posted_at": moment(refund.posted_at),
        "due_at": moment(refund.due_at),
    }


def refund_facts(refund: Refund) -> View:
    """Return what else there is to know of one refund, without what has rows of its own."""
    return {
        "key": refund.key,
        "money_state": refund.money_state,
        "write_began": refund.write_began,
        "reviewed": refund.reviewed,
        "tries": refund.tries,
        "waiting_for": refund.waiting_for,
        "deadline_at": moment(refund.deadline_at),
        "trace_id": refund.trace_id,
    }


def line_view(refund: Refund, line: RefundLine) -> View:
    """Return one part of a refund."""
    return {
        "kind": line.kind,
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "net": _money(line.net_minor, refund),
        "tax": _money(line.tax_minor, refund),
        "restock": line.restock,
        "mapped": line.mapped,
    }


def _money(minor: int, refund: Refund) -> dict[str, str]:
    return Money.from_minor(minor, refund.currency, refund.currency_exponent).to_json()


def link_view(link: OrderLink | None) -> View | None:
    """Return what is known of an order on both sides; None for no order."""
    if link is None:
        return None
    return {
        "storefront_id": link.storefront_order_id,
        "storefront_name": link.storefront_order_name,
        "storefront_state": link.storefront_state.value,
        "netsuite_id": link.netsuite_order_id,
        "netsuite_type": link.netsuite_order_type,
        "netsuite_state": link.netsuite_state.value,
        "billed_type": link.billed_type,
        "billed_id": link.billed_id,
    }


def attempt_view(attempt: Attempt) -> View:
    """Return one try at carrying a refund across."""
    return {
        "started_at": moment(attempt.started_at),
        "ended_at": moment(attempt.ended_at),
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "detail": attempt.detail,
        "calls": attempt.calls,
    }


def audit_view(entry: AuditEntry) -> View:
    """Return one thing that happened."""
    return {
        "at": moment(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "from_state": entry.from_state,
        "to_state": entry.to_state,
        "reason": entry.reason,
        "note": entry.note,
    }


def delivery_view(delivery: Delivery, account: str) -> View:
    """Return what a list says of a delivery.

    Args:
        delivery: The delivery.
        account: The name of the account it came to.
    """
    return {
        "id": delivery.id,
        "source": delivery.source,
        "account": account,
        "topic": delivery.topic,
        "delivery_key": delivery.delivery_key,
        "state": delivery.state.value,
        "reason": delivery.reason,
        "detail": delivery.detail,
        "order_ref": delivery.order_ref,
        "received_at": moment(delivery.received_at),
        "processed_at": moment(delivery.processed_at),
        "attempts": delivery.attempts,
        "bytes": delivery.size,
        "trace_id": delivery.trace_id,
    }


def account_view(account: Account, *, under_way: Mapping[int, int]) -> View:
    """Return a storefront account.

    Args:
        account: The account.
        under_way: How many refunds of each account are under way.
    """
    return {
        "slug": account.slug,
        "platform": account.platform.value,
        "storefront": account.storefront_id,
        "netsuite": account.netsuite.slug,
        "direction": account.direction.value,
        "sync": "on" if account.sync_enabled else "off",
        "paused": account.paused_reason,
        "paused_detail": account.paused_detail,
        "under_way": under_way.get(account.id, 0),
        "settings": account.settings,
        "api_url": account.api_url,
        "created_at": moment(account.created_at),
    }


def netsuite_view(account: NetSuiteAccount) -> View:
    """Return a NetSuite account."""
    return {
        "slug": account.slug,
        "account_id": account.account_id,
        "concurrency": account.concurrency,
        "paused": account.paused_reason,
        "paused_detail": account.paused_detail,
        "api_url": account.api_url,
        "created_at": moment(account.created_at),
    }


def user_view(user: User) -> View:
    """Return a person who may, or might once, sign in."""
    return {
        "email": user.email,
        "role": user.role.value,
        "created_at": moment(user.created_at),
        "disabled_at": moment(user.disabled_at),
    }


def token_view(token: ApiToken) -> View:
    """Return a token of the API, without its text, which nobody has but its holder."""
    return {
        "name": token.name,
        "role": token.role.value,
        "created_at": moment(token.created_at),
        "expires_at": moment(token.expires_at),
        "revoked_at": moment(token.revoked_at),
    }
