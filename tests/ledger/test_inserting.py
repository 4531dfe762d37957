from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from ledger.database import Database
from ledger.inserting import Inserting
from ledger.models import AuditEntry, Setting

SETTINGS = Inserting(Setting, ("key", "value"), returning=("key", "value"))
_TEXTS = ("from_state", "to_state", "reason", "note", "trace_id")
ENTRIES = Inserting(
    AuditEntry, ("at", "actor", "action", "subject", "subject_id", *_TEXTS), returning=("id",)
)


def insert(database: Database, rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    with database.write() as session:
        return [(key, value) for key, value in SETTINGS.execute(session.connection(), rows)]


def stored(database: Database) -> dict[str, str]:
    with database.read() as session:
        return {setting.key: setting.value for setting in session.scalars(select(Setting))}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8), max_size=4))
def test_the_first_of_a_key_stays_and_is_what_is_returned(
    database: Database, batches: list[list[str]]
) -> None:
    with database.write() as session:
        session.execute(delete(Setting))
    expected: dict[str, str] = {}
    for number, keys in enumerate(batches):
        rows = [{"key": key, "value": f"{number}.{place}"} for place, key in enumerate(keys)]
        new = {}
        for row in rows:
            if row["key"] not in expected:
                new[row["key"]] = expected[row["key"]] = row["value"]
        assert dict(insert(database, rows)) == new
    assert stored(database) == expected


def test_texts_are_kept_whatever_is_in_them(database: Database) -> None:
    texts = ["%s", "?", ":name", "%(name)s", "'; --", "\\", "ü€😀", ""]
    insert(database, [{"key": str(number), "value": text} for number, text in enumerate(texts)])
    assert stored(database) == {str(number): text for number, text in enumerate(texts)}


def test_values_are_kept_as_their_columns_keep_them(database: Database, now: datetime) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=-5)))
    row = {"at": elsewhere, "actor": "test", "action": "add", "subject": "account", "subject_id": 2**60}
    with database.write() as session:
        [(number,)] = ENTRIES.execute(
            session.connection(),
            [row | dict.fromkeys(_TEXTS, "")],
        )
    with database.read() as session:
        entry = session.get_one(AuditEntry, number)
    assert (entry.at, entry.actor, entry.subject_id) == (now, "test", 2**60)


def test_what_the_table_refuses_is_an_error_of_the_ledger(database: Database) -> None:
    with pytest.raises(IntegrityError):
        insert(database, [{"key": "a", "value": None}])  # type: ignore[dict-item] # what the table refuses
