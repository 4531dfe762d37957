"""A seller on the sandbox's eBay, a client of its APIs, and an endpoint that answers challenges."""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.ebay.client import Api
from tests.sandbox.helpers import Control, Received, Receiver
from tests.support.sandboxed_ebay import APP, EbaySeller, open_ebay
from tests.support.specs_ebay import check_answers
from tests.workers.platforms import world

VERIFICATION_TOKEN = "0123456789abcdef0123456789abcdef"


@dataclass
class Endpoint(Receiver):
    """A receiver that answers eBay's challenge, rightly unless its secret is changed."""

    secret: str = VERIFICATION_TOKEN
    content_type: str = "application/json"
    challenges: list[str] = field(default_factory=list)

    def challenged(self, code: str) -> bytes:
        self.challenges.append(code)
        digest = hashlib.sha256((code + self.secret + self.url).encode()).hexdigest()
        return json.dumps({"challengeResponse": digest}).encode()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An endpoint for notifications."""
    receiver = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (code,) = parse_qs(urlsplit(self.path).query)["challenge_code"]
            body = receiver.challenged(code)
            self.send_response(200)
            self.send_header("Content-Type", receiver.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.take(Received(self.path, dict(self.headers), body)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


@pytest.fixture
def seller(control: Control) -> Iterator[EbaySeller]:
    """A seller without notifications; what it was answered is checked where there are specifications."""
    with requests.Session() as session:
        player = world.Control(control.url, session)
        open_ebay(player, "rs_shirts")
        seller = EbaySeller(player, "rs_shirts", 1, "shirts")
        yield seller
        if specifications := os.environ.get("SPECS_DIR"):
            check_answers(Path(specifications), seller.calls())


@pytest.fixture
def hooked(seller: EbaySeller, endpoint: Endpoint) -> EbaySeller:
    """A seller whose notifications the endpoint gets."""
    seller.change(push={"url": endpoint.url, "verification_token": VERIFICATION_TOKEN})
    return seller


@pytest.fixture
def api(seller: EbaySeller) -> Api:
    """The seller's APIs."""
    base = f"{seller.control.url}/ebay/{seller.tenant}"
    return Api(base, (APP["client_id"], APP["client_secret"]), APP["refresh_token"])
