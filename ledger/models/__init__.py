"""The tables of the ledger."""

from ledger.models.accounts import Account, NetSuiteAccount, Setting
from ledger.models.alerts import (
    Alert,
    AlertChannel,
    AlertMessage,
    AlertNotice,
    ChannelKind,
    News,
    Phase,
)
from ledger.models.base import Base
from ledger.models.deliveries import Delivery, DeliveryState
from ledger.models.flow import FlowSlot
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
    "Alert",
    "AlertChannel",
    "AlertMessage",
    "AlertNotice",
    "ApiToken",
    "Attempt",
    "AuditEntry",
    "Base",
    "ChannelKind",
    "Delivery",
    "DeliveryState",
    "Finding",
    "FlowSlot",
    "KeptAnswer",
    "NetSuiteAccount",
    "News",
    "OrderLink",
    "OrderState",
    "OrderTombstone",
    "Phase",
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
