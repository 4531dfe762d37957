"""Endpoints as the sources see them, without a ledger."""

import pytest

from ledger.policy import Policy
from tests.support.ledger import SECRET
from tests.webhooks.platforms import NETSUITE_ID, SHOP
from webhooks.sources.protocol import Endpoint


@pytest.fixture
def shop() -> Endpoint:
    return Endpoint("shopify", "shopify-shop", SHOP, 1, 1, Policy(), (SECRET,))


@pytest.fixture
def books() -> Endpoint:
    return Endpoint("netsuite", "books", NETSUITE_ID, 1, None, Policy(), (SECRET,))
