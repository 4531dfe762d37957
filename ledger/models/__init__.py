"""The tables of the ledger."""

from ledger.models.accounts import Account, NetSuiteAccount, Setting
from ledger.models.base import Base
from ledger.models.deliveries import Delivery, DeliveryState
from ledger.models.people import ApiToken, Role, User
from ledger.models.reading import Finding, Poll, Run, RunItem, RunKind, RunState
from ledger.models.refunds import (
    Attempt,
    AuditEntry,
    OrderLink,
    OrderState,
    OrderTombstone,
    Refund,
    RefundLine,
)

__all__ = [
    "Account",
    "ApiToken",
    "Attempt",
    "AuditEntry",
    "Base",
    "Delivery",
    "DeliveryState",
    "Finding",
    "NetSuiteAccount",
    "OrderLink",
    "OrderState",
    "OrderTombstone",
    "Poll",
    "Refund",
    "RefundLine",
    "Role",
    "Run",
    "RunItem",
    "RunKind",
    "RunState",
    "Setting",
    "User",
]
