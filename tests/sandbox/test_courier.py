"""Webhook delivery as every platform needs it, over real HTTP to a receiver that misbehaves."""

from datetime import datetime

import pytest

from sandbox.clock import Clock
from sandbox.gateway import Settings
from sandbox.webhooks import Courier, Delivery, DeliveryState, Headers
from tests.sandbox.helpers import Receiver
from tests.support.waiting import until


def delivery(url: str, **more: object) -> Delivery:
    def sign(now: datetime) -> Headers:
        return {"X-Time": now.isoformat(), "X-Event": "e"}

    fields: dict[str, object] = {"delays": (1.0, 1.0), "sign": sign, "topic": "t", "body": b"{}"} | more
    return Delivery(id="d", platform="p", tenant="t", url=url, **fields)  # type: ignore[arg-type]  # of the table


@pytest.fixture
def settings() -> Settings:
    return Settings(retry_scale=0.01)


@pytest.fixture
def courier(settings: Settings) -> object:
    courier = Courier(Clock(), settings)
    yield courier
    courier.stop()


def test_a_delivery_arrives_with_its_bytes_and_headers(courier: Courier, receiver: Receiver) -> None:
    sent = delivery(receiver.url, body=b'{"id":820982911946154509}')
    courier.send([sent])
    (got,) = receiver.wait(1)
    assert (got.body, got.headers["X-Event"]) == (b'{"id":820982911946154509}', "e")
    until(lambda: sent.state is DeliveryState.DELIVERED)
    assert courier.pending() == 0


@pytest.mark.parametrize("failure", [301, 404, 500])
def test_only_2xx_is_success_and_every_attempt_is_signed_anew(
    courier: Courier, receiver: Receiver, failure: int
) -> None:
    receiver.statuses = [failure, 204]
    sent = delivery(receiver.url)
    courier.send([sent])
    first, second = receiver.wait(2)
    assert first.path == second.path
    assert first.headers["X-Time"] < second.headers["X-Time"]
    until(lambda: sent.state is DeliveryState.DELIVERED)
    assert [attempt["status"] for attempt in sent.attempts] == [failure, 204]


def test_after_the_last_attempt_it_is_given_up(courier: Courier, receiver: Receiver) -> None:
    receiver.statuses = [500] * 3
    given_up: list[bool] = []
    sent = delivery(receiver.url, on_give_up=lambda: given_up.append(True))
    courier.send([sent])
    until(lambda: given_up)
    assert len(sent.attempts) == 3
    assert (sent.state, courier.pending()) == (DeliveryState.GIVEN_UP, 0)


def test_a_receiver_that_is_not_there_counts_as_a_failed_attempt(courier: Courier) -> None:
    sent = delivery("http://127.0.0.1:9/", delays=())
    courier.send([sent])
    until(lambda: sent.state is DeliveryState.GIVEN_UP)
    assert [attempt["status"] for attempt in sent.attempts] == [None]


def test_waits_follow_a_change_of_the_scale(courier: Courier, receiver: Receiver, settings: Settings) -> None:
    settings.retry_scale = 1000.0
    receiver.statuses = [500]
    sent = delivery(receiver.url)
    courier.send([sent])
    until(lambda: sent.attempts)
    assert courier.pending() == 1

    def sent_again() -> bool:
        courier.hurry(0.0)
        return len(receiver.requests) == 2

    until(sent_again)


def test_what_was_delivered_by_hand_is_not_sent_again(
    courier: Courier, receiver: Receiver, settings: Settings
) -> None:
    settings.retry_scale = 1000.0
    receiver.statuses = [500]
    sent = delivery(receiver.url)
    courier.send([sent])
    until(lambda: sent.attempts)
    assert courier.attempt(sent) == 200
    courier.hurry(0.0)
    courier.send([delivery(receiver.url, body=b"last")])
    assert [each.body for each in receiver.wait(3)] == [b"{}", b"{}", b"last"]


def test_headers_can_be_left_away_by_name(courier: Courier, receiver: Receiver) -> None:
    courier.attempt(delivery(receiver.url), frozenset({"x-event"}))
    assert "X-Event" not in receiver.wait(1)[0].headers


def test_clearing_forgets_what_is_waiting(courier: Courier, receiver: Receiver, settings: Settings) -> None:
    settings.retry_scale = 1000.0
    receiver.statuses = [500]
    sent = delivery(receiver.url)
    courier.send([sent])
    until(lambda: sent.attempts)
    courier.clear()
    assert courier.find("p", "t") == []
    assert courier.pending() == 0
    assert sent.state is DeliveryState.GIVEN_UP


def test_a_stopped_courier_takes_nothing_more(settings: Settings, receiver: Receiver) -> None:
    courier = Courier(Clock(), settings)
    courier.stop()
    courier.send([delivery(receiver.url)])
    assert courier.pending() == 0
    assert receiver.requests == []
