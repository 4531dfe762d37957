"""OAuth 1.0a (RFC 5849) with HMAC-SHA256, as NetSuite's and Magento's tokens are used."""

from requests.auth import AuthBase


def signer(
    consumer_key: str, consumer_secret: str, token: str, token_secret: str, *, realm: str | None = None
) -> AuthBase:
    """Return what signs requests, each with a nonce and time of its own."""
    # Only here: most processes sign nothing so, and it is a good part of what they would load.
    from requests_oauthlib import OAuth1  # noqa: PLC0415

    auth: AuthBase = OAuth1(
        consumer_key,
        client_secret=consumer_secret,
        resource_owner_key=token,
        resource_owner_secret=token_secret,
        signature_method="HMAC-SHA256",
        realm=realm,
    )
    return auth
