from datetime import datetime

from sqlalchemy import select

from ledger import audit
from ledger.database import Database
from ledger.models import AuditEntry


def test_an_entry_holds_everything_it_was_given(database: Database, now: datetime) -> None:
    given = {
        "actor": "cli:anna",
        "from_state": "waiting",
        "to_state": "cancelled",
        "reason": "CANCELLED_BY_PERSON",
        "note": "paid in cash",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }
    with database.write() as session:
        audit.write(session, "refund", 7, "cancel", at=now, **given)
    with database.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.subject, entry.subject_id, entry.action, entry.at) == ("refund", 7, "cancel", now)
    assert {name: getattr(entry, name) for name in given} == given


def test_what_was_not_given_is_empty(database: Database, now: datetime) -> None:
    with database.write() as session:
        audit.write(session, "token", 1, "revoke", at=now, actor=audit.SYSTEM)
    with database.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.from_state, entry.to_state) == ("system", "", "")
    assert (entry.reason, entry.note, entry.trace_id) == ("", "", "")
