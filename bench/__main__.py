"""`python -m bench NAME`."""

import click

from bench.growth import growth
from bench.intake import intake
from bench.latency import latency
from bench.recovery import recovery
from bench.sync import sync


@click.group()
def main() -> None:
    """Run a benchmark: it prints tables, then the same figures as JSON, in one line."""


for command in (intake, sync, latency, growth, recovery):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m bench")
