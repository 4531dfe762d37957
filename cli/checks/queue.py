"""The queue's server: Redis or Valkey, whether it answers, and whether it forgets."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from redis import Redis, RedisError

from cli.checks.finding import Finding
from cli.errors import sentence

OLDEST: Final = {"redis": (6, 2), "valkey": (7, 2)}
"""The first with BLMOVE, and what RQ needs: https://redis.io/docs/latest/commands/blmove/."""

_START: Final = "Start it, or correct REDIS_URL."


def look(redis: Redis) -> Iterator[Finding]:
    """Look at the server."""
    try:
        info = cast("Mapping[str, Any]", redis.info())
        saves = bool(info.get("aof_enabled")) or _takes_snapshots(redis)
    except RedisError as error:
        yield Finding.fail("redis", sentence(error), _START)
        return
    yield judge_version(info)
    yield judge_eviction(str(info.get("maxmemory_policy", "")))
    yield judge_persistence(info, saves=saves)


def judge_version(info: Mapping[str, Any]) -> Finding:
    """Return whether the server is new enough.

    Args:
        info: What `INFO` answers; Valkey names itself in `server_name` and `valkey_version`.
    """
    kind = "valkey" if "valkey_version" in info else "redis"
    version = str(info.get(f"{kind}_version", "0"))
    text = f"{kind.capitalize()} {version}"
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if parts < OLDEST[kind]:
        oldest = " or ".join(
            f"{name.capitalize()} {major}.{minor}" for name, (major, minor) in OLDEST.items()
        )
        return Finding.fail("redis", text, f"Use {oldest}, or newer.")
    return Finding.ok("redis", text)


def judge_eviction(policy: str) -> Finding:
    """Return whether the server would drop jobs when its memory is full."""
    if policy == "noeviction":
        return Finding.ok("eviction", policy)
    return Finding.fail(
        "eviction",
        f"maxmemory-policy is {policy or 'unknown'}, so wake-up calls are dropped when memory is full",
        "Set maxmemory-policy to noeviction.",
    )


def judge_persistence(info: Mapping[str, Any], *, saves: bool) -> Finding:
    """Return whether the queue outlives a restart of the server."""
    if info.get("aof_enabled"):
        return Finding.ok("persistence", "append-only file")
    if saves:
        return Finding.ok("persistence", "snapshots")
    return Finding.warn(
        "persistence",
        "the queue is lost when the server restarts; the scheduler then repeats every wake-up call",
        "Set appendonly to yes.",
    )


def _takes_snapshots(redis: Redis) -> bool:
    """Return whether snapshots are on; a hosted server that does not say is taken at its host's word."""
    try:
        return bool(cast("Mapping[str, str]", redis.config_get("save")).get("save"))
    except RedisError:
        return True
