"""Amazon, declared."""

import re
from typing import Final

from ledger.platforms.credentials import CLIENT, REFRESH, Form
from ledger.platforms.declaration import Declaration, Kind

# https://developer-docs.amazon.com/sp-api/docs/seller-central-urls
_SELLER_CENTRAL: Final = {
    **dict.fromkeys(("USD", "CAD", "MXN"), "sellercentral.amazon.com"),
    **dict.fromkeys(("EUR", "GBP"), "sellercentral-europe.amazon.com"),
    "BRL": "sellercentral.amazon.com.br",
    "SEK": "sellercentral.amazon.se",
    "PLN": "sellercentral.amazon.pl",
    "TRY": "sellercentral.amazon.com.tr",
    "AED": "sellercentral.amazon.ae",
    "SAR": "sellercentral.amazon.sa",
    "EGP": "sellercentral.amazon.eg",
    "INR": "sellercentral.amazon.in",
    "SGD": "sellercentral.amazon.sg",
    "AUD": "sellercentral.amazon.com.au",
    "JPY": "sellercentral.amazon.co.jp",
}


def _order_url(_seller_id: str, order_id: str, currency: str) -> str:
    """Return the order's address; its currency tells which of Amazon's sites it is on."""
    host = _SELLER_CENTRAL.get(currency, "")
    return f"https://{host}/orders-v3/order/{order_id}" if host else ""


AMAZON: Final = Declaration(
    name="amazon",
    label="Amazon",
    kind=Kind.MARKETPLACE,
    storefront_label="Merchant token",
    storefront_hint="Seller Central shows it under Account Info, such as A2EXAMPLE.",
    credentials=Form(
        (*CLIENT, REFRESH),
        (("client_id", "client_secret", "refresh_token"),),
        ("region", "finances", "secret_header", "topic_arns"),
    ),
    rules=frozenset({"selling_fees"}),
    order_url=_order_url,
    tokens=(
        re.compile(r"\bAtz[a-z]\|[\w+/=.-]{1,4096}"),  # access and refresh tokens
        re.compile(r"\bamzn1\.oa2-cs\.[\w.-]{1,512}"),  # client secrets
        re.compile(r"(?i)(?<=x-amz-signature=)\w{1,4096}"),  # addresses signed in advance, as texts hold them
        re.compile(r"(?i)(?<=x-amz-security-token=)[\w%+/=.-]{1,4096}"),
    ),
)
