"""Web addresses that people type."""

from urllib.parse import SplitResult, urlsplit


def split(url: str) -> SplitResult:
    """Return the parts of an address; empty ones if it is none at all, such as `https://[::1`."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a port that is no number is found out only when asked for
    except ValueError:
        return urlsplit("")
    return parts
