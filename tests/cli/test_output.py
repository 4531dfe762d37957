"""What is printed, whatever it is made of."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.output import plain, show_json, show_record, show_table

ANYTHING = st.text(st.characters(codec="utf-8"))


@given(ANYTHING)
def test_plain_text_is_one_line_without_control_characters(text: str) -> None:
    assert plain(text).isprintable()


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S"))))
def test_plain_text_leaves_what_can_be_seen_alone(text: str) -> None:
    assert plain(text) == text


def test_a_tables_columns_are_aligned_and_long_cells_cut(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["id", "what"], [[1, "x" * 100], [22, None]], empty="none")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ID  WHAT"
    assert lines[1] == f"1   {'x' * 59}…"
    assert lines[2] == "22"


def test_a_record_leaves_out_what_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    show_record({"a": "1", "long name": 0, "b": "", "c": None})
    show_record({})

    assert capsys.readouterr().out == "a          1\nlong name  0\n"


def test_json_keeps_every_letter(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"name": "Ærøskøbing ✓"})

    said = capsys.readouterr().out
    assert "Ærøskøbing ✓" in said
    assert json.loads(said) == {"name": "Ærøskøbing ✓"}
