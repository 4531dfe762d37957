"""The processes that a deployment runs: web, workers, scheduler, and the migration before them."""

import os
import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NoReturn, Protocol

import click

from cli.context import App, pass_app
from cli.embedded import Hold, queue_server
from cli.listener import default_host, hand_over, listen
from cli.output import example
from cli.supervisor import Supervisor
from cli.working import ALL, GRACE, workers
from ledger import schema
from ledger.queue import QUEUES, connect
from ledger.settings import Settings
from webhooks import replay
from workers import jobs
from workers.alerting import Alerting
from workers.scheduler import Scheduler
from workers.worker import make_worker

_METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"

host_option = click.option(
    "--host", help="Address to listen on.  [default: 127.0.0.1, or 0.0.0.0 where PORT is set]"
)
port_option = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    envvar="PORT",
    default=8000,
    show_default=True,
    help="Port to listen on, 0 for any free one.",
)
processes_option = click.option(
    "--processes",
    type=click.IntRange(1, 64),
    envvar="WEB_CONCURRENCY",
    default=2,
    show_default=True,
    help="Web processes, of sixteen threads each.",
)


@click.command(epilog=example("refund-sync web --host 0.0.0.0 --port 8000"))
@host_option
@port_option
@processes_option
@click.option("--fd", type=int, hidden=True, help="A listening socket that is open already.")
@pass_app
def web(app: App, *, host: str | None, port: int, processes: int, fd: int | None) -> NoReturn:
    """Serve HTTP: receive webhooks.

    gunicorn does, with everything it is told by GUNICORN_CMD_ARGS.
    """
    settings = app.settings
    if fd is None:
        listener = listen(host or default_host(app.env), port)
        port = listener.getsockname()[1]
        fd = hand_over(listener)
    if not settings.redis_url:
        Hold(settings.data_dir).stay()
    command = [
        *(sys.executable, "-P", "-m", "gunicorn"),
        *("--config", "python:cli.gunicorn_config"),
        *("--bind", f"fd://{fd}"),
        *("--workers", str(processes)),
    ]
    metrics = str(_metrics_directory(settings, port))
    os.execve(sys.executable, command, {**os.environ, _METRICS: metrics})  # noqa: S606 - our own command


def _metrics_directory(settings: Settings, port: int) -> Path:
    """Return an empty directory for the metrics of one instance's processes, or the one the user named."""
    if named := os.environ.get(_METRICS):
        Path(named).mkdir(parents=True, exist_ok=True)
        return Path(named)
    directory = settings.data_dir / "metrics" / f"web-{port}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


@click.command(epilog=example("refund-sync worker netsuite"))
@click.argument("queue", type=click.Choice((*QUEUES, ALL)))
@pass_app
def worker(app: App, *, queue: str) -> None:
    """Work one queue off, or all of them, each by a process of its own.

    When told to stop, the job under way is finished first. There is a queue for each source; run as many
    workers of each as there are refunds to carry. With `all`, one of each is kept running.
    """
    app.configure_log()
    schema.require(app.any_database)
    with queue_server(app.settings) as url:
        if queue == ALL:
            app.close()
            Supervisor(workers(1), grace=GRACE).run()
        else:
            jobs.read_by(replay.read)
            make_worker(queue, connect(url)).work(logging_level="WARNING")


@click.command(epilog=example("refund-sync scheduler"))
@pass_app
def scheduler(app: App) -> None:
    """Wake whatever is due, and send alerts.

    One is needed, more do no harm.
    """
    app.configure_log()
    schema.require(app.any_database)
    with queue_server(app.settings):
        _run(Scheduler(app.runtime), Alerting(app.runtime))


class _Running(Protocol):
    """What goes on until it is told to stop."""

    def run(self) -> None: ...

    def stop(self) -> None: ...


def _run(*parts: _Running) -> None:
    """Run parts of a process until SIGTERM or SIGINT.

    Each runs in a thread of its own while this one waits for the signal: a handler would interrupt it
    anywhere, even inside the lock that stopping takes.
    """
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def run(part: _Running) -> None:
        try:
            part.run()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)  # so that a failure is not waited for

    with ThreadPoolExecutor(len(parts)) as pool:
        running = [pool.submit(run, part) for part in parts]
        signal.sigwait(signals)
        for part in parts:
            part.stop()
        for each in running:
            each.result()


@click.command(epilog=example("refund-sync migrate"))
@pass_app
def migrate(app: App) -> None:
    """Bring the database's schema up to date.

    Safe to run from several hosts at once.
    """
    database = app.any_database
    before = schema.current(database)
    schema.migrate(database)
    after = schema.current(database)
    done = "was up to date" if before == after else f"went from {before or 'nothing'} to {after}"
    click.echo(f"The schema of {database.url} {done}.")
