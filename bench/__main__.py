"""`python -m bench NAME`."""

import click

from bench.chaos.command import chaos
from bench.growth import growth
from bench.intake import intake
from bench.latency import latency
from bench.pages import pages
from bench.recovery import recovery
from bench.sync import sync


@click.group()
def main() -> None:
    """Run a benchmark: it prints tables, then the same figures as JSON, in one line."""


for command in (intake, sync, latency, growth, pages, recovery, chaos):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m bench")
