"""eBay's pushes, signed, over HTTP to the web process, and the worker and scheduler that take them over."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from ledger import polls
from ledger.clock import utcnow
from ledger.models import Delivery
from ledger.queue import open_queue
from tests.support.applications import SharedApplication
from tests.support.ledger import SECRET
from tests.support.sandboxed import Books
from tests.support.sandboxed_ebay import EbaySeller
from tests.support.waiting import until
from tests.support.world import World
from tests.webhooks.test_http import served
from workers.scheduler import Scheduler
from workers.worker import make_worker

LEGACY: Final = {"dev_id": "dev-1", "app_id": "RefundSy-sandbox", "cert_id": "PRD-cert-1"}
"""What Platform Notifications of old are signed with."""

_QUEUES: Final = ("ebay", "netsuite")
_ROUNDS: Final = 3


@dataclass(frozen=True)
class Pushed:
    """A seller whose notifications come to us.

    Attributes:
        url: Where the web process answers.
    """

    world: World
    seller: EbaySeller
    url: str

    def listen(self, **push: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Have eBay send its notifications; `push` as the sandbox's control API has it."""
        to = {"url": f"{self.url}/webhooks/ebay/{self.seller.slug}", "verification_token": SECRET}
        self.seller.change(push={**to, "challenge": False, **push})

    def rest(self) -> None:
        """Let the account be asked for news, so that this is not due again for long."""
        with self.world.database.write() as session:
            poll = polls.hurry(session, self.world.account(self.seller), now=utcnow())
            claimed = polls.claim(session, poll.id, now=utcnow())
            assert claimed is not None
            polls.advance(session, claimed, utcnow() - timedelta(minutes=1), now=utcnow())
            polls.finish(session, claimed, found=0, interval=timedelta(days=1), now=utcnow())

    def settle(self) -> None:
        """Wait until all pushes were accepted, and do what they and the scheduler have workers do."""
        until(lambda: all(each["delivered"] for each in self.seller.webhooks()))
        scheduler = Scheduler(self.world.runtime)
        for _ in range(_ROUNDS):
            scheduler.sweep()
            for queue in _QUEUES:
                make_worker(queue, self.world.runtime.redis).work(burst=True, logging_level="CRITICAL")
        assert not any(open_queue(queue, self.world.runtime.redis).jobs for queue in _QUEUES)

    def deliveries(self, topic: str = "") -> list[Delivery]:
        """Return what was received, of one topic if given, oldest first."""
        with self.world.database.read() as session:
            found = session.query(Delivery).order_by(Delivery.id).all()
        return [each for each in found if topic in {"", each.topic}]


@contextmanager
def pushing(world: World, netsuite: Books) -> Iterator[Pushed]:
    """Serve the web process for a seller who was connected an hour ago, and asked for news just now."""
    app = SharedApplication(world.runtime.settings, world.runtime.vault).on(world.database)
    an_hour_ago = utcnow() - timedelta(hours=1)
    seller = world.add_ebay(netsuite, now=an_hour_ago, more={"legacy": LEGACY})
    with served(app) as port:
        made = Pushed(world, seller, f"http://127.0.0.1:{port}")
        made.rest()
        yield made
