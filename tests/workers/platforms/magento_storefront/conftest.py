from collections.abc import Iterator

import pytest

from tests.support.sandboxed_magento import Store
from tests.workers.platforms.magento import opened, storefront
from tests.workers.platforms.world import Control
from workers.platforms.http import Http
from workers.platforms.magento_storefront import MagentoStorefront


@pytest.fixture
def store(control: Control) -> Iterator[Store]:
    with opened(control) as store:
        yield store


@pytest.fixture
def shop(store: Store, http: Http) -> MagentoStorefront:
    return storefront(store, http)
