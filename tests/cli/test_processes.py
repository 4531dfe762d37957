"""`refund-sync web`, `worker`, `scheduler`, `migrate` and `sandbox`, each by itself."""

import signal
import socket
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.listener import EVERYWHERE, LOOPBACK, ListenError, default_host, listen, url_of
from ledger import schema
from ledger.database import Database
from ledger.queue import QUEUES
from tests.cli.installation import Installation
from tests.cli.processes import answers, ended, eventually, family


def test_processes_share_the_embedded_queue_and_the_last_one_ends_it(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as free:
        port = str(free.getsockname()[1])
    with family(REFUND_SYNC_DATA_DIR=str(tmp_path)) as processes:
        assert ended(processes.start("migrate")) == 0
        worker = processes.start("worker", "shopify")
        eventually(lambda: processes.members("valkey-server"))
        scheduler = processes.start("scheduler")
        web = processes.start("web", "--port", port, "--processes", "1")
        eventually(lambda: answers(f"http://{LOOPBACK}:{port}/readyz"))

        worker.kill()  # it was the first, so it started the queue's server
        assert ended(worker) == -signal.SIGKILL
        eventually(lambda: answers(f"http://{LOOPBACK}:{port}/readyz"))
        assert len(processes.members("valkey-server")) == 1

        scheduler.send_signal(signal.SIGINT)
        web.terminate()
        assert ended(scheduler) == 0
        assert ended(web) == 0
        eventually(processes.is_gone)


def test_a_worker_asked_to_stop_ends_well(installation: Installation) -> None:
    settings = {name: value for name, value in installation.env.items() if value is not None}
    with family(**settings) as processes:
        worker = processes.start("worker", "netsuite")
        eventually(lambda: installation.workers() == 1)

        worker.terminate()

        assert ended(worker) == 0
        assert installation.workers() == 0


def test_the_sandbox_serves_until_it_is_stopped(tmp_path: Path) -> None:
    with family(REFUND_SYNC_DATA_DIR=str(tmp_path)) as processes:
        sandbox = processes.start("sandbox", "--port", "0")
        assert sandbox.stdout
        url = sandbox.stdout.readline().split()[4]

        eventually(lambda: answers(f"{url}/_control/calls"))
        sandbox.terminate()

        assert ended(sandbox) == 0


def test_migrate_says_from_where_to_where(installation: Installation, tmp_path: Path) -> None:
    assert installation.run("migrate").stdout.endswith("was up to date.\n")

    installation.env["DATABASE_URL"] = f"sqlite:///{tmp_path / 'new.db'}"
    said = installation.run("migrate").stdout

    assert f"went from nothing to {schema.newest()}" in said
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM refunds")) == 0
    database.dispose()


@pytest.mark.parametrize("command", ["web", "up"])
def test_a_taken_port_is_named(installation: Installation, command: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])

        assert f"port {port} of 127.0.0.1 is taken" in installation.refused(command, "--port", port)


def test_an_address_that_is_not_ours_is_named(installation: Installation) -> None:
    assert "--host" in installation.refused("web", "--port", "0", "--host", "192.0.2.1")


def test_a_port_below_1024_may_need_more_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_address: object, **_options: object) -> socket.socket:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)

    with pytest.raises(ListenError) as refused:
        listen(LOOPBACK, 80)
    assert refused.value.reason == "port_forbidden"


def test_a_host_that_hands_out_a_port_is_served_on_every_address() -> None:
    assert default_host({}) == LOOPBACK
    assert default_host({"PORT": "5000"}) == EVERYWHERE


@pytest.mark.parametrize(("host", "url"), [(LOOPBACK, "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_a_listening_address_is_a_url(host: str, url: str) -> None:
    with listen(host, 0) as listener:
        assert url_of(listener).startswith(url)


def test_a_port_out_of_range_is_a_usage_error(installation: Installation) -> None:
    installation.run("web", "--port", "65536", code=2)
    installation.env["PORT"] = "http"
    installation.run("web", code=2)


def test_a_worker_of_all_queues_keeps_one_of_each_running_and_ends_well(installation: Installation) -> None:
    settings = {name: value for name, value in installation.env.items() if value is not None}
    with family(**settings) as processes:
        worker = processes.start("worker", "all")
        eventually(lambda: installation.queues_worked() == set(QUEUES))

        worker.terminate()

        assert ended(worker) == 0
        eventually(processes.is_gone)
