"""Runs a supervisor over shell scripts: `python -m tests.cli.supervised GRACE SCRIPT...`."""

import sys

from cli.supervisor import Program, Supervisor
from ledger import log


def main() -> None:
    """Keep the scripts running."""
    log.configure("console")
    grace, *scripts = sys.argv[1:]
    programs = [Program(str(number), ("sh", "-c", script)) for number, script in enumerate(scripts)]
    Supervisor(programs, grace=float(grace)).run()
    sys.stdout.write("ended in order\n")


if __name__ == "__main__":
    main()
