"""G1: a delivery is answered with 200 only once it is committed to disk."""

import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from sqlalchemy import text

from ledger.states import State
from tests.cli.processes import eventually
from tests.guarantees.house import LONGEST, ON_POSTGRESQL, ON_SQLITE, House


def post(url: str, told: Mapping[str, Any]) -> int | None:
    """Deliver as the shop does; return the status, None where there was no answer."""
    try:
        return requests.post(
            f"{url}/webhooks/shopify/shop",
            told["body"].encode(),
            headers=told["headers"],
            timeout=LONGEST,
        ).status_code
    except requests.ConnectionError:
        return None


@pytest.fixture
def webhooks(house: House) -> dict[str, dict[str, Any]]:
    """What the shop tells of one refund, by topic."""
    return {each["topic"]: each for each in house.unheard()}


def is_posted_once(house: House, webhooks: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether the refund is carried when the rest is told, too."""
    assert {house.hear(each).status_code for each in webhooks.values()} == {200}
    house.settle()
    assert len(house.deliveries()) == len(webhooks)
    assert [refund.state for refund in house.world.refunds()] == [State.POSTED]
    return house.books.writes() == {"creditMemo": 1}


@ON_POSTGRESQL
def test_g01_killed_before_the_commit_nothing_was_answered_and_the_repetition_brings_it(
    house: House, webhooks: dict[str, dict[str, Any]]
) -> None:
    with house.family() as processes, ThreadPoolExecutor(1) as shop:
        _, url = house.start_web(processes)
        with house.world.database.write() as session:
            session.execute(text("LOCK TABLE deliveries IN SHARE MODE"))
            answered = shop.submit(post, url, webhooks["refunds/create"])
            eventually(house.waits_for_a_lock)
            processes.end()
            assert answered.result(LONGEST) is None
    assert is_posted_once(house, webhooks)


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A Redis that takes connections and says nothing: whoever speaks to it stands still."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LONGEST)
        yield listener


@ON_SQLITE
def test_g01_killed_between_commit_and_answer_it_is_there_and_the_repetition_a_duplicate(
    house: House, webhooks: dict[str, dict[str, Any]], silent: socket.socket
) -> None:
    told = webhooks["refunds/create"]
    redis = f"redis://127.0.0.1:{silent.getsockname()[1]}"
    with house.family(REDIS_URL=redis) as processes, ThreadPoolExecutor(1) as shop:
        _, url = house.start_web(processes)
        answered = shop.submit(post, url, told)
        with silent.accept()[0]:  # a worker is being woken, which happens between commit and answer
            processes.end()
        assert answered.result(LONGEST) is None
    (delivery,) = house.deliveries()
    assert delivery.body == told["body"].encode()
    assert house.hear(told).json() == {"outcome": "duplicate"}
    assert is_posted_once(house, webhooks)
