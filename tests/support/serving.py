"""Servers that cannot outlive the tests.

A server is kept by a small process of its own, whose standard input is a pipe that only the test run holds.
However the run ends, by its last test, Ctrl-C or SIGKILL, the pipe closes, and the keeper stops the server.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[2]


@contextmanager
def serving(module: str) -> Iterator[str]:
    """Run a keeper and yield the address it says; it is gone at the end.

    Args:
        module: The keeper, such as `tests.support.keep_valkey`; it calls `keep`.

    Raises:
        RuntimeError: If the server does not start; why stands on standard error.
    """
    with subprocess.Popen(  # noqa: S603 - the module's name is a literal of a fixture
        [sys.executable, "-m", module],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that Ctrl-C reaches the tests first and their teardown finds a server
    ) as keeper:
        address = keeper.stdout.readline().strip() if keeper.stdout else ""
        if not address:
            raise RuntimeError(f"{module} did not start a server; its standard error says why")
        yield address


def keep(address: str) -> None:
    """Say where the server is, and return when the test run is over."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    sys.stdin.read()
