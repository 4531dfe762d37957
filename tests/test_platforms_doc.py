"""`docs/platforms.md`: what it says of each platform is shown by tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[1]
_TEXT: Final = (_ROOT / "docs" / "platforms.md").read_text()
_PLATFORMS: Final = ("Shopify", "Amazon", "eBay", "Magento and Adobe Commerce", "NetSuite")
_ROWS: Final = ("trigger", "read", "write", "idempotency", "signature", "quota")
_NAMED: Final = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")


def _sections() -> dict[str, dict[str, tuple[str, str]]]:
    """Return what is said and the tests that show it, by platform and row."""
    sections: dict[str, dict[str, tuple[str, str]]] = {}
    for section in _TEXT.split("\n## ")[1:]:
        name, *lines = section.splitlines()
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")
        ]
        sections[name] = {row[0]: (row[1], row[2]) for row in rows[2:]}
    return sections


@cache
def _tests_of(path: str) -> frozenset[str]:
    tree = ast.parse((_ROOT / path).read_text())
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))


def test_every_platform_has_every_row_once() -> None:
    assert {name: tuple(rows) for name, rows in _sections().items()} == dict.fromkeys(_PLATFORMS, _ROWS)


@pytest.mark.parametrize("platform", _PLATFORMS)
@pytest.mark.parametrize("row", _ROWS)
def test_every_row_names_tests_and_nothing_else(platform: str, row: str) -> None:
    said, shown = _sections()[platform][row]
    assert said
    assert _NAMED.findall(shown)
    assert _NAMED.sub("", shown).strip(", ") == ""


@pytest.mark.parametrize(("path", "name"), sorted(set(_NAMED.findall(_TEXT))))
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    assert name in _tests_of(path)
