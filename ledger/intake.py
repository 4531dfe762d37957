"""Take deliveries in: written down once, committed together with what comes at the same time, and told on.

Nothing returns before its own delivery is committed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from ledger import deliveries
from ledger.database import Database
from ledger.deliveries import Row
from ledger.queue import Waker
from ledger.together import Together

ToldT = TypeVar("ToldT")

_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class Taken:
    """What became of a delivery.

    Attributes:
        id: The ledger's; None if one with its key was there already.
        source: Whose queue a worker is woken on; empty if none is to be.
        woken: Whether Redis took the call.
    """

    id: int | None
    source: str
    woken: bool = False


@dataclass(slots=True)
class _Asked:
    """One thread's delivery.

    Attributes:
        make: Returns its row.
        tell: Is given what became of it, and returns what the thread is told.
        told: That, or what `tell` raised.
    """

    make: Callable[[], Row]
    tell: Callable[[Taken], Any]
    taken: Taken = field(default_factory=lambda: Taken(None, ""))
    told: Any = None


class Intake:
    """Takes the deliveries of a process's threads in."""

    def __init__(self, database: Database, waker: Waker) -> None:
        """Write to a ledger, then wake workers."""
        self._database = database
        self._waker = waker
        self._together = Together(self._take_all, self._tell)

    @property
    def waiting(self) -> int:
        """How many deliveries wait for others to be committed."""
        return self._together.waiting

    def take(self, make: Callable[[], Row], tell: Callable[[Taken], ToldT]) -> ToldT:
        """Write a delivery down, wake a worker if it is new and understood, and return what is told of it.

        Both are called by whichever thread commits, one after the other: what is done several times in a row
        costs a fraction of what it costs in between other things.

        Args:
            make: Returns a row as `ledger.deliveries.row` does.
            tell: Is given what became of it.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If it could not be written down.
            Exception: What `make` or `tell` raises.
        """
        told = self._together.do(_Asked(make, tell)).told
        if isinstance(told, Exception):
            raise told
        return cast("ToldT", told)

    def _take_all(self, asked: Sequence[_Asked]) -> list[_Asked | Exception]:
        made = [_made(each.make) for each in asked]
        rows = [each for each in made if not isinstance(each, Exception)]
        taken = iter(self._commit(rows) if rows else ())
        return [_settle(each, of_it, taken) for each, of_it in zip(asked, made, strict=True)]

    def _commit(self, rows: Sequence[Row]) -> list[Taken | Exception]:
        """Commit all in one transaction; where that is refused, each in its own, so that it alone fails."""
        try:
            ids = self._accept(rows)
        except OperationalError as error:  # the database is not there, for none of them
            return [error] * len(rows)
        except SQLAlchemyError as error:
            return [error] if len(rows) == 1 else [self._commit([row])[0] for row in rows]
        return [_taken(row, ids.get(row["trace_id"])) for row in rows]

    def _accept(self, rows: Sequence[Row]) -> dict[str, int]:
        """Commit rows in one statement, or in one transaction with the alerts that are raised of them."""
        if not deliveries.raises(rows):
            return deliveries.accept_without_alerts(self._database.autocommit, rows)
        with self._database.write() as session:
            return deliveries.accept_all(session.connection(), rows)

    def _tell(self, settled: Sequence[_Asked | Exception]) -> None:
        """Wake workers, then tell what became of each; a call that fails is repeated by the scheduler."""
        those = [each for each in settled if isinstance(each, _Asked)]
        try:
            self._wake([each.taken for each in those])
        except Exception:  # noqa: BLE001 - committed is committed, and nobody's answer hangs on this
            _log.exception("not_woken", reason="INTERNAL")
        for each in those:
            each.told = _made(partial(each.tell, each.taken))

    def _wake(self, taken: Sequence[Taken]) -> None:
        by_source: dict[str, list[Taken]] = defaultdict(list)
        for each in taken:
            if each.source:
                by_source[each.source].append(each)
        for source, group in by_source.items():
            woken = self._waker.deliveries(source, [each.id for each in group if each.id is not None])
            for each in group:
                each.woken = woken


def _settle(asked: _Asked, made: Row | Exception, taken: Iterator[Taken | Exception]) -> _Asked | Exception:
    """Return what was asked for with what became of it, or why it did not come to that."""
    became = made if isinstance(made, Exception) else next(taken)
    if isinstance(became, Exception):
        return became
    asked.taken = became
    return asked


def _made(make: Callable[[], ToldT]) -> ToldT | Exception:
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
        return error


def _taken(row: Row, number: int | None) -> Taken:
    is_to_be_worked_off = number is not None and not row["reason"]
    return Taken(number, row["source"] if is_to_be_worked_off else "")
