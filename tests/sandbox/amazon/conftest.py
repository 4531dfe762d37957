"""A seller on the sandbox's Amazon, and a client of its APIs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.sandbox.amazon.client import Api
from tests.sandbox.helpers import Control
from tests.support.sandboxed_amazon import Seller, open_amazon
from tests.support.specs_amazon import check_answers
from tests.workers.platforms import world


@pytest.fixture
def player(control: Control) -> Iterator[world.Control]:
    """The control API, kept open."""
    with requests.Session() as session:
        yield world.Control(control.url, session)


@pytest.fixture
def api(player: world.Control) -> Iterator[Api]:
    """A seller's APIs; every answer is checked where there are specifications."""
    app = open_amazon(player, "A3TH9S8BH6GOGM")
    seller = Seller(player, "A3TH9S8BH6GOGM", 1, "shirts")
    with requests.Session() as session:
        yield Api(seller, app, session=session)
    if specifications := os.environ.get("SPECS_DIR"):
        check_answers(Path(specifications), seller.calls())


@pytest.fixture
def seller(api: Api) -> Seller:
    """The seller, without notifications."""
    return api.seller
