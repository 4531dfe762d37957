"""Do something with one transaction or many: asked first, with what it will do to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ledger import queries, search
from ledger.bulk import Outcome
from ledger.models import Role
from ledger.models.accounts import Direction
from ledger.search import WIDE, Found
from webhooks.portal import acting, context, filters
from webhooks.portal.acting import MOST, VERBS, Planned, Verb
from webhooks.portal.forms import asked, lines, sent
from webhooks.portal.links import local
from webhooks.portal.pages.refunds.section import pages
from webhooks.portal.paging import number
from webhooks.portal.visitors import tell

_HERE: Final = "/refunds/act"
_LIST: Final = "/refunds"
_MOST_TOLD: Final = 5  # refusals that are told one by one
_LONGEST_ID: Final = 120  # characters of a record's id, as the column is wide


@dataclass(frozen=True, slots=True)
class _Form:
    """What was typed; `wrong` says of each field what is wrong with it."""

    note: str
    target_id: str
    wrong: dict[str, str]


@pages.page(_HERE, Role.OPERATOR)
def ask_act() -> ResponseReturnValue:
    """Ask before something is done: what it will do, with which transactions, and why not with others."""
    verb, back = _verb(asked("action")), local(asked("next"), _LIST)
    ids = [number(text) for text in request.args.getlist("id") if number(text)]
    return _page(verb, ids, back, is_all=bool(asked("all")), form=_Form("", "", {}))


@pages.form(_HERE, Role.OPERATOR)
def act() -> ResponseReturnValue:
    """Do it."""
    verb, back = _verb(sent("action")), local(sent("next"), _LIST)
    listed = request.form.get("ids", "").split(",")[:MOST]
    ids = [number(text) for text in listed if number(text)]
    form = _Form(lines("note"), sent("target_id"), {})
    form.wrong.update(_wrong(verb, ids, form))
    if form.wrong:
        return _page(verb, ids, back, is_all=False, form=form)
    outcomes = acting.carry_out(verb, ids, note=form.note, target_id=form.target_id)
    _tell(verb, outcomes)
    return redirect(back, HTTPStatus.SEE_OTHER)


def _verb(name: str) -> Verb:
    if name not in VERBS:
        raise NotFound
    return VERBS[name]


def _page(verb: Verb, ids: Sequence[int], back: str, *, is_all: bool, form: _Form) -> ResponseReturnValue:
    with context.current().database.read() as session:
        found = Found([])
        if is_all:
            wanted = filters.of_address(queries.storefront_accounts(session), back)
            if not wanted.wrong:
                found = search.find(session, wanted.wanted, limit=MOST, reach=WIDE, is_whole=True)
            refunds = found.rows
        else:
            refunds = search.of_ids(session, ids[:MOST])
    planned = acting.plan(verb, refunds)
    possible = [each for each in planned if not each.refusal]
    page = render_template(
        "act.html",
        verb=verb,
        possible=possible,
        refused=[each for each in planned if each.refusal],
        left_out=left_out(found),
        links=_links(verb, possible),
        form=form,
        back=back,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.wrong else HTTPStatus.OK


def left_out(found: Found) -> str:
    """Return what of everything that matches is not acted upon, in words; empty if nothing is left out."""
    if found.is_unfinished:
        return (
            f"These may not be all: only the newest {WIDE:,} transactions were looked at. Older ones stay as "
            "they are; filter by days to come to them."
        )
    if found.next is not None:
        return (
            f"These are the first {len(found.rows)} of more, the newest: the others stay as they are. Filter "
            "by state, account or days to come to them."
        )
    return ""


def _links(verb: Verb, possible: Sequence[Planned]) -> str:
    """Return where a record made by hand may be linked: `netsuite` or `storefront`; empty for nowhere."""
    if verb.name != "resolve" or len(possible) != 1:
        return ""
    is_netsuite = possible[0].refund.direction is Direction.TO_NETSUITE
    return "netsuite" if is_netsuite else "storefront"


def _wrong(verb: Verb, ids: Sequence[int], form: _Form) -> dict[str, str]:
    wrong = {}
    if verb.needs_note and not form.note:
        wrong["note"] = "Say how it was settled: whoever looks at the books later will ask."
    if form.target_id:
        with context.current().database.read() as session:
            refunds = search.of_ids(session, ids)
        is_netsuite = any(each.direction is Direction.TO_NETSUITE for each in refunds)
        if len(ids) != 1:
            wrong["target_id"] = "One record can be linked to one transaction only."
        elif is_netsuite and not number(form.target_id):
            wrong["target_id"] = "NetSuite's internal ids are whole numbers."
        elif len(form.target_id) > _LONGEST_ID:
            wrong["target_id"] = f"An id has no more than {_LONGEST_ID} characters."
    return wrong


def _tell(verb: Verb, outcomes: Sequence[Outcome]) -> None:
    done = [each for each in outcomes if each.error is None]
    refused = [each for each in outcomes if each.error is not None]
    if len(done) == 1:
        tell(f"Transaction {done[0].refund_id} {verb.done}.")
    elif done:
        tell(f"{verb.text}: each of {len(done)} transactions {verb.done}.")
    for each in refused[:_MOST_TOLD]:
        tell(f"Transaction {each.refund_id} stayed as it was: {each.error}.", "bad")
    if len(refused) > _MOST_TOLD:
        tell(f"{len(refused) - _MOST_TOLD} more stayed as they were.", "bad")
