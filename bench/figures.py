"""Numbers of a run: medians, percentiles, the machine, and how they are printed."""

import json
import math
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = Mapping[str, str | float]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of all are not above.

    Raises:
        ValueError: If there are no values.
    """
    if not values:
        raise ValueError("there are no values")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return float(statistics.median(values))


def millis(values: Sequence[float]) -> dict[str, float]:
    """Return the percentiles that reports have, of times in milliseconds."""
    return {
        "p50_ms": round(percentile(values, 0.5), 2),
        "p99_ms": round(percentile(values, 0.99), 2),
        "p99.9_ms": round(percentile(values, 0.999), 2),
    }


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": _cpu(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 2),
    }


def _cpu() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def table(rows: Sequence[Row]) -> str:
    """Return rows as a table, the first column to the left and the others to the right."""
    if not rows:
        return ""
    names = list(rows[0])
    cells = [names, *([_cell(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    lines = (
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )
    return "\n".join(lines)


def _cell(value: str | float) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def show(name: str, *tables: Sequence[Row], **more: object) -> None:
    """Print a benchmark's tables, then everything as JSON, one line."""
    for rows in tables:
        sys.stdout.write(f"{table(rows)}\n\n")
    report = {"benchmark": name, "machine": machine(), "tables": [list(rows) for rows in tables], **more}
    sys.stdout.write(f"{json.dumps(report)}\n")
