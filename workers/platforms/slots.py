"""A limit on what is in flight, counted over all processes and hosts that share a Redis.

NetSuite refuses calls above the account's concurrency, whoever makes them
(https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_1500275603.html).
A slot is held on a lease, so that a crashed holder's frees itself; who asks first is served first. Time is
the Redis server's, one clock for everybody.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, cast

from redis import Redis, RedisError

from workers.platforms.errors import PlatformError

_LEASE: Final = 90.0  # seconds
_PRESENCE: Final = 3.0  # seconds after which somebody who stopped asking has lost the place in the queue
_PAUSE: Final = (0.02, 0.06)  # seconds between two questions, at random so that waiters do not march in step

# KEYS: holders (member -> end of lease), queue (member -> arrival), presence (member -> last seen).
# ARGV: member, limit, lease and presence in milliseconds. Answers how many are free besides the member's own,
# or -1 if it has none.
_ASK: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local member, limit = ARGV[1], tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now - tonumber(ARGV[4]))) do
  redis.call('ZREM', KEYS[2], gone)
  redis.call('ZREM', KEYS[3], gone)
end
if not redis.call('ZSCORE', KEYS[2], member) then
  local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
  redis.call('ZADD', KEYS[2], (tonumber(last[2]) or 0) + 1, member)
end
local free = limit - redis.call('ZCARD', KEYS[1])
local granted = redis.call('ZRANK', KEYS[2], member) < free
if granted then
  redis.call('ZREM', KEYS[2], member)
  redis.call('ZREM', KEYS[3], member)
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), member)
else
  redis.call('ZADD', KEYS[3], now, member)
end
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, tonumber(ARGV[3]) + tonumber(ARGV[4]))
end
return granted and free - 1 or -1
"""
_LEAVE: Final = """
for _, key in ipairs(KEYS) do
  redis.call('ZREM', key, ARGV[1])
end
"""


class Slots:
    """A semaphore of `limit` slots under a name.

    Args:
        redis: Where the slots are counted.
        name: What is limited, such as `netsuite:1234567_SB1`.
        limit: How many may hold a slot at once.
        pause: Waits some seconds between two questions.
    """

    def __init__(
        self,
        redis: Redis,
        name: str,
        limit: int,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._limit = limit
        self._pause = pause
        # The braces keep the keys on one node of a cluster.
        self._keys = [f"refund-sync:slots:{{{name}}}:{part}" for part in ("held", "queue", "seen")]
        self._ask = redis.register_script(_ASK)
        self._leave = redis.register_script(_LEAVE)

    @contextmanager
    def slot(self, timeout: float, *, lease: float = _LEASE) -> Iterator[int]:
        """Hold a slot while the block runs; yield how many are free besides.

        Args:
            timeout: Seconds to wait for one.
            lease: Seconds it lasts if it is not given back; longer than what it is held for can take.

        Raises:
            PlatformError: `CONCURRENCY` if none came free in time; `TRANSIENT` if Redis is away, since a call
                that is not counted could be one too many.
        """
        member = secrets.token_hex(12)
        try:
            yield self._wait(member, timeout, lease)
        finally:
            with suppress(RedisError):  # the lease ends by itself
                self._leave(keys=self._keys, args=[member])

    def _wait(self, member: str, timeout: float, lease: float) -> int:
        deadline = time.monotonic() + timeout
        while (free := self._granted(member, lease)) < 0:
            if time.monotonic() >= deadline:
                raise PlatformError(
                    "CONCURRENCY", f"none of {self._limit} slots of {self._name} came free in {timeout:g} s"
                )
            self._pause(random.uniform(*_PAUSE))  # noqa: S311 - jitter, not a secret
        return free

    def _granted(self, member: str, lease: float) -> int:
        arguments = [member, str(self._limit), str(round(lease * 1000)), str(round(_PRESENCE * 1000))]
        try:
            return cast("int", self._ask(keys=self._keys, args=arguments))
        except RedisError as error:
            raise PlatformError("TRANSIENT", f"slots cannot be counted: {error}") from error
