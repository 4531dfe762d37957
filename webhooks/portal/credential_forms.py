"""What an account signs in with at its platform, as a form that only writes: nothing stored is ever shown.

Names and ways as `workers.platforms` documents them for each platform; a worker tries out what was saved.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.models import Account, NetSuiteAccount


@dataclass(frozen=True, slots=True)
class Field:
    """One part of the credentials.

    Attributes:
        is_long: It has several lines, such as a key in PEM.
    """

    name: str
    label: str
    is_long: bool = False


class CredentialsRefusedError(ValueError):
    """Raised when what was given makes no credentials; the message is for whoever gave it.

    Attributes:
        reason: Always `bad_credentials`.
    """

    reason = "bad_credentials"


@dataclass(frozen=True, slots=True)
class Form:
    """The credentials of a platform.

    Attributes:
        ways: The ways to sign in, each a set of names that all belong together.
        more: Further names that there may be, in any way.
        marks: A member that names the way, and its value for each way; empty where nothing does.
    """

    fields: Sequence[Field]
    ways: Sequence[Sequence[str]]
    more: Sequence[str] = ()
    marks: Sequence[Mapping[str, str]] = ()

    def merged(self, stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the credentials that stored ones become; None for a given one takes it out.

        What belongs to another way than the given ones is taken out by itself.

        Raises:
            CredentialsRefusedError: If they are of no way, or there is no such name.
        """
        exclusive = {name for way in self.ways for name in way}
        marks = {name for mark in self.marks for name in mark}
        unknown = sorted(set(given) - exclusive - marks - set(self.more))
        if unknown:
            raise CredentialsRefusedError(f"These credentials have no {', '.join(unknown)}.")
        whole = {name: value for name, value in {**stored, **given}.items() if value is not None}
        chosen = {name for name in given if name in exclusive and given[name] is not None}
        complete = [way for way in self.ways if chosen <= set(way) <= set(whole)]
        if not complete:
            said = "; or ".join(", ".join(way) for way in self.ways)
            raise CredentialsRefusedError(f"Give all of these: {said}.")
        way = max(complete, key=len)
        kept = {name: value for name, value in whole.items() if name not in exclusive - set(way)}
        return {**kept, **(self.marks[self.ways.index(way)] if self.marks else {})}


_CLIENT: Final = (Field("client_id", "Client id"), Field("client_secret", "Client secret"))
_REFRESH: Final = Field("refresh_token", "Refresh token")
_NETSUITE: Final = Form(
    (
        Field("client_id", "OAuth 2.0: client id"),
        Field("certificate_id", "OAuth 2.0: certificate id"),
        Field("private_key", "OAuth 2.0: private key (PEM)", is_long=True),
        Field("consumer_key", "Token-based: consumer key"),
        Field("consumer_secret", "Token-based: consumer secret"),
        Field("token_id", "Token-based: token id"),
        Field("token_secret", "Token-based: token secret"),
    ),
    (
        ("client_id", "certificate_id", "private_key"),
        ("consumer_key", "consumer_secret", "token_id", "token_secret"),
    ),
    marks=({"auth": "oauth2"}, {"auth": "tba"}),
)
_FORMS: Final[Mapping[str, Form]] = {
    "shopify": Form(
        (*_CLIENT, Field("access_token", "Access token, in place of both")),
        (("client_id", "client_secret"), ("access_token",)),
    ),
    "magento": Form(
        (
            Field("consumer_key", "Integration: consumer key"),
            Field("consumer_secret", "Integration: consumer secret"),
            Field("access_token", "Integration: access token"),
            Field("access_token_secret", "Integration: access token secret"),
            Field("client_id", "Cloud Service: client id"),
            Field("client_secret", "Cloud Service: client secret"),
            Field("commerce_public_key", "Commerce Webhooks: public key (PEM)", is_long=True),
        ),
        (
            ("consumer_key", "consumer_secret", "access_token", "access_token_secret"),
            ("access_token",),
            ("client_id", "client_secret"),
        ),
        ("store", "shipping_includes_tax", "adobe_client_id", "commerce_public_key", "secret_header"),
    ),
    "amazon": Form(
        (*_CLIENT, _REFRESH),
        (("client_id", "client_secret", "refresh_token"),),
        ("region", "finances", "secret_header", "topic_arns"),
    ),
    "ebay": Form(
        (*_CLIENT, _REFRESH),
        (("client_id", "client_secret", "refresh_token"),),
        ("scopes", "marketplace", "signing", "username", "user_id", "legacy"),
    ),
}


def form_of(account: Account | NetSuiteAccount) -> Form:
    """Return the form of an account's platform."""
    return _NETSUITE if isinstance(account, NetSuiteAccount) else _FORMS[account.platform.value]


def read_json(text: str) -> dict[str, Any]:
    """Return the members of a JSON object; none of an empty text.

    Raises:
        CredentialsRefusedError: If it is none. The parser's message would quote a secret, so it is not told.
    """
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CredentialsRefusedError('This is not a JSON object such as {"region": "eu"}.')
    return found
