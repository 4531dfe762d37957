"""Traces those tests alone by which the code has to be covered whole, in one run with all the others.

To trace every test makes all of them half as slow again, and a run of its own for those that are traced would
load, collect and start everything once more. `COVERED_BY` holds their paths, with blanks between; without it,
whatever coverage is told to do is left alone.

Each process of the tests begins with its part of the traced ones, so that nothing that is made once, such as
the template of a database, was made before without being traced.
"""

import os
from collections.abc import Generator, Sequence
from typing import Final, TypeVar, cast

import coverage
import pytest

T = TypeVar("T")

ENVIRONMENT: Final = "COVERED_BY"
_LONG: Final = "tests/functional/"  # what takes longest, and is not to be what everybody waits for at the end


class Covering:
    """A plugin of pytest.

    Args:
        config: Says how many processes there are.
        paths: Of the tests to trace, files or directories.
    """

    def __init__(self, config: pytest.Config, paths: tuple[str, ...]) -> None:
        self._config = config
        self._paths = paths
        self._is_traced = True  # it begins with what is collected

    @classmethod
    def of(cls, config: pytest.Config) -> "Covering | None":
        """Return what the environment asks for; None where it does not."""
        paths = tuple(os.environ.get(ENVIRONMENT, "").split())
        return cls(config, paths) if paths else None

    def covers(self, nodeid: str) -> bool:
        """Return whether a test is traced."""
        return any(nodeid.startswith((f"{path}/", f"{path}::")) for path in self._paths)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Let each process begin with its part of the traced ones."""
        count = int(getattr(self._config, "workerinput", {}).get("workercount", 1))
        traced = [item for item in items if self.covers(item.nodeid)]
        others = [item for item in items if not self.covers(item.nodeid)]
        others.sort(key=lambda item: not item.nodeid.startswith(_LONG))
        items[:] = dealt(traced, others, count)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Trace a test, with all that is made for it, or do not."""
        if (found := self._coverage()) and (wanted := self.covers(item.nodeid)) is not self._is_traced:
            if wanted:
                found.start()
            else:
                found.stop()
            self._is_traced = wanted
        return (yield)

    def _coverage(self) -> coverage.Coverage | None:
        plugin = self._config.pluginmanager.getplugin("_cov")
        controller = getattr(plugin, "cov_controller", None)
        return cast("coverage.Coverage | None", getattr(controller, "cov", None))


def dealt(first: Sequence[T], then: Sequence[T], count: int) -> list[T]:
    """Return some parts, one after the other, each of its share of `first` and then its share of `then`.

    pytest-xdist cuts all that it has into equal parts, one for each process.
    """
    return [each for part in range(count) for all_ in (first, then) for each in _part(all_, part, count)]


def _part(all_: Sequence[T], part: int, count: int) -> Sequence[T]:
    return all_[part * len(all_) // count : (part + 1) * len(all_) // count]
