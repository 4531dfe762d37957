"""A store, a client of its API, and a receiver of its pushes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.sandbox.helpers import Control
from tests.sandbox.magento.client import Client, signer
from tests.sandbox.magento.receiver import PushReceiver, receiving_pushes
from tests.support.sandboxed_magento import Store, open_magento
from tests.support.specs_magento import check_answers
from tests.workers.platforms.world import Control as WorldControl


@pytest.fixture
def store(control: Control) -> Iterator[Store]:
    """A store without pushes; all that it answers is checked against the specification, if there is one."""
    with requests.Session() as session:
        store = Store(WorldControl(control.url, session), "shop", 0, "shop")
        open_magento(store.control, store.tenant)
        yield store
        specs = os.environ.get("SPECS_DIR")
        if specs:
            check_answers(Path(specs), store.calls())


@pytest.fixture
def client(store: Store) -> Client:
    """A client with the integration's credentials."""
    return Client(store, signer())


@pytest.fixture
def pushed() -> Iterator[PushReceiver]:
    """A receiver of pushes."""
    with receiving_pushes() as receiver:
        yield receiver
