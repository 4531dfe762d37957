"""The simulated platforms, for trying things out."""

import click

from cli.output import example
from sandbox.server import LOOPBACK, serve


@click.command(epilog=example("refund-sync sandbox --port 9000"))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9000,
    show_default=True,
    help="Port to listen on, 0 for any free one.",
)
def sandbox(*, port: int) -> None:
    """Serve simulated platforms.

    On this host only; everything they know is in memory.
    """
    serve(LOOPBACK, port, lambda url: click.echo(f"The sandbox is at {url} (Ctrl-C stops it)"))
