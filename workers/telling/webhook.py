"""Messages posted to a webhook, signed as the Standard Webhooks specification says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the headers
`webhook-id`, `webhook-timestamp` and `webhook-signature`, which is an HMAC-SHA256 of both and the body. The
body's `text` is what incoming webhooks of Slack show, and those of others that took it over
(https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/).
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.telling.errors import TellingError
from workers.telling.words import Words

_ANSWER_LENGTH: Final = 200  # characters kept of what a receiver says is wrong
_LONGEST_TEXT: Final = 35_000  # characters; Slack cuts a message at 40,000
_PREFIX: Final = "whsec_"


def send(http: Http, url: str, secret: str, words: Words, key: str, *, is_test: bool, now: datetime) -> None:
    """Post a message.

    Args:
        http: The transport: it follows no redirect, and keeps off private addresses.
        url: Where to.
        secret: `whsec_` and the key in base64.
        words: What the message says.
        key: The same at every try.
        is_test: Somebody tries the channel out.
        now: The time, in UTC.

    Raises:
        TellingError: If it was not taken, or may not have been.
    """
    body = _body(words, key, is_test=is_test)
    try:
        answer = http.call(
            "POST",
            url,
            write=True,
            headers=_signed(secret, key, body, now),
            text=(body, "application/json"),
        )
    except PlatformError as error:
        reason = "refused" if error.reason == "REFUSED" else "unreachable"
        raise TellingError(reason, _without_path(error.detail, url)) from None  # its text holds the address
    if not answer.ok:
        said = _without_path(" ".join(answer.text.split())[:_ANSWER_LENGTH], url)
        host = urlsplit(url).hostname
        raise TellingError("refused", f"{host} answered {answer.status} {said}".strip())


def signature(secret: str, key: str, timestamp: str, body: str) -> str:
    """Return the signature of a message: `v1,` and an HMAC-SHA256 of `id.timestamp.body` in base64."""
    signed = f"{key}.{timestamp}.{body}".encode()
    digest = hmac.new(base64.b64decode(secret.removeprefix(_PREFIX)), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _signed(secret: str, key: str, body: str, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    return {
        "webhook-id": key,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(secret, key, timestamp, body),
    }


def _body(words: Words, key: str, *, is_test: bool) -> str:
    # Slack takes these three for its own marks, such as `<!channel>`:
    # https://docs.slack.dev/messaging/formatting-message-text#escaping
    text = f"{words.subject}\n{words.text}"[:_LONGEST_TEXT]
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    said = {
        "text": escaped,
        "id": key,
        "type": "test" if is_test else "alerts",
        "numbers": dict(words.numbers),
        "events": list(words.events),
    }
    return json.dumps(said, ensure_ascii=False)


def _without_path(text: str, url: str) -> str:
    """Return a text without the address's path, which is often its password."""
    parts = urlsplit(url)
    for secret in (parts.query, parts.path.rstrip("/")):
        if secret:
            text = text.replace(secret, "…")
    return text
