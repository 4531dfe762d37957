"""Everything at once, with embedded defaults: for a first look, for development, and for small shops."""

from typing import Final

import click

from cli.commands.processes import host_option, port_option, processes_option
from cli.context import App, pass_app
from cli.embedded import queue_server
from cli.listener import default_host, listen, url_of
from cli.output import example
from cli.supervisor import Program, Supervisor
from cli.working import GRACE, ours, workers
from ledger import people, schema

_NOBODY: Final = (
    "Nobody may sign in to the portal yet: "
    "refund-sync user add you@example.com --role admin lets the first one in."
)


@click.command(epilog=example("refund-sync up --port 8000 --workers 2"))
@host_option
@port_option
@processes_option
@click.option(
    "--workers",
    "each",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Worker processes for each queue.",
)
@click.option(
    "--grace",
    type=click.FloatRange(0),
    default=GRACE,
    show_default=True,
    help="Seconds the processes have to finish what they are doing when told to stop.",
)
@pass_app
def up(app: App, *, host: str | None, port: int, processes: int, each: int, grace: float) -> None:
    """Run everything at once, on this host.

    Web, workers and scheduler, and a Valkey where REDIS_URL is not set. The database is brought up to date
    first, and a process that dies is started again. SIGTERM and Ctrl-C let every process finish what it is
    doing; a second signal does not. When this process is killed, the others end with it (on Linux).
    """
    app.configure_log()
    with (
        listen(host or default_host(app.env), port) as listener,
        queue_server(app.settings),
    ):
        schema.migrate(app.any_database)
        with app.database.read() as session:
            is_new = not people.users(session)
        app.close()
        click.echo(f"refund-sync is at {url_of(listener)} (Ctrl-C stops it)")
        if is_new:
            click.echo(_NOBODY)
        serving = Program(
            "web",
            ours(
                "web",
                *("--fd", str(listener.fileno())),
                *("--port", str(listener.getsockname()[1])),
                *("--processes", str(processes)),
            ),
            fds=(listener.fileno(),),
        )
        sweeping = Program("scheduler", ours("scheduler"))
        Supervisor([serving, *workers(each), sweeping], grace=grace).run()
