import pytest

from ledger.platforms import Platform
from tests.support.sandboxed_ebay import APP
from webhooks.subscriptions import SUBSCRIPTIONS
from workers.platforms.errors import CredentialsError
from workers.platforms.storefronts import STOREFRONTS

SUBSCRIPTION = SUBSCRIPTIONS[Platform.EBAY]
STOREFRONT = STOREFRONTS[Platform.EBAY]


def test_an_ebay_account_is_added_with_the_applications_keys_and_the_sellers_consent() -> None:
    STOREFRONT.validate_credentials(APP)
    with pytest.raises(CredentialsError, match="refresh_token"):
        STOREFRONT.validate_credentials({**APP, "refresh_token": ""})


def test_the_verification_token_is_chosen_and_no_part_of_the_credentials() -> None:
    assert STOREFRONT.webhook_secret(APP) == ""
    assert "verification token" in SUBSCRIPTION.secret


def test_the_topics_are_those_that_are_understood() -> None:
    assert {"ORDER_CONFIRMATION", "MARKETPLACE_ACCOUNT_DELETION", "ORDER_RETURN_ACTIVITY"} <= set(
        SUBSCRIPTION.topics
    )
    assert "Notification" in SUBSCRIPTION.where
