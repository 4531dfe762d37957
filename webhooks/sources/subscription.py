"""What a platform has to be asked to send, and where a person asks it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a platform has to be asked to send.

    Attributes:
        topics: The platform's own names for it.
        where: Where it is asked for them.
        secret: Where the secret comes from that vouches for what it sends.
    """

    topics: tuple[str, ...]
    where: str
    secret: str
