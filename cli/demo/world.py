"""Bring up the demo's world: the sandbox, the accounts on both sides, and every process of the service."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from rq import Worker

from cli.demo.control import Books, Control, Shop
from cli.demo.stage import DemoError, Stage
from ledger import accounts, embedded, installation, queue, schema
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models.accounts import Direction, Platform
from ledger.secrets import Vault
from ledger.settings import Settings

NETSUITE_ID: Final = "1234567_SB1"
_ACTOR: Final = "demo"
_PATIENCE: Final = 30.0  # seconds for a process to answer
_GRACE: Final = 15.0  # seconds for a process to end
_CLIENT_ID: Final = "demo-integration"
_CERTIFICATE_ID: Final = "demo-certificate"
_SHOPS: Final = {
    # domain: account, direction, currency
    "demo-in.myshopify.com": ("shop-in", Direction.TO_NETSUITE, "USD"),
    "demo-out.myshopify.com": ("shop-out", Direction.FROM_NETSUITE, "USD"),
    "demo-yen.myshopify.com": ("shop-yen", Direction.TO_NETSUITE, "JPY"),
}
_ITEMS: Final = {
    "item_shipping": "901",
    "item_adjustment_positive": "902",
    "item_adjustment_negative": "903",
    "item_tax": "904",
    "item_gift_card": "905",
    "item_duty": "906",
    "item_fee": "907",
    "item_rounding": "908",
    "item_gift_wrap": "909",
    "item_promotion": "910",
    "item_goodwill": "911",
    "item_restocking_fee": "912",
    "item_facilitator_tax": "913",
}
_QUICK: Final = {
    # The demo does not have the minutes that a merchant's installation has.
    "retry_seconds": "1",
    "throttle_seconds": "0.5",
    "wait_seconds": "1",
    "read_timeout_seconds": "2",
}


@dataclass(frozen=True, slots=True)
class World:
    """What is running."""

    stage: Stage
    web_url: str
    data_dir: Path


@contextmanager
def world(
    data_dir: Path, port: int | None, *, infrastructure: Mapping[str, str] | None = None
) -> Iterator[World]:
    """Start everything in a data directory, and stop it at the end.

    Args:
        data_dir: Where embedded data and the processes' log are kept.
        port: Of the web process; None for a free one.
        infrastructure: Settings of a real database and Redis; embedded ones without.

    Raises:
        DemoError: If a process does not come up.
    """
    web_port = port or free_port()
    sandbox_port = free_port()
    web_url = f"http://127.0.0.1:{web_port}"
    env = os.environ | {
        "REFUND_SYNC_DATA_DIR": str(data_dir),
        "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
        "REFUND_SYNC_PUBLIC_URL": web_url,
    }
    for name in ("DATABASE_URL", "REDIS_URL", "REFUND_SYNC_SECRET_KEY"):
        env.pop(name, None)
    env |= infrastructure or {}
    settings = Settings.from_env(env)
    database = Database(settings.database_url)
    schema.migrate(database)
    log = (data_dir / "demo.log").open("ab")
    with (
        log,
        _process(["sandbox", "--port", str(sandbox_port)], env, log),
        _process(["up", "--port", str(web_port)], env, log),
    ):
        sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        _answers(f"{sandbox_url}/_control/healthz", log.name)
        stage = _furnish(Control(sandbox_url), database, Vault.of(settings), web_url)
        _answers(f"{web_url}/readyz", log.name)
        _workers_are_up(settings, log.name)
        yield World(stage, web_url, data_dir)
    database.dispose()


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _process(command: list[str], env: dict[str, str], log: Any) -> Iterator[None]:  # noqa: ANN401 - a file
    with subprocess.Popen(  # noqa: S603 - our own command line
        [sys.executable, "-m", "cli.main", *command], env=env, stdout=log, stderr=log
    ) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(url: str, log: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        threading.Event().wait(0.05)
    raise DemoError(f"{url} does not answer; see {log}")


def _workers_are_up(settings: Settings, log: str) -> None:
    connection = queue.connect(settings.redis_url or embedded.url(settings.data_dir), timeout=5)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if all(Worker.count(queue=queue.open_queue(name, connection)) for name in queue.QUEUES):
            return
        threading.Event().wait(0.05)
    raise DemoError(f"the workers did not start; see {log}")


def _furnish(control: Control, database: Database, vault: Vault, web_url: str) -> Stage:
    """Make the accounts on both sides: in the sandbox, and in the ledger."""
    private_key, certificate = _certificate()
    secret = secrets.token_hex(32)
    control.post(
        "/netsuite/accounts",
        account_id=NETSUITE_ID,
        client_id=_CLIENT_ID,
        certificate_id=_CERTIFICATE_ID,
        certificate_pem=certificate,
        webhook={"url": f"{web_url}/webhooks/netsuite/books", "secret": secret},
        items=[{"id": number, "itemid": name, "itemtype": "OthCharge"} for name, number in _ITEMS.items()],
    )
    now = utcnow()
    with database.write() as session:
        for name, value in _QUICK.items():
            installation.store(session, name, value)
        books = accounts.NewNetSuiteAccount(
            slug="books",
            account_id=NETSUITE_ID,
            api_url=f"{control.url}/netsuite/{NETSUITE_ID.lower().replace('_', '-')}",
            credentials={
                "auth": "oauth2",
                "client_id": _CLIENT_ID,
                "certificate_id": _CERTIFICATE_ID,
                "private_key": private_key,
            },
            webhook_secret=secret,
        )
        accounts.add_netsuite(session, vault, books, now=now, actor=_ACTOR)
    for domain, (slug, direction, currency) in _SHOPS.items():
        _open_shop(control, database, vault, web_url, domain, slug, direction, currency)
    shops = [Shop(control, domain) for domain in _SHOPS]
    return Stage(
        control=control,
        books=Books(control, NETSUITE_ID),
        shop_in=shops[0],
        shop_out=shops[1],
        shop_yen=shops[2],
        database=database,
        accounts={domain: slug for domain, (slug, _, _) in _SHOPS.items()},
    )


def _open_shop(
    control: Control,
    database: Database,
    vault: Vault,
    web_url: str,
    domain: str,
    slug: str,
    direction: Direction,
    currency: str,
) -> None:
    secret, token = secrets.token_hex(32), f"shpat_{secrets.token_hex(16)}"
    control.post(
        "/shopify/shops",
        domain=domain,
        access_token=token,
        currency=currency,
        webhook={"url": f"{web_url}/webhooks/shopify/{slug}", "secret": secret},
    )
    new = accounts.NewAccount(
        slug=slug,
        platform=Platform.SHOPIFY,
        storefront_id=domain,
        netsuite_slug="books",
        api_url=f"{control.url}/shopify/{domain}",
        credentials={"access_token": token},
        webhook_secret=secret,
        direction=direction,
        settings=dict(_ITEMS),
    )
    with database.write() as session:
        accounts.add(session, vault, new, now=utcnow(), actor=_ACTOR)


def _certificate() -> tuple[str, str]:
    """Return a private key and its certificate, PEM, as an administrator makes them for NetSuite."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "refund-sync demo")])
    now = utcnow()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=700))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()
