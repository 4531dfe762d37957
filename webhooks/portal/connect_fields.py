"""The fields of connecting an account: what they ask for, and beside which of them an error belongs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ledger.platforms.credentials import Form

CREDENTIALS: Final = "credentials"
"""Where an error stands that is about the credentials as a whole."""

LONGEST_ID: Final = 255
"""How many characters the platform's own name of a storefront may have."""

_BESIDE: Final[Mapping[str, str]] = {
    "bad_slug": "slug",
    "exists": "slug",
    "bad_storefront_id": "storefront",
    "bad_netsuite_id": "account_id",
    "not_found": "netsuite",
    "bad_url": "api_url",
    "weak_secret": "secret",
    "bad_number": "concurrency",
}


def ways(form: Form) -> Sequence[str]:
    """Return the ways to sign in at a platform, each in the labels of its fields."""
    labels = {field.name: field.label for field in form.fields}
    return [", ".join(labels.get(name, name) for name in way) for way in form.ways]


def needed(form: Form) -> frozenset[str]:
    """Return what credentials have whichever way they are of."""
    return frozenset.intersection(*(frozenset(way) for way in form.ways))


def missing(form: Form, given: Iterable[str]) -> Mapping[str, str]:
    """Return what is said beside each credential that is not there, where it is plain which way was meant."""
    names = set(given)
    meant = [way for way in form.ways if names <= set(way)]
    if any(set(way) <= names for way in form.ways) or len(meant) != 1:
        return {}
    return {name: "This belongs to it, too." for name in meant[0] if name not in names}


def about(form: Form, message: str) -> str:
    """Return which of the credentials a message is about; `CREDENTIALS` if it names none, or several."""
    said = message.lower()
    named = [
        field.name
        for field in form.fields
        if re.search(rf"\b{field.name}\b|\b{field.name.replace('_', ' ')}\b", said)
    ]
    return named[0] if len(named) == 1 else CREDENTIALS


def beside(reason: str) -> str:
    """Return the field that a refusal of the ledger is about; empty if it is about none of them."""
    return _BESIDE.get(reason, "")
