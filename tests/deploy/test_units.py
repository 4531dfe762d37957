"""The systemd units, and the commands of docs/deploy.md: what they start exists and takes what it gets."""

import re
import shlex
from configparser import ConfigParser
from pathlib import Path

import click
import pytest

from cli.main import main
from cli.working import ALL
from ledger.queue import QUEUES
from ledger.settings import Settings
from tests.support.documents import ROOT, document

UNITS = {path.name: path for path in sorted((ROOT / "deploy" / "systemd").iterdir())}
SERVICES = [name for name in UNITS if name.endswith(".service")]
COMMANDS = sorted(set(re.findall(r"refund-sync(?: [-a-z_0-9.@/:=…]+)+", document("deploy.md"))))
CLOSED = ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "ProtectKernelTunables")


def unit(name: str) -> ConfigParser:
    read = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment, method-assign] # systemd's names have capitals
    read.read_string(UNITS[name].read_text())
    return read


def parse(words: list[str]) -> None:
    """Let the command line read a command, without running it.

    Raises:
        click.UsageError: If it cannot.
    """
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group):
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    command.make_parser(context).parse_args(words)


def started(name: str) -> list[list[str]]:
    """Return the arguments that a unit, or each instance of it, starts `refund-sync` with."""
    program, *words = shlex.split(unit(name)["Service"]["ExecStart"])
    assert program == "/opt/refund-sync/bin/refund-sync"
    instances = QUEUES if "@" in name else ("",)
    return [[word.replace("%i", each) for word in words] for each in instances]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_unit_starts_is_a_command(name: str) -> None:
    for words in started(name):
        parse(words)


def test_the_units_start_what_the_procfile_does() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    wanted = {tuple(line.split()[2:4]) for line in lines}
    assert ("worker", ALL) in wanted  # one of every queue, each of which has a unit of its own
    wanted = (wanted - {("worker", ALL)}) | {("worker", queue) for queue in QUEUES}
    assert {
        tuple(words[: 2 if words[0] == "worker" else 1]) for name in SERVICES for words in started(name)
    } == wanted


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_may_do_no_more_than_it_has_to_and_has_time_to_end(name: str) -> None:
    service = unit(name)["Service"]
    assert all(service[each] == "yes" for each in CLOSED)
    assert (service["User"], service["ProtectSystem"]) == ("refund-sync", "strict")
    assert (service["CapabilityBoundingSet"], service["UMask"]) == ("", "0077")
    if service["Type"] != "oneshot":
        assert service["Restart"] == "always"
        assert int(service["TimeoutStopSec"]) > 30


@pytest.mark.parametrize("name", SERVICES)
def test_the_settings_in_a_unit_are_settings(name: str, tmp_path: Path) -> None:
    own = dict(each.split("=", 1) for each in unit(name)["Service"]["Environment"].split())
    assert own["REFUND_SYNC_DATA_DIR"] == unit(name)["Service"]["WorkingDirectory"]
    assert Settings.from_env({**own, "REFUND_SYNC_DATA_DIR": str(tmp_path)}).data_dir == tmp_path


def test_the_documents_commands_are_commands() -> None:
    assert len(COMMANDS) > 10
    for each in COMMANDS:
        words = [word for word in each.split()[1:] if word != "…"]
        if words[0] not in {"list", *main.list_commands(click.Context(main))}:
            continue  # the name of a unit or a path, and what follows it
        command: click.Command | None = main
        for word in words:
            if not isinstance(command, click.Group):
                break
            command = command.get_command(click.Context(command), word)
            assert command is not None, each
        options = {option for found in [command] if found for each_ in found.params for option in each_.opts}
        assert {word for word in words if word.startswith("--")} <= options, each
