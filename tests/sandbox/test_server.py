import signal
import socket
import subprocess
import sys

import pytest
import requests

from sandbox.server import SandboxServer, create_app
from tests.sandbox.helpers import Books, Control, Receiver, Shop


def test_a_server_frees_its_port_when_it_stops() -> None:
    with SandboxServer() as server:
        port = int(server.url.rpartition(":")[2])
        assert requests.get(f"{server.url}/_control/healthz", timeout=10).json() == {"status": "ok"}
    with socket.create_server(("127.0.0.1", port)) as listener:
        assert listener.getsockname()[1] == port


def test_two_applications_share_nothing() -> None:
    first, second = create_app().test_client(), create_app().test_client()
    first.post("/_control/shopify/shops", json={"domain": "a.myshopify.com"})
    assert first.get("/_control/shopify/a.myshopify.com").status_code == 200
    assert second.get("/_control/shopify/a.myshopify.com").status_code == 400


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_blocking_server_ends_on_a_signal(number: signal.Signals) -> None:
    code = "from sandbox.server import serve; serve('127.0.0.1', 0, lambda url: print(url, flush=True))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own code
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert requests.get(f"{url}/_control/healthz", timeout=10).ok
        process.send_signal(number)
        assert process.wait(20) == 0


def test_reset_forgets_everything(control: Control, hooked: Shop, books: Books, receiver: Receiver) -> None:
    hooked.order(silent=False)
    receiver.wait(2)
    books.order()
    control.post("settings", {"latency_ms": 1, "retry_scale": 0.5, "advance_seconds": 100})
    control.fault("shopify", "*", "reset")
    control.post("reset")
    assert control.get("calls") == []
    assert control.get("webhooks/pending") == {"pending": 0}
    assert control.refusal("GET", hooked.path) == f"There is no shop {hooked.domain}."
    assert control.refusal("GET", books.path) == f"There is no account {books.slug}."
    settings = control.post("settings")
    assert (settings["latency_ms"], settings["retry_scale"]) == (0, 1)


def test_time_can_be_moved_forward_only(control: Control) -> None:
    before = control.post("settings")["timestamp"]
    after = control.post("settings", {"advance_seconds": 3600})["timestamp"]
    assert after - before >= 3600
    assert control.refusal("POST", "settings", {"advance_seconds": -1}) == (
        "The body: a setting must not be negative."
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "The body is not JSON."),
        (b"[]", "The body must be a JSON object."),
        (b'{"latency": 1}', "The body has unknown keys: latency."),
        (b'{"latency_ms": "fast"}', "The body: latency_ms must be a number."),
    ],
)
def test_control_bodies_are_read_strictly(control: Control, body: bytes, reason: str) -> None:
    answer = requests.post(f"{control.url}/_control/settings", data=body, timeout=10)
    assert (answer.status_code, answer.json()) == (400, {"error": reason})


def test_an_unknown_shop_or_account_is_answered_as_the_platform_would(control: Control) -> None:
    shop = requests.post(f"{control.url}/shopify/x.myshopify.com/admin/api/2026-10/graphql.json", timeout=10)
    assert (shop.status_code, shop.json()) == (404, {"errors": "Not Found"})
    account = requests.post(f"{control.url}/netsuite/1/services/rest/query/v1/suiteql", timeout=10)
    assert account.status_code == 401
    token = requests.post(f"{control.url}/netsuite/1/services/rest/auth/oauth2/v1/token", timeout=10)
    assert token.status_code == 401
    assert requests.post(f"{control.url}/shopify/x/admin/oauth/access_token", timeout=10).status_code == 404
