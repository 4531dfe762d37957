import threading

import pytest

from workers.platforms.errors import PlatformError
from workers.platforms.tokens import Token, TokenCache


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Issuer:
    """Gives a new token each time it is asked."""

    def __init__(self, lasts: float = 3600.0) -> None:
        self.given = 0
        self._lasts = lasts

    def __call__(self) -> Token:
        self.given += 1
        return Token(f"token-{self.given}", self._lasts)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> TokenCache:
    return TokenCache(clock)


def test_a_token_is_used_until_shortly_before_it_expires(cache: TokenCache, clock: Clock) -> None:
    issuer = Issuer(3600)
    assert cache.get("a", issuer) == "token-1"
    clock.now += 3539
    assert cache.get("a", issuer) == "token-1"
    clock.now += 1
    assert cache.get("a", issuer) == "token-2"


def test_a_token_too_short_to_keep_is_used_once(cache: TokenCache) -> None:
    issuer = Issuer(30)
    assert [cache.get("a", issuer), cache.get("a", issuer)] == ["token-1", "token-2"]


def test_every_holder_has_a_token_of_its_own(cache: TokenCache) -> None:
    issuer = Issuer()
    assert [cache.get("a", issuer), cache.get("b", issuer), cache.get("a", issuer)] == [
        "token-1",
        "token-2",
        "token-1",
    ]


def test_a_refused_token_is_not_used_again(cache: TokenCache) -> None:
    issuer = Issuer()
    cache.drop("a", cache.get("a", issuer))
    assert cache.get("a", issuer) == "token-2"


def test_a_token_that_was_renewed_meanwhile_stays(cache: TokenCache) -> None:
    issuer = Issuer()
    old = cache.get("a", issuer)
    cache.drop("a", old)
    cache.get("a", issuer)
    cache.drop("a", old)
    assert cache.get("a", issuer) == "token-2"
    cache.drop("nobody", old)


def test_many_threads_fetch_one_token(cache: TokenCache) -> None:
    issuer = Issuer()
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(cache.get("a", issuer))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(got) == {"token-1"}


def test_a_token_that_is_not_given_is_asked_for_again(cache: TokenCache) -> None:
    def refuse() -> Token:
        raise PlatformError("BAD_CREDENTIALS", "no")

    with pytest.raises(PlatformError):
        cache.get("a", refuse)
    assert cache.get("a", Issuer()) == "token-1"


def test_a_token_is_not_shown() -> None:
    assert "s3cr3t" not in repr(Token("s3cr3t", 1.0))
