"""What a person who connects an account has to know of its platform: a module a platform, a line here."""

from typing import Final

from cli.platforms import shopify
from cli.platforms.guide import Guide
from ledger.models.accounts import Platform

GUIDES: Final[dict[Platform, Guide]] = {Platform.SHOPIFY: shopify.GUIDE}
"""The platforms whose accounts can be added."""
