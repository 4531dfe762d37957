"""What a check found, and how to mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"  # works, but not as it should in production
    FAIL = "fail"  # refunds are not carried, or may be lost


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check looked at.

    Attributes:
        check: What was looked at.
        text: What was found.
        mend: What a person can do about it; empty where nothing needs doing.
    """

    check: str
    status: Status
    text: str
    mend: str = ""

    @classmethod
    def ok(cls, check: str, text: str) -> "Finding":
        """Return that all is well."""
        return cls(check, Status.OK, text)

    @classmethod
    def warn(cls, check: str, text: str, mend: str) -> "Finding":
        """Return that something should be mended."""
        return cls(check, Status.WARN, text, mend)

    @classmethod
    def fail(cls, check: str, text: str, mend: str) -> "Finding":
        """Return that something must be mended."""
        return cls(check, Status.FAIL, text, mend)
