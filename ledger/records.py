"""What people call the types of NetSuite's records."""

from collections.abc import Mapping
from typing import Final

RECORDS: Final[Mapping[str, str]] = {
    "salesorder": "sales order",
    "cashsale": "cash sale",
    "invoice": "invoice",
    "cashrefund": "cash refund",
    "creditmemo": "credit memo",
    "returnauthorization": "return authorization",
}
"""By the names that NetSuite's API has for them."""


def record_name(record_type: str) -> str:
    """Return what people call a type of record; a type that is not known, as it is."""
    return RECORDS.get(record_type, record_type)
