"""How often a ledger is asked for one refund: what a worker does for it is mostly that, so it is counted."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event

from ledger.states import State
from tests.support.ledger import make_seen
from tests.support.sandboxed import Books, Shop
from tests.support.world import World
from workers.process import process

NEW = 31
"""Of a webhook that tells of a refund, and of carrying it: claimed, read, begun, posted and counted."""

AGAIN = 5
"""Of a webhook that tells once more of one that is posted: nobody claims that refund any more."""


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Yield the list that every statement inside is added to."""
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):  # SQLite's, which PostgreSQL's driver says by itself
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_a_refund_on_its_way_asks_the_ledger_no_oftener_than_it_must(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    seen = make_seen()
    first, again = world.deliver(shop, seen), world.deliver(shop, seen)
    with counted(world.database.engine) as statements:
        process(world.runtime, first)
    assert world.only_refund().state is State.POSTED
    assert len(statements) <= NEW, statements
    with counted(world.database.engine) as statements:
        process(world.runtime, again)
    assert len(statements) <= AGAIN, statements
