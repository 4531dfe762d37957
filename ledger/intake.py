"""Take deliveries in: written down once, committed together with what comes at the same time, and told on.

Nothing returns before its own delivery is committed.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from ledger import deliveries
from ledger.database import Database
from ledger.deliveries import Row
from ledger.queue import Waker
from ledger.together import Together


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


class Intake:
    """Takes the deliveries of a process's threads in."""

    def __init__(self, database: Database, waker: Waker) -> None:
        """Write to a ledger, then wake workers."""
        self._database = database
        self._waker = waker
        self._together = Together(self._take_all, self._wake)

    @property
    def waiting(self) -> int:
        """How many deliveries wait for others to be committed."""
        return self._together.waiting

    def take(self, make: Callable[[], Row]) -> Taken:
        """Write a delivery down, and wake a worker if it is new and understood.

        Args:
            make: Returns a row as `ledger.deliveries.row` does. It is called by whichever thread commits, one
                after the other: what is done several times in a row costs a fraction of what it costs in
                between other things.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If it could not be written down.
            Exception: What `make` raises.
        """
        return self._together.do(make)

    def _take_all(self, makers: Sequence[Callable[[], Row]]) -> list[Taken | Exception]:
        made = [_made(make) for make in makers]
        rows = [each for each in made if not isinstance(each, Exception)]
        taken = iter(self._commit(rows) if rows else ())
        return [each if isinstance(each, Exception) else next(taken) for each in made]

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

    def _wake(self, taken: Sequence[Taken | Exception]) -> None:
        by_source: dict[str, list[Taken]] = defaultdict(list)
        for each in taken:
            if isinstance(each, Taken) and each.source:
                by_source[each.source].append(each)
        for source, group in by_source.items():
            woken = self._waker.deliveries(source, [each.id for each in group if each.id is not None])
            for each in group:
                each.woken = woken


def _made(make: Callable[[], Row]) -> Row | Exception:
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
        return error


def _taken(row: Row, number: int | None) -> Taken:
    is_to_be_worked_off = number is not None and not row["reason"]
    return Taken(number, row["source"] if is_to_be_worked_off else "")
