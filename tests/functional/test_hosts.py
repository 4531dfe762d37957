"""Several hosts, for real: one of web processes and one of workers are cut off, and nothing is doubled."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bench.chaos.compare import Findings
from ledger.states import State
from tests.functional.ground import PATIENCE, Ground, findings, worked_off
from tests.functional.several import ADDRESSES, PUBLIC_URL, WEB_PORT, Several, several
from tests.support.hosts import unable
from tests.support.places import quick_place
from tests.support.waiting import until

CLEAN = Findings([], [], [])
LONG = 120  # seconds; a connection that was cut is tried again more and more rarely
LACKS = unable() or ("" if shutil.which("nginx") else "nginx is not installed")

pytestmark = [
    pytest.mark.xdist_group("processes"),
    pytest.mark.skipif(bool(LACKS), reason=LACKS),
    pytest.mark.allow_hosts([*ADDRESSES.values(), "127.0.0.1"]),
]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where it is short enough for sockets, and PostgreSQL's user may enter."""
    with tempfile.TemporaryDirectory(prefix="hosts-", dir=quick_place(), ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        # Whom everybody trusts who speaks to nginx from outside.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{made}/certificate.pem")
        monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", f"{made}/certificate.pem")
        yield Path(made)


def answers(path: str) -> bool:
    try:
        return requests.get(f"{PUBLIC_URL}{path}", timeout=5).ok
    except requests.RequestException:
        return False


def start(here: Several, host: str, *roles: str) -> None:
    for role in roles:
        here.fleets[host].start(role, *role.split("-"))


def all_delivered(ground: Ground) -> bool:
    shops = (ground.shop_in, ground.shop_out)
    sent = [ground.control.get(f"{shop.path}/webhooks") for shop in shops]
    return bool(sent[0]) and all(each["delivered"] for of_shop in sent for each in of_shop)


def all_told(ground: Ground) -> None:
    """Wait until all is worked off, and what the shops tell by themselves of what that came to, too."""
    for _ in range(2):
        until(lambda: all_delivered(ground), LONG)
        worked_off(ground, LONG)


def test_hosts_that_are_cut_off_in_the_middle_and_healed_double_and_lose_nothing(home: Path) -> None:
    with several(home) as here:
        ground, web, workers = here.ground, here.hosts["web-1"], here.hosts["workers-1"]
        until(lambda: answers("/readyz"), PATIENCE)
        assert requests.get(f"{PUBLIC_URL}/metrics", timeout=5).status_code == requests.codes.forbidden

        # A host of workers is cut off while its worker's call is under way.
        held = {"platform": "netsuite", "operation": "record:transform", "kind": "latency", "seconds": 2}
        ground.control.post("/faults", **held)
        start(here, "workers-1", "worker-shopify")
        written, _ = ground.refund("shopify")
        until(lambda: ground.stand(written).state is State.POSTING, PATIENCE)
        workers.cut_off()

        # A host of web processes is cut off between a delivery's commit and its answer.
        web_1 = here.fleets["web-1"]
        web_1.arm("web", "commit ledger.deliveries.accept_without_alerts after", number=signal.SIGSTOP)
        while not web_1.has_fired("web"):
            ground.refund("shopify")
        web.cut_off()
        ground.refund("netsuite")

        # The other two carry on by themselves.
        start(here, "workers-2", "scheduler", "worker-shopify", "worker-netsuite")
        all_told(ground)
        assert findings(ground) == CLEAN

        # Healed, the first two finish what they were doing, and carry on without the others.
        os.killpg(web_1.pid("web"), signal.SIGCONT)
        web.heal()
        workers.heal()
        here.fleets["workers-2"].stop()
        here.fleets["workers-1"].keeps = True  # as a supervisor does
        start(here, "workers-1", "scheduler", "worker-netsuite")  # its other worker goes on by itself
        ground.web_url = f"http://{web.address}:{WEB_PORT}"
        for source in ("shopify", "netsuite"):
            _, webhook = ground.refund(source)
            assert ground.deliver(source, webhook) == requests.codes.ok
        all_told(ground)
        assert findings(ground) == CLEAN
