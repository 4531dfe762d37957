"""How the web process is served: gunicorn's settings, in gunicorn's own form.

https://docs.gunicorn.org/en/stable/settings.html. `refund-sync web` adds the socket and the number of
processes; `GUNICORN_CMD_ARGS` may change whatever is said here.
"""

import gc
import logging
import os
from pathlib import Path
from typing import Final, Protocol

from prometheus_client.multiprocess import mark_process_dead

from ledger import log
from ledger.settings import Settings

# Objects made before they are looked through, and how often the older ones are; https://docs.python.org/3/library/gc.html
_COLLECTED: Final = (10_000, 20, 20)
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - gunicorn opens a file without a name there

wsgi_app = "cli.web_app:create_app()"
worker_class = "gthread"
threads = 16  # most wait for one commit that all of them have together
timeout = 30  # seconds without a sign of life after which a process is replaced
graceful_timeout = 30  # seconds to finish the requests under way
keepalive = 5  # seconds a connection is kept for its next request
# A process shows that it lives by touching a file; on a busy disk that alone can take too long.
worker_tmp_dir = str(_MEMORY) if _MEMORY.is_dir() else None
errorlog = None  # see `on_starting`
control_socket_disable = True  # its place is the same for every instance on a host


class _Process(Protocol):
    pid: int


def on_starting(_arbiter: object) -> None:
    """Send gunicorn's messages the way of every other one; requests are logged by the application."""
    log.configure(Settings.from_env(os.environ).log_format)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the schema
    logging.getLogger("gunicorn.error").propagate = True


def post_worker_init(_worker: object) -> None:
    """Let the garbage collector leave alone what a process keeps as long as it lives.

    It would look through all of it again and again: what deliveries leave behind is gone without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED)


def child_exit(_arbiter: object, worker: _Process) -> None:
    """Forget the gauges of a process that ended (https://prometheus.github.io/client_python/multiprocess/)."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call] # prometheus-client annotates it in part
