"""The audit trail: who did what to what, when and why; written in the transaction that does it."""

from datetime import datetime

from sqlalchemy.orm import Session

from ledger.models import AuditEntry

SYSTEM = "system"
"""The actor of what the service does by itself."""


def write(
    session: Session,
    subject: str,
    subject_id: int,
    action: str,
    *,
    at: datetime,
    actor: str,
    from_state: str = "",
    to_state: str = "",
    reason: str = "",
    note: str = "",
    trace_id: str = "",
) -> None:
    """Add one entry to the trail.

    Args:
        session: The transaction that does what is recorded.
        subject: `refund`, `account`, `netsuite_account`, `delivery`, `order_link`, `user`, `token`,
            `alert_channel` or `installation`.
        subject_id: Its id.
        action: What was done: a transition's name, `pause`, `erase`, ...
        at: When, in UTC.
        actor: `system` or who did it, such as `cli:anna`.
        from_state: The state it left, where it has states.
        to_state: The state it entered.
        reason: A code of `ledger.reasons`.
        note: Free text.
        trace_id: The delivery's trace, where one stands behind it.
    """
    session.add(
        AuditEntry(
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            subject_id=subject_id,
            from_state=from_state,
            to_state=to_state,
            reason=reason,
            note=note,
            trace_id=trace_id,
        )
    )
