"""Of all tests of one run only those are traced by which the code has to be covered."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.covering import ENVIRONMENT, Covering, dealt

ROOT = Path(__file__).parents[1]
FILES = {
    "conftest.py": """
from tests.support.covering import Covering

def pytest_configure(config):
    config.pluginmanager.register(Covering.of(config))
""",
    "covered.py": """
def one():
    return 1

def other():
    return 2
""",
    "test_one.py": """
from covered import one

def test_one():
    assert one() == 1
""",
    "test_other.py": """
from covered import other

def test_other():
    assert other() == 2
""",
}


@pytest.mark.parametrize("traced", ["test_one.py", "test_other.py"])
def test_what_no_traced_test_runs_is_not_covered(tmp_path: Path, traced: str) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:schemathesis", "--cov=covered", "--cov-report=json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}", ENVIRONMENT: traced},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
    (found,) = json.loads((tmp_path / "coverage.json").read_text())["files"].values()
    assert found["missing_lines"] == {"test_one.py": [6], "test_other.py": [3]}[traced]


@pytest.mark.parametrize(
    ("nodeid", "covers"),
    [
        ("tests/ledger/test_money.py::test_it", True),
        ("tests/ledger/platforms/test_it.py::test_it[1]", True),
        ("tests/webhooks/test_http.py::test_it", True),
        ("tests/ledgers/test_money.py::test_it", False),
        ("tests/webhooks/test_httpd.py::test_it", False),
    ],
)
def test_a_test_is_named_by_its_file_or_its_directory(
    request: pytest.FixtureRequest, nodeid: str, *, covers: bool
) -> None:
    covering = Covering(request.config, ("tests/ledger", "tests/webhooks/test_http.py"))
    assert covering.covers(nodeid) is covers


def test_each_process_begins_with_its_part_of_the_traced_ones() -> None:
    assert dealt("abcd", "uvwxyz", 2) == [*"abuvw", *"cdxyz"]
    assert dealt("a", "vwxyz", 3) == [*"v", *"wx", *"ayz"]
