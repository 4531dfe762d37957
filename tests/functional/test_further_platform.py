"""A sixth platform is four modules and a line for each: real processes of code that has them."""

import filecmp
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from cryptography.fernet import Fernet
from sqlalchemy import select

from bench.chaos.servers import free_port
from ledger import people, sessions
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Refund, Role, User
from tests.cli.processes import PATIENCE, Family, answers, ended, eventually, family
from tests.support.databases import Clone
from tests.support.documents import ROOT
from tests.support.further import MODULES, REGISTRIES, ROOMS, further_code
from tests.support.sandboxed import SHIRT, TBA, Books
from tests.workers.platforms.world import Control

STALL: Final = "stall-7"
SECRET: Final = "the-stall-owners-secret"
KEY: Final = "bzr_thekeyofthestall"
ORDER: Final = "B-1001"

pytestmark = pytest.mark.xdist_group("processes")


@dataclass
class Bazaar:
    """The service of the copy, with a stall and its books."""

    home: Path
    processes: Family
    control: Control
    books: Books
    url: str
    database: Database

    def run(self, *words: str) -> str:
        """Run the copy's command and return what it printed."""
        process = self.processes.start(*words)
        said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
        return said

    def file(self, name: str, content: object) -> str:
        """Write a file and return its path."""
        path = self.home / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def refund(self, number: str, **more: str) -> int:
        """Give back a T-shirt at the stall; return the answer to the push that tells of it."""
        body = {"order": ORDER, "id": number, "sku": SHIRT, **more}
        status: int = self.control.post(f"bazaar/{STALL}/refunds", body)["status"]
        return status

    def refunds(self) -> list[dict[str, Any]]:
        """Return the refunds as the copy's command lists them."""
        found: list[dict[str, Any]] = json.loads(self.run("refund", "list", "--json"))["refunds"]
        return found

    def states(self) -> list[str]:
        """Return the states of the refunds, as the ledger has them."""
        with self.database.read() as session:
            return [state.value for state in session.scalars(select(Refund.state))]

    def browser(self) -> requests.Session:
        """Return a browser with which an administrator is signed in."""
        with self.database.write() as session:
            user = session.scalar(select(User)) or User(
                email="ada@example.com", role=Role.ADMIN, password_hash="", created_at=utcnow()
            )
            session.add(user)
            session.flush()
            token = sessions.begin(session, user, now=utcnow(), awaits_code=False)
        browser = requests.Session()
        browser.cookies.set("refund-sync", token)
        return browser

    def token(self) -> str:
        """Return a token for the API."""
        with self.database.write() as session:
            _, token = people.add_token(
                session, "reader", Role.VIEWER, timedelta(days=1), now=utcnow(), actor="test"
            )
        return token


@pytest.fixture
def bazaar(sqlite: Clone, valkey_url: str, tmp_path: Path) -> Iterator[Bazaar]:
    """The copy's sandbox and web process, and both accounts connected by its own command line."""
    code, port = further_code(tmp_path / "code"), str(free_port())
    url = f"http://127.0.0.1:{port}"
    with sqlite() as database_url, requests.Session() as session, closing(_Opened(database_url)) as opened:
        settings = {
            "DATABASE_URL": database_url,
            "REDIS_URL": valkey_url,
            "REFUND_SYNC_SECRET_KEY": Fernet.generate_key().decode(),
            "REFUND_SYNC_DATA_DIR": str(tmp_path / "var"),
            "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
            "PYTHONPATH": str(code),
        }
        with family(**settings) as processes:
            web = processes.start("web", "--port", port, "--processes", "1")
            sandbox = processes.start("sandbox", "--port", "0")
            assert sandbox.stdout
            control = Control(sandbox.stdout.readline().split()[4], session)
            books = Books(control, "1234567-sb1", 1, "books")
            made = Bazaar(tmp_path, processes, control, books, url, opened.database)
            connect(made)
            eventually(lambda: answers(f"{url}/readyz"))
            yield made
            assert web.poll() is None


