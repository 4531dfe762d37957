"""Makes the pictures in the README: `python -m tests.browser.screenshots`, or `make screenshots`.

They show what the demo leaves behind, in real processes, with its minute spread over the day.
"""

import sys
import tempfile
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from cli.demo.play import play
from cli.demo.stage import Stage
from cli.demo.world import world
from ledger import people, sessions
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Attempt, AuditEntry, Delivery, FlowSlot, Refund, RefundLine, Role, Run
from ledger.states import State
from tests.browser.installation import COOKIE, PASSWORD
from tests.support.chromium import CHROMIUM, chromium

_PLACE: Final = Path(__file__).parents[2] / "docs" / "screenshots"
_WIDTH: Final = 1280
_HEIGHT: Final = 860
_HEIGHTS: Final = {"overview": 1210, "jobs": 520}
_LARGEST: Final = 150_000  # bytes
_DAY: Final = timedelta(hours=23)
_HELD: Final = 60  # seconds that a call is held up, so that a worker is busy


def main() -> None:
    """Make every picture anew.

    Raises:
        SystemExit: If there is no browser, the demo does not end as expected, or a picture is too large.
    """
    if CHROMIUM is None:
        raise SystemExit("there is no Chromium on this host")
    _PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as home, world(Path(home), None) as running:
        if wrong := play(running.stage).wrong:
            raise SystemExit("\n".join(wrong))
        with chromium() as browser:
            context = browser.new_context(base_url=running.web_url, reduced_motion="reduce")
            token = _sign_in(running.stage.database)
            context.add_cookies([{"name": COOKIE, "value": token, "url": running.web_url}])
            page = context.new_page()
            for name, path in _spread(running.stage.database).items():
                page.goto(path)
                _take(page, name)
            _keep_busy(running.stage)
            page.goto("/rq/0/view/workers")
            expect(page.get_by_role("link", name="from shopify")).to_be_visible(timeout=30_000)
            _take(page, "jobs")
            running.stage.control.delete("/faults")


def _sign_in(database: Database) -> str:
    with database.write() as session:
        now = utcnow()
        user = people.add_user(session, "anna@example.com", Role.ADMIN, PASSWORD, now=now, actor="demo")
        return sessions.begin(session, user, now=now, awaits_code=False)


def _keep_busy(stage: Stage) -> None:
    """Let a worker wait for NetSuite."""
    order, _ = stage.synced_order(stage.shop_in, [{"sku": "MUG", "quantity": 1, "price": "12.50"}])
    stage.settle()
    stage.fault(platform="netsuite", operation="record:transform", kind="latency", seconds=_HELD)
    stage.shop_in.refund(order, lines=[{"sku": "MUG", "quantity": 1}])


def _take(page: Page, name: str) -> None:
    path = _PLACE / f"{name}.png"
    page.set_viewport_size({"width": _WIDTH, "height": _HEIGHTS.get(name, _HEIGHT)})
    with Image.open(BytesIO(page.screenshot())) as picture:  # few colours, so that a palette loses nothing
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > _LARGEST:
        raise SystemExit(f"{path.name} has {path.stat().st_size} bytes, more than {_LARGEST}")
    sys.stdout.write(f"{path.relative_to(Path.cwd())}: {path.stat().st_size} bytes\n")


def _spread(database: Database) -> dict[str, str]:
    """Spread the demo over a day, the oldest first; return the pages to be pictured."""
    with database.write() as session:
        newest = max(session.scalars(select(Delivery.id)))
        for number, at in session.execute(select(Delivery.id, Delivery.received_at)).all():
            moved = _moved(at, number, newest)
            session.execute(update(Delivery).where(Delivery.id == number).values(received_at=moved))
        refunds = list(session.scalars(select(Refund)))
        newest = max(refund.id for refund in refunds)
        for refund in refunds:
            _move(session, refund, newest)
        of_most_lines = (
            select(Refund.id)
            .join(RefundLine)
            .where(Refund.state == State.POSTED, Refund.origin != "netsuite")
            .group_by(Refund.id)
            .order_by(func.count().desc(), Refund.id)
        )
        shown = session.scalars(of_most_lines).first()
        run = session.scalars(select(Run.id)).first()
        session.execute(delete(FlowSlot))  # counted before all was moved
    return {
        "overview": "/",
        "transactions": "/refunds",
        "transaction": f"/refunds/{shown}",
        "discrepancy": "/discrepancies?reason=OVER_REFUND",
        "reconciliation": f"/reconciliation/{run}",
    }


def _moved(at: datetime, number: int, newest: int) -> datetime:
    return at - _DAY * (1 - number / newest)


def _move(session: Session, refund: Refund, newest: int) -> None:
    """Move a refund, and all that is known of it, to its time of the day."""
    for name in ("received_at", "updated_at", "posted_at", "occurred_at"):
        if (at := getattr(refund, name)) is not None:
            setattr(refund, name, _moved(at, refund.id, newest))
    for attempt in session.scalars(select(Attempt).where(Attempt.refund_id == refund.id)):
        attempt.started_at = _moved(attempt.started_at, refund.id, newest)
        if attempt.ended_at is not None:
            attempt.ended_at = _moved(attempt.ended_at, refund.id, newest)
    told = AuditEntry.subject == "refund"
    for entry in session.scalars(select(AuditEntry).where(told, AuditEntry.subject_id == refund.id)):
        entry.at = _moved(entry.at, refund.id, newest)


if __name__ == "__main__":
    main()
