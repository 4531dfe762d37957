import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from ledger import log


@pytest.fixture(params=["json", "console"])
def stream(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Where a configured process writes its log; how it was configured before is put back."""
    root = logging.getLogger()
    handlers, level, words = root.handlers[:], root.level, structlog.get_config()
    written = io.StringIO()
    log.configure(request.param, stream=written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**words)


def parsed(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return what was written as JSON, an object a line."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(message: str) -> None:
    raise ConnectionError(message)


only_json = pytest.mark.parametrize("stream", ["json"], indirect=True)


@only_json
def test_an_event_is_one_line_of_json_with_its_time_level_and_logger(stream: io.StringIO) -> None:
    structlog.stdlib.get_logger("webhooks.receive").info("delivery", ms=1.5, reason="")
    (line,) = parsed(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "delivery",
        "level": "info",
        "logger": "webhooks.receive",
        "ms": 1.5,
        "reason": "",
    }


@only_json
def test_the_standard_librarys_loggers_go_the_same_way(stream: io.StringIO) -> None:
    logging.getLogger("some.library").warning("lost %s", "it", extra={"attempt": 2})
    (line,) = parsed(stream)
    assert (line["event"], line["level"], line["logger"]) == ("lost it", "warning", "some.library")
    assert line["attempt"] == 2


@pytest.mark.parametrize("native", [True, False])
def test_less_than_the_level_is_not_written(stream: io.StringIO, native: bool) -> None:  # noqa: FBT001 - a parameter of the test
    logger = structlog.stdlib.get_logger("x") if native else logging.getLogger("x")
    logger.debug("too much")
    assert stream.getvalue() == ""


@only_json
def test_what_the_process_is_about_is_on_every_line(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(trace_id="t-1"):
        structlog.stdlib.get_logger("x").info("one")
        logging.getLogger("y").info("two")
    assert [line["trace_id"] for line in parsed(stream)] == ["t-1", "t-1"]


@pytest.mark.parametrize(
    "key",
    [
        "secret",
        "webhook_secret",
        "webhook_secrets",
        "password",
        "access_token",
        "Authorization",
        "X-Shopify-Access-Token",
        "x-shopify-hmac-sha256",
        "X-NS-Signature",
        "cookie",
        "credentials",
        "private_key",
        "api-key",
    ],
)
def test_a_secret_is_never_written(stream: io.StringIO, key: str) -> None:
    logger = structlog.stdlib.get_logger("x")
    logger.info("plain", **{key: "hunter2"})
    logger.info("nested", headers={key: "hunter2"}, several=[{key: ["hunter2"]}], pair=({key: "hunter2"},))
    logging.getLogger("y").warning("foreign", extra={"headers": {key: "hunter2"}})
    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count(log.MASK) == 5


@pytest.mark.parametrize("key", ["token_count", "reason", "secretary", "delivery_key", "id"])
def test_what_only_sounds_like_a_secret_is_written(stream: io.StringIO, key: str) -> None:
    structlog.stdlib.get_logger("x").info("plain", **{key: "hunter2"})
    assert "hunter2" in stream.getvalue()


def test_an_empty_secret_is_shown_as_empty(stream: io.StringIO) -> None:
    structlog.stdlib.get_logger("x").info("plain", secret="")
    assert log.MASK not in stream.getvalue()


def test_the_password_in_an_address_is_never_written(stream: io.StringIO) -> None:
    address = "redis://app:hunter2@queue.example.com:6379/0"
    logger = structlog.stdlib.get_logger("x")
    logger.info("cannot reach %s", address, url=address, urls=[address])
    logging.getLogger("y").warning("cannot reach %s", address)
    try:
        fail(address)
    except ConnectionError:
        logger.exception("failed")
        logging.getLogger("y").exception("failed")
    assert "hunter2" not in stream.getvalue()
    assert "queue.example.com" in stream.getvalue()


def test_a_traceback_shows_the_code_and_never_the_values(stream: io.StringIO) -> None:
    hidden = "hunter" + str(2)
    try:
        fail(str(len(hidden)))
    except ConnectionError:
        structlog.stdlib.get_logger("x").exception("failed")
        logging.getLogger("y").exception("failed")
    written = stream.getvalue()
    assert written.count("Traceback (most recent call last)") == 2
    assert "hunter2" not in written


@only_json
def test_a_traceback_is_on_its_events_line(stream: io.StringIO) -> None:
    try:
        fail("no")
    except ConnectionError:
        logging.getLogger("y").exception("failed")
    (line,) = parsed(stream)
    assert line["event"] == "failed"
    assert line["exception"].endswith("ConnectionError: no")


@only_json
def test_a_value_that_json_does_not_know_is_written_as_text(stream: io.StringIO) -> None:
    structlog.stdlib.get_logger("x").info("odd", value=object)
    assert parsed(stream)[0]["value"] == "<class 'object'>"


def test_configuring_twice_writes_once(stream: io.StringIO) -> None:
    log.configure("json", stream=stream)
    structlog.stdlib.get_logger("x").info("once")
    assert stream.getvalue().count("once") == 1
