"""The tables of the ledger."""

from ledger.models.accounts import Account, NetSuiteAccount, Setting
from ledger.models.base import Base
from ledger.models.deliveries import Delivery, DeliveryState
from ledger.models.people import ApiToken, PortalSession, Role, SignInTries, User
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
from ledger.models.requests import KeptAnswer, Request, RequestKind, RequestState

__all__ = [
    "Account",
    "ApiToken",
    "Attempt",
    "AuditEntry",
    "Base",
    "Delivery",
    "DeliveryState",
    "Finding",
    "KeptAnswer",
    "NetSuiteAccount",
    "OrderLink",
    "OrderState",
    "OrderTombstone",
    "Poll",
    "PortalSession",
    "Refund",
    "RefundLine",
    "Request",
    "RequestKind",
    "RequestState",
    "Role",
    "Run",
    "RunItem",
    "RunKind",
    "RunState",
    "Setting",
    "SignInTries",
    "User",
]
