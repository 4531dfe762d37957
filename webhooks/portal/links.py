"""Where to send a person next: only to pages of our own."""

from urllib.parse import urlsplit


def local(target: str, default: str = "/") -> str:
    r"""Return a path of this site, or `default` if the target is anything else.

    Browsers take backslashes for slashes and drop control characters, so `/\\host` and `/\\t/host` lead away.
    """
    is_plain = target.isprintable() and "\\" not in target
    if not is_plain or not target.startswith("/") or target.startswith("//"):
        return default
    try:
        parts = urlsplit(target)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else target
