"""`docs/guarantees.md`: every guarantee has a test named after it, and every test that is named exists."""

from typing import Final

import pytest

from tests.support.documents import ROOT, defined_in, document, named, names_only_tests, rows

_TEXT: Final = document("guarantees.md")
_GUARANTEES: Final = tuple(f"G{number}" for number in range(1, 20))
_ROWS: Final = {number: (promise, how, shown) for number, promise, how, shown in rows(_TEXT)}


def _prefix(guarantee: str) -> str:
    return f"test_g{int(guarantee[1:]):02}_"


def test_every_guarantee_has_one_row() -> None:
    assert tuple(number for number, *_ in rows(_TEXT)) == _GUARANTEES


@pytest.mark.parametrize("guarantee", _GUARANTEES)
def test_every_guarantee_says_what_it_is_and_how_it_is_kept_and_names_a_test_after_itself(
    guarantee: str,
) -> None:
    promise, how, shown = _ROWS[guarantee]
    assert promise
    assert how
    assert names_only_tests(shown)
    assert any(name.startswith(_prefix(guarantee)) for _, name in named(shown))


@pytest.mark.parametrize(("path", "name"), sorted(set(named(_TEXT))))
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    assert name in defined_in(path)


def test_every_test_named_after_a_guarantee_is_in_its_row() -> None:
    here = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / "tests" / "guarantees").glob("test_*.py")
        for name in defined_in(path.relative_to(ROOT).as_posix())
        if name.startswith("test_")
    }
    told = {
        each
        for guarantee in _GUARANTEES
        for each in named(_ROWS[guarantee][2])
        if each[1].startswith(_prefix(guarantee))
    }
    assert told == here
