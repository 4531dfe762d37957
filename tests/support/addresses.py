"""Addresses compiled once for all applications that the tests make.

Werkzeug writes and compiles a function for each address of an application. A process of ours makes one
application; tests make hundreds with the same addresses, and to compile those was half of making one.
"""

from collections.abc import Callable
from typing import Final

from werkzeug.routing import Rule

_Build = Callable[..., tuple[str, str]]

_COMPILED: Final[dict[tuple[str, tuple[tuple[bool, str], ...], bool], _Build]] = {}


def share_addresses() -> None:
    """Let all applications that are made from now on share what builds their addresses."""
    compiled: Callable[[Rule, bool], _Build] = vars(Rule)["_compile_builder"]

    def shared(rule: Rule, append_unknown: bool = True) -> _Build:  # noqa: FBT001, FBT002 - Werkzeug's signature
        if rule.defaults:  # they become part of the function
            return compiled(rule, append_unknown)
        key = rule.rule, tuple(vars(rule)["_trace"]), append_unknown
        if key not in _COMPILED:
            _COMPILED[key] = compiled(rule, append_unknown)
        return _COMPILED[key]

    setattr(Rule, "_compile_builder", shared)  # noqa: B010 - a method of its own, which mypy lets nobody assign
