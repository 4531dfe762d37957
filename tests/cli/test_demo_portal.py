"""Whoever plays the demo may look around in its portal."""

from cli.commands.demo import LOGIN, let_in
from ledger import people
from ledger.database import Database
from ledger.models import Role


def test_the_demo_lets_one_in_who_may_do_everything(database: Database) -> None:
    password = let_in(database)
    with database.read() as session:
        user = people.by_email(session, LOGIN)
    assert user is not None
    assert people.is_password(user, password)
    assert user.role is Role.ADMIN
