"""Each benchmark runs through, small: what it measures is right, how fast it is does not matter here."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from bench.__main__ import main


def run(*arguments: str) -> dict[str, Any]:
    """Run a benchmark, and return its report."""
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    assert report["benchmark"] == arguments[0]
    return report


def test_intake_loses_nothing_on_either_database() -> None:
    report = run("intake", "--seconds", "0.3", "--rounds", "1", "--connections", "4")
    (rows,) = report["tables"]
    assert [row["contender"] for row in rows] == [
        "hello world",
        "tutorial",
        "refund-sync sqlite",
        "refund-sync postgresql",
    ]
    assert [row["refused"] for row in rows] == [0, 0, 0, 0]
    assert [row["lost"] for row in rows] == ["-", "-", 0, 0]
    assert all(row["per_second"] > 0 for row in rows)


def test_sync_posts_every_refund_and_never_calls_too_much() -> None:
    report = run(
        *("sync", "--refunds", "8", "--rounds", "1", "--slow-workers", "2", "--latency", "20"),
        *("--database", "sqlite"),
    )
    (slow,) = report["tables"][1]
    assert slow["too_many"] == 0
    assert slow["most_in_flight"] <= 5
    assert slow["netsuite_calls"] >= 2
    assert report["tries"] == 1


def test_latency_sees_every_refund_posted() -> None:
    report = run(
        *("latency", "--rate", "4", "--rate", "8", "--seconds", "1", "--workers", "1"),
        *("--database", "sqlite"),
    )
    (rows,) = report["tables"]
    assert [(row["asked_per_second"], row["refunds"]) for row in rows] == [(4.0, 4), (8.0, 8)]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_growth_measures_each_operation_at_each_size(database: str) -> None:
    report = run("growth", "--size", "50", "--size", "100", "--repeats", "3", "--database", database)
    sizes, (grown,) = report["tables"]
    assert [row["refunds"] for row in sizes] == ["50", "100"]
    assert set(grown) - {"last_of_first"} == set(sizes[0]) - {"refunds"}


@pytest.mark.xdist_group("processes")
def test_chaos_loses_doubles_and_garbles_nothing() -> None:
    report = run("chaos", "--refunds", "12", "--faults", "4", "--workers", "1", "--database", "sqlite")
    struck, (result,) = report["tables"]
    assert [result[name] for name in ("refunds", "faults", "lost", "doubled", "wrong")] == [12, 4, 0, 0, 0]
    assert struck[-1]["fault"] == "all"
    assert struck[-1]["struck"] == 4
