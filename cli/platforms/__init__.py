"""What a person who connects an account has to know of its platform: a module a platform, a line here."""

from typing import Final

from cli.platforms import amazon, ebay, magento, shopify
from cli.platforms.guide import Guide
from ledger.models.accounts import Platform

GUIDES: Final[dict[Platform, Guide]] = {
    Platform.AMAZON: amazon.GUIDE,
    Platform.SHOPIFY: shopify.GUIDE,
    Platform.EBAY: ebay.GUIDE,
    Platform.MAGENTO: magento.GUIDE,
}
"""The platforms whose accounts can be added."""
