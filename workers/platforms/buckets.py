"""Buckets of calls that all processes and hosts which share a Redis draw from, as platforms count them.

Time is the Redis server's, one clock for everybody. While Redis is away nobody is kept from calling: each
process then goes on with what it knew last, and the platform itself still counts.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

from redis import Redis, RedisError

from ledger.respite import Respite

_SILENCE: Final = 5.0  # seconds without another question after Redis was found away
_MARGIN: Final = 60.0  # seconds that a bucket is kept after it is full, as one is that nobody knows

# KEYS: the bucket (what is left in it, and when that was). ARGV: what is done, its rate in calls a second,
# its burst, what is left where nobody has drawn yet, and in seconds the longest wait that is waited for and
# the margin. Answers the wait in seconds, as it was before anything was taken, and what is left.
_DRAW: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(ARGV[4])
if kept[1] and kept[2] then
  left = tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * rate
end
left = math.min(burst, left)
if ARGV[1] == 'empty' then
  left = math.min(left, 0)
end
local wait = math.max(0, (1 - left) / rate)
if ARGV[1] == 'take' and wait <= tonumber(ARGV[5]) then
  left = left - 1
end
redis.call('HSET', KEYS[1], 'left', string.format('%.6f', left), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(((burst - left) / rate + tonumber(ARGV[6])) * 1000))
return {string.format('%.6f', wait), string.format('%.6f', left)}
"""


class Draw(StrEnum):
    """What is done with a bucket."""

    LOOK = "look"
    TAKE = "take"  # a call, unless it had to be waited for too long
    EMPTY = "empty"  # the platform says that there is none left


@dataclass(frozen=True, slots=True)
class Level:
    """How a bucket stands.

    Attributes:
        wait: Seconds until there is a call to make, as of before one was taken.
        left: Calls that are left; below zero where some were taken that are still waited for.
    """

    wait: float
    left: float


class Buckets:
    """The buckets of an installation; safe to share between threads.

    Args:
        redis: Where they are.
        clock: Monotonic time in seconds.
    """

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._draw = redis.register_script(_DRAW)
        self._respite = Respite(_SILENCE, clock=clock)

    def draw(
        self, name: str, what: Draw, *, rate: float, burst: float, believed: float, longest: float
    ) -> Level | None:
        """Do something with a bucket and return how it stands; None while Redis is away.

        Args:
            name: The bucket's.
            what: What is done.
            rate: Calls that come back each second.
            burst: Most calls that can be saved up.
            believed: What is left where nobody has drawn yet.
            longest: Seconds that a call would be waited for; it is not taken where it is more.
        """
        if self._respite.lasts:
            return None
        arguments = [what.value, *(repr(float(each)) for each in (rate, burst, believed, longest, _MARGIN))]
        try:
            found = cast("list[bytes]", self._draw(keys=[f"refund-sync:bucket:{name}"], args=arguments))
        except RedisError:
            self._respite.begin()
            return None
        wait, left = (float(each) for each in found)
        return Level(wait, left)
