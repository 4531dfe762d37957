"""One installation of the service, as the person at its command line has it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from redis import Redis
from rq import Worker
from rq.job import Job
from sqlalchemy import select

from cli.main import main
from ledger.database import Database
from ledger.models import AuditEntry
from ledger.queue import open_queue
from ledger.secrets import Vault
from ledger.settings import Settings


@dataclass
class Installation:
    """A ledger, a queue, and the command.

    Attributes:
        env: What the command is run with; a test may change it.
    """

    env: dict[str, str | None]
    database: Database
    home: Path

    @property
    def vault(self) -> Vault:
        """The keys the command seals and opens secrets with."""
        return Vault.of(Settings.from_env({name: value for name, value in self.env.items() if value}))

    def run(self, *words: str, code: int = 0, typed: str | None = None, color: bool = False) -> Result:
        """Run the command, which must end with `code` and without a traceback."""
        result = CliRunner().invoke(
            main, list(words), env=self.env, input=typed, catch_exceptions=False, color=color
        )
        assert result.exit_code == code, result.output
        return result

    def refused(self, *words: str, typed: str | None = None) -> str:
        """Run a command that fails; return the one sentence it says why."""
        lines = self.run(*words, code=1, typed=typed).stderr.splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("Error: ")
        return lines[0].removeprefix("Error: ")

    def json(self, *words: str, code: int = 0, typed: str | None = None) -> Any:  # noqa: ANN401 - whatever it prints
        """Run a command with `--json` and return what it prints."""
        return json.loads(self.run(*words, "--json", code=code, typed=typed).stdout)

    def file(self, name: str, text: str) -> str:
        """Write a file and return its path."""
        path = self.home / name
        path.write_text(text)
        return str(path)

    def audit(self, subject: str) -> list[tuple[str, str]]:
        """Return what is in the audit trail of one kind of subject, as (action, note)."""
        with self.database.read() as session:
            rows = session.scalars(
                select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id)
            )
            return [(row.action, row.note) for row in rows]

    def workers(self) -> int:
        """Return how many workers wait for jobs."""
        with Redis.from_url(str(self.env["REDIS_URL"])) as connection:
            return Worker.count(connection=connection)

    def queues_worked(self) -> set[str]:
        """Return the queues that a worker works off."""
        with Redis.from_url(str(self.env["REDIS_URL"])) as connection:
            return {name for each in Worker.all(connection=connection) for name in each.queue_names()}

    def woken(self, queue: str) -> list[tuple[str, int]]:
        """Return the jobs in a queue, as (function, id)."""
        with Redis.from_url(str(self.env["REDIS_URL"])) as connection:
            jobs: list[Job] = open_queue(queue, connection).jobs
            return [(str(job.func_name).rpartition(".")[2], job.args[0]) for job in jobs]
