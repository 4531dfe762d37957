"""What an account signs in with at its platform: the parts, and which of them belong together; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final


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


CLIENT: Final = (Field("client_id", "Client id"), Field("client_secret", "Client secret"))
REFRESH: Final = Field("refresh_token", "Refresh token")
