"""Documents that name the tests which show what they say."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

_NAMED: Final = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")


def document(name: str) -> str:
    """Return the text of a document in `docs/`."""
    return (ROOT / "docs" / name).read_text()


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of a text's only table, its head left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def named(text: str) -> list[tuple[str, str]]:
    """Return the tests that a text names, as path and name."""
    return _NAMED.findall(text)


def names_only_tests(text: str) -> bool:
    """Tell whether a text names one test or several, and says nothing else."""
    return bool(named(text)) and not _NAMED.sub("", text).strip(", ")


@cache
def defined_in(path: str) -> frozenset[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))
