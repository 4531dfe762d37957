"""How often a token may ask."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis

from ledger import installation
from ledger.database import Database
from ledger.models import Account, Role
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.webhooks.api.conftest import Api, make_token
from webhooks.api.limits import WINDOW, Limiter, Standing
from webhooks.app import create_app


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    """A connection to a real, empty Valkey."""
    with Redis.from_url(valkey_url) as client:
        yield client


class Clock:
    """Tells the time it was set to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_requests_are_counted_by_token_and_window(redis: Redis) -> None:
    clock = Clock()
    clock.now -= clock.now % WINDOW
    limiter = Limiter(redis, clock=clock)
    clock.now += 20
    used = [limiter.count(token, 2) for token in (1, 1, 2, 1)]
    assert used == [Standing(2, 1, 40), Standing(2, 2, 40), Standing(2, 1, 40), Standing(2, 3, 40)]
    assert [each.is_over for each in used if each] == [False, False, False, True]
    clock.now += 40
    assert limiter.count(1, 2) == Standing(2, 1, 60)


def test_processes_count_together(redis: Redis) -> None:
    clock = Clock()
    counts = [Limiter(redis, clock=clock).count(1, 9) for _ in range(3)]
    assert [each.used for each in counts if each] == [1, 2, 3]


def test_what_was_counted_is_forgotten(redis: Redis) -> None:
    Limiter(redis).count(1, 9)
    (key,) = redis.keys()
    assert 0 < redis.ttl(key) <= 2 * WINDOW


def test_while_redis_is_down_everybody_may_ask_and_it_is_left_alone_for_a_moment(redis: Redis) -> None:
    monotonic = Clock()
    nowhere = Redis(port=1, socket_connect_timeout=0.1)
    limiter = Limiter(nowhere, monotonic=monotonic)
    assert limiter.count(1, 9) is None
    nowhere.connection_pool = redis.connection_pool
    assert limiter.count(1, 9) is None
    monotonic.now += 2
    assert limiter.count(1, 9) is not None


def limit(api: Api, number: int) -> None:
    with api.database.write() as session:
        installation.store(session, "api_requests_per_minute", str(number))


def test_an_answer_tells_how_many_requests_are_left(viewer: Api) -> None:
    limit(viewer, 1000)
    left = [int(viewer.get("/refunds").headers["RateLimit-Remaining"]) for _ in range(2)]
    # The window may end in between.
    assert left in ([999, 998], [999, 999])
    headers = viewer.get("/refunds").headers
    assert headers["RateLimit-Limit"] == "1000"
    assert 1 <= int(headers["RateLimit-Reset"]) <= WINDOW


def test_one_request_too_many_is_refused_and_another_token_is_not(viewer: Api) -> None:
    limit(viewer, 1)
    answers = [viewer.get("/refunds") for _ in range(4)]
    over = [each for each in answers if each.status_code != 200]
    assert len(over) >= 2  # of four, two at least are in one window with another
    viewer.refused(over[-1], 429, "rate_limited")
    assert over[-1].headers["Retry-After"] == over[-1].headers["RateLimit-Reset"]
    assert over[-1].headers["RateLimit-Remaining"] == "0"
    viewer.token = make_token(viewer.database, Role.VIEWER, "other")
    assert viewer.get("/refunds").status_code == 200


def test_who_is_not_let_in_is_not_counted(nobody: Api) -> None:
    assert "RateLimit-Limit" not in nobody.get("/refunds").headers


def test_without_redis_requests_are_answered_and_not_counted(
    settings: Settings, database: Database, vault: Vault, tokens: dict[Role, str], shop: Account
) -> None:
    nowhere = replace(settings, redis_url="redis://127.0.0.1:1")
    app = create_app(nowhere, database=database, vault=vault)
    api = Api(app.test_client(), database, Redis(port=1), tokens[Role.OPERATOR])
    answer = api.post(f"/accounts/{shop.slug}/check")
    assert answer.status_code == 202
    assert "RateLimit-Limit" not in answer.headers
