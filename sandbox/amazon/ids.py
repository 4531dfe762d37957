"""Ids in the forms Amazon gives them."""

import secrets
from itertools import count


class Ids:
    """Gives out ids, none of them twice."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def order(self) -> str:
        """Return an order id in the 3-7-7 form."""
        number = next(self._numbers)
        return f"112-{number:07d}-{secrets.randbelow(10**7):07d}"

    def number(self, digits: int) -> str:
        """Return an id of so many digits, such as an order item's 14."""
        return f"1{next(self._numbers):0{digits - 1}d}"

    def token(self) -> str:
        """Return an id such as a transaction's, 43 characters of base64url."""
        return secrets.token_urlsafe(32)
