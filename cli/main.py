"""The `refund-sync` command itself: its name, its help, and where each of its commands is.

A command's module is loaded when the command is asked for, so that `refund-sync worker` loads no simulator.
To add a command, add a line to `COMMANDS`.
"""

import importlib
import logging
import os
from typing import Final

import click

from cli.context import App
from cli.tether import tether
from ledger import log

COMMANDS: Final = {
    "demo": "cli.commands.demo:demo",
    "up": "cli.commands.up:up",
    "web": "cli.commands.processes:web",
    "worker": "cli.commands.processes:worker",
    "scheduler": "cli.commands.processes:scheduler",
    "migrate": "cli.commands.processes:migrate",
    "doctor": "cli.commands.doctor:doctor",
    "reseal": "cli.commands.reseal:reseal",
    "restored": "cli.commands.restored:restored",
    "netsuite": "cli.commands.netsuite:netsuite",
    "account": "cli.commands.account:account",
    "user": "cli.commands.user:user",
    "token": "cli.commands.token:token",
    "alert": "cli.commands.alert:alert",
    "setting": "cli.commands.setting:setting",
    "refund": "cli.commands.refund:refund",
    "delivery": "cli.commands.delivery:delivery",
    "backfill": "cli.commands.backfill:backfill",
    "reconcile": "cli.commands.reconcile:reconcile",
    "run": "cli.commands.run:run",
    "suitescript": "cli.commands.suitescript:suitescript",
    "sandbox": "cli.commands.sandbox:sandbox",
}
"""Every command, in the order of the help: its name, and its module and object."""


class Commands(click.Group):
    """The commands; a foreseeable failure of any ends in one plain sentence and exit code 1."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]} is no command")
        return command

    def invoke(self, ctx: click.Context) -> None:
        """Run the command.

        Raises:
            click.ClickException: With a sentence for whatever can be foreseen to fail.
        """
        try:
            super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read our output has read enough; click ends without a word
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            # What may fail is declared all over the code; whatever does not fail need not load all of it.
            errors = importlib.import_module("cli.errors")
            if not isinstance(error, errors.FORESEEN):
                raise
            raise click.ClickException(errors.sentence(error)) from error


@click.group(
    "refund-sync",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExample:\n  refund-sync up",
)
@click.version_option(package_name="refund-sync")
@click.option("--tether", "parent", type=int, hidden=True, help="End when the process of this id ends.")
@click.pass_context
def main(ctx: click.Context, *, parent: int | None) -> None:
    """Keep refunds right between storefronts and NetSuite."""
    if parent is not None:
        tether(parent)
    log.configure("console", level=logging.WARNING)
    ctx.obj = App(os.environ)
    ctx.call_on_close(ctx.obj.close)


if __name__ == "__main__":
    main(prog_name="refund-sync")
