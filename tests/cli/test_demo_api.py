"""The API as the demo uses it: what is not taken, and what nothing came of, ends the scenario."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from werkzeug.serving import make_server

from cli.demo.api import Api
from cli.demo.watch import DemoError
from ledger import people, requests, runs
from ledger.clock import utcnow
from ledger.models import Role, RunState
from ledger.settings import Settings
from tests.cli.connecting import connect
from tests.cli.installation import Installation
from webhooks.app import create_app

HOUR = timedelta(hours=1)


@contextmanager
def web(installation: Installation) -> Iterator[str]:
    """Serve the installation's web process; yield its address."""
    settings = Settings.from_env({name: value for name, value in installation.env.items() if value})
    app = create_app(settings, database=installation.database)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def joined(installation: Installation) -> Installation:
    """A shop joined to NetSuite; nobody works for it."""
    return connect(installation)


@pytest.fixture
def address(joined: Installation) -> Iterator[str]:
    with web(joined) as url:
        yield url


@pytest.fixture
def api(joined: Installation, address: str) -> Api:
    """The API, for somebody who operates the shop."""
    with joined.database.write() as session:
        _, token = people.add_token(session, "demo", Role.OPERATOR, HOUR, now=utcnow(), actor="demo")
    return Api(address, token)


def test_a_stranger_is_not_let_in(address: str) -> None:
    with pytest.raises(DemoError, match="POST /accounts/my-shop/retrieve: 401"):
        Api(address, "rs_made-up").retrieve("my-shop", "1001")


def test_an_account_that_there_is_not_is_told(api: Api) -> None:
    with pytest.raises(DemoError, match=r"404.*nobody"):
        api.retrieve("nobody", "1001")


def test_a_request_has_no_answer_until_there_is_one(joined: Installation, api: Api) -> None:
    asked = api.retrieve("my-shop", "1001")
    assert api.answer(asked) is None
    with joined.database.write() as session:
        claimed = requests.claim(session, int(asked.rpartition("/")[2]), now=utcnow())
        assert claimed is not None
        requests.answer(session, claimed, {"refund_ids": [7], "new_ids": []}, now=utcnow())
    assert api.answer(asked) == {"refund_ids": [7], "new_ids": []}


def test_a_request_that_failed_says_why(joined: Installation, api: Api) -> None:
    asked = api.retrieve("my-shop", "1001")
    with joined.database.write() as session:
        claimed = requests.claim(session, int(asked.rpartition("/")[2]), now=utcnow())
        assert claimed is not None
        requests.fail(session, claimed, "no_refund", "order 1001 has no refund", now=utcnow())
    with pytest.raises(DemoError, match="no_refund order 1001 has no refund"):
        api.answer(asked)


def test_a_reconciliation_is_counted_once_it_is_over(joined: Installation, api: Api) -> None:
    run = api.reconcile("my-shop", utcnow() - HOUR, utcnow() + HOUR)
    assert api.counted(run) is None
    with joined.database.write() as session:
        claimed = runs.claim(session, int(run.rpartition("/")[2]), now=utcnow())
        assert claimed is not None
        runs.end(session, claimed, RunState.DONE, now=utcnow())
    assert api.counted(run) == {}
    assert api.orders(run, "netsuite_lacks_it") == []


def test_a_reconciliation_that_failed_says_why(joined: Installation, api: Api) -> None:
    run = api.reconcile("my-shop", utcnow() - HOUR, utcnow() + HOUR)
    with joined.database.write() as session:
        claimed = runs.claim(session, int(run.rpartition("/")[2]), now=utcnow())
        assert claimed is not None
        runs.end(session, claimed, RunState.FAILED, now=utcnow(), reason="REFUSED", detail="no such thing")
    with pytest.raises(DemoError, match="failed: REFUSED no such thing"):
        api.counted(run)