class _Opened:
    """A ledger that is closed at the end."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)

    def close(self) -> None:
        self.database.dispose()


def connect(bazaar: Bazaar) -> None:
    """Connect the books and the stall, as a person does."""
    sandbox = bazaar.control.url
    bazaar.control.post("netsuite/accounts", {"account_id": "1234567_SB1", "tba": TBA})
    bazaar.run(
        *("netsuite", "add", "books", "--account-id", "1234567_SB1"),
        *("--credentials-file", bazaar.file("books.json", {"auth": "tba", **TBA})),
        *("--api-url", f"{sandbox}/netsuite/{bazaar.books.tenant}"),
    )
    stall = {"stall": STALL, "key": KEY, "secret": SECRET, "order": ORDER, "number": ORDER}
    bazaar.control.post("bazaar/stalls", {**stall, "url": f"{bazaar.url}/webhooks/bazaar/stall"})
    said = bazaar.run(
        *("account", "add", "stall", "--platform", "bazaar", "--storefront", STALL, "--netsuite", "books"),
        *("--credentials-file", bazaar.file("stall.json", {"stall_key": KEY})),
        *("--webhook-secret-file", bazaar.file("secret", SECRET)),
        *("--api-url", f"{sandbox}/bazaar/{STALL}"),
    )
    assert "carries refunds to netsuite" in said
    assert "Subscribe to these topics, in the stall's settings:" in said


def test_the_copy_differs_by_the_modules_and_a_line_in_each_registry(tmp_path: Path) -> None:
    code = further_code(tmp_path)
    changed, added = set(), set()
    for path in (each for room in ROOMS for each in (code / room).rglob("*.*") if each.is_file()):
        name = str(path.relative_to(code))
        if path.suffix == ".pyc":
            continue
        if not (ROOT / name).exists():
            added.add(name)
        elif not filecmp.cmp(path, ROOT / name, shallow=False):
            changed.add(name)
    assert added == set(MODULES.values())
    assert changed == set(REGISTRIES)
    for name, (imported, _, line) in REGISTRIES.items():
        before, after = ((home / name).read_text().splitlines() for home in (ROOT, code))
        assert [each for each in after if each not in before] == [imported, line]
        assert len(after) == len(before) + 2


def test_its_refund_becomes_a_record_in_netsuite_and_everything_knows_it(bazaar: Bazaar) -> None:
    bazaar.books.order(ORDER)
    bazaar.run("account", "test", "stall")
    bazaar.processes.start("worker", "bazaar")

    assert bazaar.refund("R-1") == requests.codes.ok
    assert bazaar.refund("R-2", secret="not the owner's") == requests.codes.unauthorized
    eventually(lambda: bazaar.states() == ["posted"])

    (refund,) = bazaar.refunds()
    assert (refund["source_channel"], refund["transaction_type"]) == ("bazaar", "credit_memo")
    assert refund["amount"] == {"amount": "20.00", "currency": "USD"}
    assert bazaar.books.writes() == {"creditMemo": 1}
    attempts = bazaar.run("refund", "show", str(refund["id"]), "--json")
    assert "creditMemo" in attempts
    assert KEY not in attempts

    with bazaar.browser() as browser:
        for path, says in (
            ("/refunds?platform=bazaar&channel=bazaar", f"https://bazaar.example/{STALL}/orders/{ORDER}"),
            (f"/refunds/{refund['id']}", f"https://bazaar.example/{STALL}/orders/{ORDER}"),
        ):
            page = browser.get(bazaar.url + path, timeout=PATIENCE)
            assert page.status_code == requests.codes.ok
            assert says in page.text

    is_known_everywhere(bazaar)


def is_known_everywhere(bazaar: Bazaar) -> None:
    """Check that portal, API, metrics and command know the platform."""
    pages = {
        "/settings/accounts": "Grand Bazaar",
        "/settings/accounts/stall": "Key of the stall",
        "/settings/rules": "Grand Bazaar",
        "/settings/rules/stall": "Fees that the marketplace gives back to you",
        "/settings/mappings/stall": "Generic items",
        "/syncs": "Marketplaces (Amazon, eBay, Grand Bazaar)",
        "/refunds": ">Grand Bazaar</option>",
        "/refunds/retrieve": "stall (Grand Bazaar",
        "/": "Grand Bazaar",
    }
    with bazaar.browser() as browser:
        for path, says in pages.items():
            page = browser.get(bazaar.url + path, timeout=PATIENCE)
            assert (page.status_code, says in page.text) == (requests.codes.ok, True), path
        assert "Refunds that no request" not in browser.get(f"{bazaar.url}/settings/rules/stall").text

        token = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', browser.get(f"{bazaar.url}/me").text)
        assert token is not None
        form = {"csrf_token": token[1], "stall_key": "bzr_another"}
        saved = browser.post(f"{bazaar.url}/settings/accounts/stall/credentials", form, timeout=PATIENCE)
        assert saved.status_code == requests.codes.ok
        assert "The credentials were saved" in saved.text

    asked = {"Authorization": f"Bearer {bazaar.token()}"}
    (account,) = requests.get(f"{bazaar.url}/api/v1/accounts", headers=asked, timeout=PATIENCE).json()[
        "items"
    ]
    assert (account["platform"], account["direction"]) == ("bazaar", "to_netsuite")
    assert 'queue="bazaar"' in requests.get(f"{bazaar.url}/metrics", timeout=PATIENCE).text

    process = bazaar.processes.start(
        *("account", "add", "other", "--platform", "bazaar", "--storefront", "shop-1", "--netsuite", "books"),
        *("--credentials-file", bazaar.file("other.json", {"stall_key": KEY})),
        *("--webhook-secret-file", bazaar.file("secret", SECRET)),
    )
    assert ended(process) == 1  # it is not what a stall is called
