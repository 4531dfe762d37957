"""The forms of accounts' credentials, which only write: nothing stored is ever shown.

Names and ways as `workers.platforms` documents them for each platform; a worker tries out what was saved.
"""

import json
from typing import Any, Final

from ledger.models import Account, NetSuiteAccount
from ledger.platforms.credentials import CredentialsRefusedError, Field, Form

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


def form_of(account: Account | NetSuiteAccount) -> Form:
    """Return the form of an account's platform."""
    return _NETSUITE if isinstance(account, NetSuiteAccount) else account.platform.declaration.credentials


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
