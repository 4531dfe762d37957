"""A limit on what is in flight, counted over all processes and hosts that share a Redis.

NetSuite refuses calls above the account's concurrency, whoever makes them
(https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_1500275603.html).
A slot is held on a lease, so that a crashed holder's frees itself; who asks first is served first, and is
told at once when a slot comes free: while a waiter only asked now and then, each slot stood empty for a
sixteenth of the time. Time is the Redis server's, one clock for everybody.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, cast

from redis import Redis, RedisError

from workers.platforms.errors import PlatformError

_LEASE: Final = 90.0  # seconds
_PRESENCE: Final = 3.0  # seconds after which somebody who stopped asking has lost the place in the queue
_PATIENCE: Final = 0.3  # seconds until a waiter asks again whom nobody told: a crashed holder tells nobody
_BRIEFLY: Final = 0.01  # seconds; none at all would be for ever

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
# KEYS: the same. ARGV: member, limit, how the names of the lists begin that waiters wait at, and for how many
# milliseconds a list stays at which nobody waits any more.
_LEAVE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, key in ipairs(KEYS) do
  redis.call('ZREM', key, ARGV[1])
end
redis.call('DEL', ARGV[3] .. ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local free = tonumber(ARGV[2]) - redis.call('ZCARD', KEYS[1])
if free > 0 then
  for _, waiting in ipairs(redis.call('ZRANGE', KEYS[2], 0, free - 1)) do
    redis.call('RPUSH', ARGV[3] .. waiting, 1)
    redis.call('PEXPIRE', ARGV[3] .. waiting, tonumber(ARGV[4]))
  end
end
"""


class Slots:
    """A semaphore of `limit` slots under a name.

    Args:
        redis: Where the slots are counted.
        name: What is limited, such as `netsuite:1234567_SB1`.
        limit: How many may hold a slot at once.
    """

    def __init__(self, redis: Redis, name: str, limit: int) -> None:
        self._redis = redis
        self._name = name
        self._limit = limit
        # The braces keep the keys on one node of a cluster.
        self._keys = [f"refund-sync:slots:{{{name}}}:{part}" for part in ("held", "queue", "seen")]
        self._told = f"refund-sync:slots:{{{name}}}:told:"
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
                waits = str(round(_PRESENCE * 1000))
                self._leave(keys=self._keys, args=[member, str(self._limit), self._told, waits])

    def _wait(self, member: str, timeout: float, lease: float) -> int:
        deadline = time.monotonic() + timeout
        while (free := self._granted(member, lease)) < 0:
            left = deadline - time.monotonic()
            if left <= 0:
                raise PlatformError(
                    "CONCURRENCY", f"none of {self._limit} slots of {self._name} came free in {timeout:g} s"
                )
            self._listen(member, min(left, _PATIENCE))
        return free

    def _listen(self, member: str, seconds: float) -> None:
        """Wait until somebody who left says that it may be this one's turn, or for so long."""
        try:
            self._redis.blpop([self._told + member], timeout=max(seconds, _BRIEFLY))
        except RedisError as error:
            raise _uncounted(error) from error

    def _granted(self, member: str, lease: float) -> int:
        arguments = [member, str(self._limit), str(round(lease * 1000)), str(round(_PRESENCE * 1000))]
        try:
            return cast("int", self._ask(keys=self._keys, args=arguments))
        except RedisError as error:
            raise _uncounted(error) from error


def _uncounted(error: RedisError) -> PlatformError:
    return PlatformError("TRANSIENT", f"slots cannot be counted: {error}")
