"""The worker processes of every queue, as programs that somebody keeps running."""

import os
import sys
from typing import Final

from cli.supervisor import Program
from ledger.queue import QUEUES

GRACE: Final = 60.0
"""Seconds that a process has to finish what it is doing; one call to a platform may take forty."""


ALL: Final = "all"
"""Stands for every queue on the command line."""


def ours(*words: str) -> tuple[str, ...]:
    """Return how one of our own commands is run, by a process that ends with this one."""
    # Without -P, a directory called `cli` where the command is run would be taken for ours.
    return (sys.executable, "-P", "-m", "cli.main", "--tether", str(os.getpid()), *words)


def workers(each: int) -> list[Program]:
    """Return some workers for each queue."""
    return [
        Program(f"worker-{queue}-{number}", ours("worker", queue))
        for queue in QUEUES
        for number in range(1, each + 1)
    ]
