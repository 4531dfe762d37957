"""What the command says of itself."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.main import COMMANDS, main


def _commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, (*words, name))


EVERY = list(_commands(main))
CONTRACT = (
    *("up", "web", "worker", "scheduler", "sandbox", "migrate", "doctor", "suitescript"),
    *(f"netsuite {name}" for name in ("add", "list", "set")),
    *(f"account {name}" for name in ("add", "list", "set", "rotate-secret", "pause", "resume")),
    *(f"user {name}" for name in ("add", "list", "disable")),
    *(f"token {name}" for name in ("add", "revoke")),
    *(
        f"refund {name}"
        for name in ("list", "show", "retrieve", "post", "retry", "cancel", "uncancel", "resolve")
    ),
    *(f"delivery {name}" for name in ("list", "show", "replay")),
    *(f"run {name}" for name in ("list", "show", "stop")),
)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_explains_itself_with_an_example_of_its_own(words: tuple[str, ...]) -> None:
    said = CliRunner().invoke(main, [*words, "--help"])

    assert said.exit_code == 0
    assert re.search(rf"Example:\s+refund-sync {' '.join(words)}".rstrip(), said.stdout)


@pytest.mark.parametrize("words", CONTRACT)
def test_every_command_that_was_promised_is_there(words: str) -> None:
    assert tuple(words.split()) in EVERY


@pytest.mark.parametrize(
    "words", [each for each in EVERY if each and each[-1] in {"list", "show", "stop", "doctor"}], ids=" ".join
)
def test_commands_that_print_data_print_json_too(words: tuple[str, ...]) -> None:
    assert "--json" in CliRunner().invoke(main, [*words, "--help"]).stdout


def test_the_first_line_of_each_help_fits_the_list_of_commands() -> None:
    said = CliRunner().invoke(main, ["--help"], terminal_width=100).stdout

    assert not re.search(r"\w\.\.\.$", said, re.MULTILINE)


@pytest.mark.parametrize(
    "words", [["frobnicate"], ["refund", "frobnicate"], ["worker"], ["worker", "walmart"]]
)
def test_what_is_no_command_is_a_usage_error(words: list[str]) -> None:
    said = CliRunner().invoke(main, words)

    assert said.exit_code == 2
    assert "Usage:" in said.stderr


def test_the_version_is_the_packages() -> None:
    assert re.fullmatch(
        r"refund-sync, version \d+\.\d+\.\d+\n", CliRunner().invoke(main, ["--version"]).stdout
    )


def test_only_the_sandbox_and_the_demo_load_the_simulator() -> None:
    kept = [name for name in COMMANDS if name not in {"sandbox", "demo"}]
    loads = f"""
import sys, click
from cli.main import main
for name in {kept!r}: main.get_command(click.Context(main), name)
sys.exit("sandbox" in sys.modules)
"""
    root = Path(__file__).parents[2]

    assert subprocess.run([sys.executable, "-c", loads], cwd=root, check=False).returncode == 0  # noqa: S603 - our own program
