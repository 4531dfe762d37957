"""The Key Management API: pairs of keys for digital signatures.

https://developer.ebay.com/api-docs/developer/key-management/overview.html
"""

import uuid

from flask import Response

from sandbox.ebay.errors import EbayError, answer
from sandbox.ebay.refunds import read_body
from sandbox.ebay.signatures import CIPHERS, make_key
from sandbox.ebay.visit import PLATFORM, Visit


def create(visit: Visit) -> Response:
    """Answer ``POST /developer/key_management/v1/signing_key``; the private key is never seen again."""
    try:
        body = read_body(visit)
    except EbayError as error:
        raise EbayError(210006, status=error.status) from error
    cipher = body.get("signingKeyCipher")
    if cipher not in CIPHERS:
        raise EbayError(210001)
    key, private = make_key(str(cipher), str(uuid.uuid4()), visit.now)
    visit.seller.keys[key.id] = key
    visit.world.writes.add(PLATFORM, visit.seller.id, "createSigningKey")
    return answer({**key.as_json(), "privateKey": private})


def get(visit: Visit) -> Response:
    """Answer ``GET /developer/key_management/v1/signing_key/{signing_key_id}``."""
    key = visit.seller.keys.get(visit.names["key_id"])
    if key is None:
        raise EbayError(210002, signingKeyId=visit.names["key_id"])
    return answer(key.as_json())


def get_all(visit: Visit) -> Response:
    """Answer ``GET /developer/key_management/v1/signing_key``."""
    return answer({"signingKeys": [key.as_json() for key in visit.seller.keys.values()]})
