"""What commands print: tables and records for people, JSON for programs."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import click

Cell = str | int | None
"""What a table's cell may be."""

_GAP: Final = "  "
_WIDEST_CELL: Final = 60  # characters


def json_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--json`, as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def example(*lines: str) -> str:
    """Return a command's epilog that shows how it is called."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def show_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, empty: str) -> None:
    """Print rows under their headers, or a sentence if there are none."""
    cells = [[_cut(plain(cell)) for cell in row] for row in rows]
    if not cells:
        click.echo(empty)
        return
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    for row in [[header.upper() for header in headers], *cells]:
        line = _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def show_record(fields: Mapping[str, Cell]) -> None:
    """Print names and values, one a line; what is empty is left out."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        if value not in {"", None}:
            click.echo(f"{name.ljust(width)}{_GAP}{plain(value)}")


def show_heading(text: str) -> None:
    """Print the heading of a part."""
    click.echo(f"\n{text}")


def plain(value: Cell) -> str:
    """Return a cell's text with whatever could move a terminal's cursor made visible.

    Titles and messages come from storefronts, so anybody may have written them.
    """
    text = "" if value is None else str(value)
    return "".join(character if character.isprintable() else _visible(character) for character in text)


def _visible(character: str) -> str:
    return " " if character in "\n\r\t" else f"\\x{ord(character):02x}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST_CELL else f"{text[: _WIDEST_CELL - 1]}…"
