"""`refund-sync reseal`: a key is replaced, and the one before it needed no more."""

from collections.abc import Iterator
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import LargeBinary, select

from ledger import people, second_factor
from ledger.models import Account, AlertChannel, Base, NetSuiteAccount, Role, User
from ledger.secrets import Vault
from tests.cli.connecting import connect
from tests.cli.installation import Installation
from tests.support.ledger import NOW

KEY = "REFUND_SYNC_SECRET_KEY"
SIGNED = {"deliveries.body"}  # what came from outside, as it came


def furnish(installation: Installation) -> None:
    connect(installation)
    webhook = installation.file("slack.txt", "https://hooks.example.com/T0/B0/x")
    installation.run("alert", "add", "slack", "--webhook-file", webhook)
    with installation.database.write() as session:
        user = people.add_user(session, "anna@example.com", Role.ADMIN, "correct horse", now=NOW, actor="x")
        people.add_user(session, "bob@example.com", Role.VIEWER, "correct horse", now=NOW, actor="x")
        session.flush()
        second_factor.prepare(session, installation.vault, user.id)


def sealed(installation: Installation) -> Iterator[tuple[str, bytes]]:
    """Yield every column of bytes that is not empty, with its name."""
    with installation.database.read() as session:
        for table in (Account, NetSuiteAccount, AlertChannel, User):
            for row in session.scalars(select(table)):
                for column in table.__table__.columns:
                    if isinstance(column.type, LargeBinary) and getattr(row, column.name):
                        yield f"{table.__tablename__}.{column.name}", getattr(row, column.name)


def opened(installation: Installation, *keys: str) -> dict[str, Any]:
    return {name: Vault(keys).open(value) for name, value in sealed(installation)}


def test_afterwards_the_newest_key_opens_everything_alone(installation: Installation) -> None:
    old, new = installation.env[KEY] or "", Fernet.generate_key().decode()
    furnish(installation)
    before = opened(installation, old)
    installation.env[KEY] = f"{new},{old}"
    said = installation.run("reseal").stdout
    assert said.startswith(f"{len(before)} secrets are sealed with the newest key")
    assert opened(installation, new) == before
    assert installation.audit("installation") == [("reseal", f"{len(before)} secrets")]


def test_every_column_that_may_hold_a_secret_is_among_them(installation: Installation) -> None:
    furnish(installation)
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert {name for name, _ in sealed(installation)} == columns - SIGNED


def test_nothing_is_changed_where_a_key_is_missing(installation: Installation) -> None:
    furnish(installation)
    before = list(sealed(installation))
    installation.env[KEY] = Fernet.generate_key().decode()
    assert "add the key it was sealed with to REFUND_SYNC_SECRET_KEY" in installation.refused("reseal")
    assert list(sealed(installation)) == before
    assert installation.audit("installation") == []
