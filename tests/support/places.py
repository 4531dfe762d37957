"""Where tests keep databases: in memory where the system has such a place, since nothing of them is kept."""

import os
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - directories in it are made by tempfile


def quick_place() -> Path | None:
    """Return a directory in memory for temporary directories; None where there is none."""
    return _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
