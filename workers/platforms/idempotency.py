"""The idempotency key of a refund: the same for every try, another for every refund."""

import uuid
from typing import Final

# A namespace of our own (RFC 9562 section 6.6), so that no other use of the same text gives the same key.
_NAMESPACE: Final = uuid.UUID("6e6c1a52-3f0b-5c55-8b0e-2f4f3d1a9c07")


def key_for(refund_key: str, generation: int = 0) -> str:
    """Return the idempotency key of a refund, as a UUID's text.

    Args:
        refund_key: Our stable key of the refund, `rs-{account}-{source refund id}`.
        generation: How many keys of this refund a platform has declared used up.
    """
    name = f"{refund_key}#{generation}" if generation else refund_key
    return str(uuid.uuid5(_NAMESPACE, name))
