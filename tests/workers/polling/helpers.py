"""What tests of polls do again and again."""

from datetime import timedelta

from sqlalchemy import update

from ledger import polls
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Poll
from ledger.queue import open_queue
from tests.support.readers import polled
from tests.support.sandboxed import SHIRT, Tenant
from tests.support.world import World

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
INTERVAL = 15 * MINUTE
ONE = [{"sku": SHIRT, "quantity": 1}]


def woken(world: World, source: str, function: str) -> list[int]:
    """Return the ids for which a worker of a queue was woken."""
    jobs = open_queue(source, world.runtime.redis).jobs
    return [job.args[0] for job in jobs if str(job.func_name).endswith(function)]


def lose(world: World, owner: Tenant) -> None:
    """Leave a poll as a worker does that was killed over it."""
    poll_id = polled(world, owner).id
    with world.database.write() as session:
        claimed = polls.claim(session, poll_id, now=utcnow())
    assert claimed is not None


def set_poll(database: Database, poll_id: int, **columns: object) -> None:
    with database.write() as session:
        session.execute(update(Poll).where(Poll.id == poll_id).values(**columns))
