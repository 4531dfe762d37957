"""The service on several hosts: two of web processes behind nginx, two of workers, one of the servers.

nginx runs with `deploy/nginx.conf`; only names, addresses and paths in it are replaced.
"""

import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet

from bench.chaos.fleet import ROOT, Fleet, fleet
from bench.chaos.servers import Postgres, Valkey, running
from cli.demo.control import Control
from cli.demo.platforms.netsuite import make_login, open_books
from cli.demo.platforms.shopify import open_shop
from cli.demo.site import Site
from ledger import accounts, changing, installation, schema
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models.accounts import Direction
from ledger.secrets import Vault
from sandbox.server import SandboxServer
from tests.functional.ground import Ground
from tests.support.hosts import Host, hosts
from tests.support.mailbox import make_certificate

ADDRESSES: Final = {
    "proxy": "10.77.0.2",
    "platforms": "10.77.0.9",
    "web-1": "10.77.0.11",
    "web-2": "10.77.0.12",
    "workers-1": "10.77.0.21",
    "workers-2": "10.77.0.22",
    "servers": "10.77.0.31",
}
PUBLIC_URL: Final = f"https://{ADDRESSES['proxy']}"
WEB_PORT: Final = 8000
_WORKING: Final = ("web-1", "web-2", "workers-1", "workers-2")
_SLOTS: Final = 50
_QUICK: Final = {
    "lease_seconds": "5",
    "retry_seconds": "0.5",
    "wait_seconds": "0.5",
    "read_timeout_seconds": "3",
    "poll_minutes": "600",
}
_AROUND: Final = """
daemon off; master_process off; pid {home}/pid; error_log {home}/log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {home}/bodies; proxy_temp_path {home}/answers; fastcgi_temp_path {home}/f;
    uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
    {site}
}}
"""


class _OpenValkey(Valkey):
    """One that other hosts reach."""

    def start(self) -> None:
        super().start()
        with self.client() as client:
            client.config_set("protected-mode", "no")
            client.config_set("bind", f"127.0.0.1 {ADDRESSES['servers']}")


class _OpenPostgres(Postgres):
    """One that other hosts reach, and this one by a socket in the file system."""

    def start(self) -> None:
        with (self._data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.77.0.0/24 trust\n")
        where = f"-k {self._home} -p {self.port} -c listen_addresses={ADDRESSES['servers']}"
        self._run("pg_ctl", "-D", self._data, "-l", self._home / "log", "-w", "-o", where, "start")

    def from_everywhere(self) -> str:
        return f"postgresql+psycopg://postgres@{ADDRESSES['servers']}:{self.port}/postgres"

    def from_here(self) -> str:
        return f"postgresql+psycopg://postgres@/postgres?host={self._home}&port={self.port}"


@dataclass
class Several:
    """Everything, on the hosts that it runs on.

    Attributes:
        fleets: The processes of each host of web processes or workers.
        ground: The shops and books; its fleet is the one of the first host of workers.
    """

    hosts: Mapping[str, Host]
    fleets: Mapping[str, Fleet]
    ground: Ground


@contextmanager
def several(home: Path) -> Iterator[Several]:
    """Run everything but workers and schedulers; this thread is on the platforms' host meanwhile.

    Args:
        home: An empty directory that everybody may enter.
    """
    key = Fernet.generate_key().decode()
    with ExitStack() as stack:
        made = stack.enter_context(hosts(ADDRESSES))
        pool = stack.enter_context(ThreadPoolExecutor())
        fleets = {name: pool.submit(_fleet, stack, made[name], home) for name in _WORKING}
        stack.enter_context(made["platforms"].entered())
        with made["servers"].entered():
            valkey, postgres = _OpenValkey(home / "valkey"), _OpenPostgres(home / "postgres")
            for server in (valkey, postgres):
                stack.enter_context(running(server))
        database = Database(postgres.from_here())
        stack.callback(database.dispose)
        schema.migrate(database)
        sandbox = stack.enter_context(SandboxServer(ADDRESSES["platforms"]))
        site = Site(Control(sandbox.url), database, Vault((key,)), PUBLIC_URL)
        ready = {name: begun.result() for name, begun in fleets.items()}
        ground = _ground(site, valkey, ready["workers-1"])
        env = {
            "DATABASE_URL": postgres.from_everywhere(),
            "REDIS_URL": f"redis://{ADDRESSES['servers']}:{valkey.port}/0",
            "REFUND_SYNC_SECRET_KEY": key,
            "REFUND_SYNC_PUBLIC_URL": PUBLIC_URL,
            "REFUND_SYNC_TRUSTED_PROXIES": "1",
            "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
            "REFUND_SYNC_LOG": "json",
        }
        for name, each in ready.items():
            each.env = {**each.env, **env}
            if name.startswith("web-"):
                where = ("--host", ADDRESSES[name], "--port", str(WEB_PORT))
                each.start("web", "web", *where, "--processes", "1")
        stack.enter_context(_nginx(made["proxy"], home))
        yield Several(made, ready, ground)


def _fleet(stack: ExitStack, host: Host, home: Path) -> Fleet:
    its = home / host.name
    its.mkdir()
    env = {"REFUND_SYNC_DATA_DIR": str(its / "data"), "PROMETHEUS_MULTIPROC_DIR": str(its / "metrics")}
    with host.entered():
        made = stack.enter_context(fleet(its, env))
    made.keeps = False
    return made


def _ground(site: Site, valkey: Valkey, processes: Fleet) -> Ground:
    with site.database.write() as session:
        for name, value in _QUICK.items():
            installation.store(session, name, value)
    site.control.post("/settings", retry_scale="0.01")
    books = open_books(site, "books", "1234567_SB1", make_login())
    # A call's slot that was cut off is free again only when the call could be over.
    site.control.patch(books.path, concurrency=_SLOTS)
    with site.database.write() as session:
        account = accounts.netsuite_by_slug(session, books.slug)
        changing.set_concurrency(session, account, str(_SLOTS), now=utcnow(), actor="test")
    shop_in = open_shop(site, books, "shop-in", Direction.TO_NETSUITE)
    shop_out = open_shop(site, books, "shop-out", Direction.FROM_NETSUITE)
    return Ground(processes, valkey, site.database, site.control, PUBLIC_URL, books, shop_in, shop_out, site)


@contextmanager
def _nginx(host: Host, home: Path) -> Iterator[None]:
    its = home / "nginx"
    its.mkdir()
    certificate = home / "certificate.pem"
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    for there, here in (
        ("10.0.0.11", ADDRESSES["web-1"]),
        ("10.0.0.12", ADDRESSES["web-2"]),
        ("refunds.example.com", host.address),
        ("/etc/ssl/refund-sync/fullchain.pem", str(certificate)),
        ("/etc/ssl/refund-sync/privkey.pem", str(certificate)),
    ):
        assert there in site
        site = site.replace(there, here)
    config = its / "nginx.conf"
    config.write_text(_AROUND.format(home=its, site=site))
    make_certificate(certificate, host.address)
    with ExitStack() as stack:
        output = stack.enter_context((its / "output").open("wb"))
        with host.entered():
            process = subprocess.Popen(  # noqa: S603 - our own configuration
                ["nginx", "-p", str(its), "-c", str(config)],  # noqa: S607 - wherever the system has it
                stdout=output,
                stderr=output,
            )
        stack.enter_context(process)
        stack.callback(process.terminate)
        yield
