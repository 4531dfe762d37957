"""Logging for every process: one event a line, on standard error, with secrets taken out.

The standard library's loggers go the same way, so that a library's warning looks like our own lines.
"""

import logging
import re
import sys
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK: Final = "[masked]"

_SECRET_KEY: Final = re.compile(
    r"(^|[_-])(secrets?|passwords?|passwd|tokens?|authorization|cookies?|credentials?|signature|hmac|"
    r"private[_-]?key|api[_-]?key)([_-]sha256)?$",
    re.IGNORECASE,
)
# `scheme://user:password@host`, as connection errors of databases and queues quote it
_URL_PASSWORD: Final = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]+(?=@)")


def configure(log_format: str, *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Set up logging for this process.

    Args:
        log_format: `json`, a JSON object a line, or `console`, for people.
        level: The least level that is written.
        stream: Where to write; standard error by default.
    """
    written_to = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Plain text on purpose: structured tracebacks carry local variables, and secrets with them.
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    renderer = _renderer(log_format)
    handler = logging.StreamHandler(written_to)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Our own lines do not take the way through the standard library, which costs more than all else of them.
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=partial(_Lines, written_to),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


class _Lines(structlog.WriteLogger):
    """Writes lines to a stream, whole and at once."""

    def __init__(self, stream: TextIO, name: str) -> None:
        super().__init__(stream)
        self.name = name


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask what must not be in a log: values of secret-sounding keys, and passwords in addresses."""
    return {key: _masked(key, value) for key, value in event.items()}


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def _masked(key: str, value: object) -> object:
    if value and _is_secret(key):
        return MASK
    if isinstance(value, str):
        return _URL_PASSWORD.sub(MASK, value) if "://" in value else value
    if isinstance(value, Mapping):
        return {name: _masked(str(name), inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked("", inner) for inner in value]
    return value


def _renderer(log_format: str) -> Processor:
    if log_format == "console":
        return structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer(default=str)
