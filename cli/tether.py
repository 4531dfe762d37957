"""Tie this process to its parent: it is asked to end as soon as the parent is gone, whatever ended that.

The kernel does it, so that it holds for SIGKILL too, and it stays through `exec`: see PR_SET_PDEATHSIG in
prctl(2). Only Linux has it; elsewhere the processes of an `up` that is killed by SIGKILL have to be ended by
hand.
"""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def tether(parent: int) -> None:
    """Have SIGTERM sent to this process when `parent` ends; end at once if it is gone already.

    Raises:
        SystemExit: If the parent is gone.
        OSError: If the kernel refuses.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit(1)
