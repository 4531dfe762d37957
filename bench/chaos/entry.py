"""Starts `refund-sync web`, `worker` and `scheduler` with fault points around them, and quickly.

Everything is imported once, and each process is forked from here.

Reads orders from standard input, one JSON object a line, and answers each likewise; says which process ended
as soon as it has. What a forked process runs is the normal command, with the fault points around it.

    {"role": "worker-shopify-1", "command": ["worker", "shopify"], "env": {...}, "log": "...", "parent": true}

With `parent` a process stands in between, which can be killed alone; the process is tethered to it, as those
of `refund-sync up` are to that.
"""

import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NoReturn

from sqlalchemy.orm import configure_mappers

from bench.chaos.points import Points

_PRELOADED: Final = (
    *("cli.commands.processes", "cli.gunicorn_config", "cli.main", "workers.jobs", "webhooks.app"),
    *("gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "psycopg"),
)
_SHOWS_WITHIN: Final = "CHAOS_SHOWS_WITHIN"
_SLOW_TO_SHOW: Final = ("amazon_storefront.Amazon", "ebay_storefront.Ebay", "magento_storefront.Magento")
_STEP: Final = 0.05  # seconds between two looks for children that ended
_READ: Final = 65536


def main() -> None:
    """Take orders until standard input ends, then kill whatever still runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = Path(sys.argv[1])
    points = Points(control, "nobody")
    points.install()
    _preload()
    _say({"ready": os.getpid()})
    roles: dict[int, str] = {}
    orphaned: list[int] = []
    pending = b""
    while True:
        orphaned += _reap(roles)
        if not select.select([0], [], [], _STEP)[0]:
            continue
        read = os.read(0, _READ)
        if not read:
            break
        *lines, pending = (pending + read).split(b"\n")
        for line in lines:
            order = json.loads(line)
            pid = _fork(order, control, points)
            roles[pid] = order["role"]
            _say({"role": order["role"], "parent" if order.get("parent") else "pid": pid})
    for group in (*roles, *orphaned):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    for pid in roles:
        os.kill(pid, signal.SIGKILL)  # it may have had no time yet to make a group of its own
        os.waitpid(pid, 0)


def _preload() -> None:
    """Do once what takes long and comes out the same in every process."""
    for name in _PRELOADED:
        importlib.import_module(name)
    configure_mappers()
    schema = vars(importlib.import_module("ledger.schema"))
    schema["newest"] = functools.cache(schema["newest"])
    schema["newest"]()
    gc.freeze()  # so that no child copies what is there already


def _reap(roles: dict[int, str]) -> list[int]:
    """Say which processes ended; return those that were killed, whose children may go on."""
    killed = []
    while roles:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            break
        code = os.waitstatus_to_exitcode(status)
        if pid in roles:
            _say({"role": roles.pop(pid), "ended": pid, "code": code})
        if code < 0:
            killed.append(pid)
    return killed


def _say(said: Mapping[str, Any]) -> None:
    os.write(1, f"{json.dumps(said)}\n".encode())


def _fork(order: dict[str, Any], control: Path, points: Points) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    command = order["command"]
    if order.get("parent"):
        parent = os.getpid()
        if child := os.fork():
            _be_parent(order["role"], child)
        command = ["--tether", str(parent), *command]
    code = 1
    try:
        _become(order, command, control, points)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    finally:  # nothing of this process' own past is to be run
        if not isinstance(sys.exception(), SystemExit | None):
            sys.excepthook(*sys.exc_info())
        os._exit(code)


def _be_parent(role: str, child: int) -> NoReturn:
    """Do nothing but wait for the child, and say how it ended."""
    _say({"role": role, "pid": child})
    _, status = os.waitpid(child, 0)
    _say({"role": role, "ended": child, "code": os.waitstatus_to_exitcode(status)})
    os._exit(0)


def _become(order: dict[str, Any], command: Sequence[str], control: Path, points: Points) -> NoReturn:
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.update(order["env"])
    points.bind(control, order["role"])
    if seconds := os.environ.get(_SHOWS_WITHIN):
        _show_within(timedelta(seconds=float(seconds)))
    os.execve = _execute  # type: ignore[assignment] # gunicorn is run here, where the points are
    main_module = importlib.import_module("cli.main")
    sys.argv = ["refund-sync", *command]
    main_module.main()
    sys.exit(0)


def _show_within(time: timedelta) -> None:
    """Say how late platforms show what was written: real ones may take minutes."""
    for name in _SLOW_TO_SHOW:
        module, _, platform = name.partition(".")
        storefront = getattr(importlib.import_module(f"workers.platforms.{module}"), f"{platform}Storefront")
        storefront.shows_within = time


def _execute(_program: str, command: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Run `python -m MODULE ARGUMENTS` in this process, as `execve` would in its place."""
    os.environ.clear()
    os.environ.update(env)
    name = command[command.index("-m") + 1]
    sys.argv = [name, *command[command.index("-m") + 2 :]]
    runpy.run_module(name, run_name="__main__", alter_sys=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
