import pytest

from ledger.platforms import Platform
from tests.support.sandboxed_magento import OAUTH
from webhooks.sources.magento_signatures import SECRET_HEADER
from webhooks.subscriptions import SUBSCRIPTIONS
from workers.platforms.errors import CredentialsError
from workers.platforms.storefronts import STOREFRONTS

SUBSCRIPTION = SUBSCRIPTIONS[Platform.MAGENTO]
STOREFRONT = STOREFRONTS[Platform.MAGENTO]


def test_a_magento_account_is_added_with_an_integrations_credentials() -> None:
    STOREFRONT.validate_credentials(OAUTH)
    with pytest.raises(CredentialsError, match="access_token_secret"):
        STOREFRONT.validate_credentials({**OAUTH, "access_token_secret": ""})


def test_an_extensions_secret_is_the_merchants_to_choose() -> None:
    assert STOREFRONT.webhook_secret(OAUTH) == ""
    assert SECRET_HEADER in SUBSCRIPTION.secret


@pytest.mark.parametrize("name", ["adobe_client_id", "commerce_public_key"])
def test_a_shop_that_signs_needs_no_secret_and_gets_one_that_nobody_knows(name: str) -> None:
    signed = {**OAUTH, name: "given"}
    first, second = STOREFRONT.webhook_secret(signed), STOREFRONT.webhook_secret(signed)
    assert min(len(first), len(second)) >= 32
    assert first != second


def test_the_topics_are_those_of_credit_memos_and_orders() -> None:
    assert "observer.sales_order_creditmemo_save_after" in SUBSCRIPTION.topics
    assert "Adobe I/O Events" in SUBSCRIPTION.where
