"""G18: a process that is told to end finishes what it is doing, and loses nothing."""

import socket

import requests
from rq import Worker
from sqlalchemy import text

from ledger.states import State
from tests.cli.processes import ended, eventually
from tests.guarantees.house import LONGEST, ON_POSTGRESQL, ON_SQLITE, House
from tests.webhooks.platforms import encoded, refund, shopify_headers


def takes_requests(url: str) -> bool:
    """Return whether anybody answers a new connection, within a moment."""
    try:
        return requests.get(f"{url}/healthz", timeout=0.5).ok
    except requests.RequestException:
        return False


@ON_SQLITE
def test_g18_a_web_process_answers_the_request_it_has_begun_and_takes_no_other(house: House) -> None:
    body = encoded(refund())
    headers = shopify_headers("refunds/create", body, {"shop_domain": house.shop.tenant})
    lines = {"Host": "localhost", "Content-Length": str(len(body)), "Expect": "100-continue", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with house.family() as processes:
        web, url = house.start_web(processes)
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as shop:
            shop.sendall(f"POST /webhooks/shopify/shop HTTP/1.1\r\n{head}\r\n".encode())
            assert shop.recv(65536).startswith(b"HTTP/1.1 100 ")  # it has begun
            web.terminate()
            eventually(lambda: not takes_requests(url))
            shop.sendall(body)
            assert shop.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert ended(web) == 0
    assert [each.body for each in house.deliveries()] == [body]


def is_told_to_end(house: House) -> bool:
    """Return whether a worker has heard that it is to end."""
    redis = house.world.runtime.redis
    workers = Worker.all(connection=redis)
    return any(redis.hexists(worker.key, "shutdown_requested_date") for worker in workers)


@ON_POSTGRESQL
def test_g18_a_worker_in_the_middle_of_a_call_finishes_its_refund_and_leaves_the_rest(house: House) -> None:
    house.refund()
    house.books.fault("record:transform", "latency", seconds=LONGEST)
    with house.family() as processes:
        worker = processes.start("worker", "shopify")
        eventually(lambda: house.books.in_flight() == 1)
        house.refund()  # what comes now is for somebody else
        worker.terminate()
        eventually(lambda: is_told_to_end(house))
        house.shop.control.delete("faults")  # the answer comes
        assert ended(worker) == 0
    (refund,) = house.world.refunds()
    (memo,) = house.books.records("creditMemo")
    assert (refund.state, refund.target_id, refund.lease_until) == (State.POSTED, str(memo["id"]), None)
    assert [attempt.outcome for attempt in house.world.attempts(refund.id)] == ["post"]
    house.work()
    assert [each.state for each in house.world.refunds()] == [State.POSTED] * 2
    assert house.books.writes() == {"creditMemo": 2}


@ON_POSTGRESQL
def test_g18_a_scheduler_in_the_middle_of_a_sweep_wakes_what_it_has_taken(house: House) -> None:
    house.refund()
    redis = house.world.runtime.redis
    redis.flushall()
    house.later()
    with house.family() as processes:
        with house.world.database.write() as session:
            session.execute(text("LOCK TABLE deliveries IN SHARE MODE"))
            scheduler = processes.start("scheduler")
            eventually(house.waits_for_a_lock)
            scheduler.terminate()
        assert ended(scheduler) == 0
    assert redis.llen("rq:queue:shopify") == len([each for each in house.deliveries() if each.due_at])
    house.work()
    assert [each.state for each in house.world.refunds()] == [State.POSTED]
