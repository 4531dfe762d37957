"""Control routes for accounts: they play the people in the user interface and the administrator."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, request

from sandbox.control import body_fields, json_response
from sandbox.jsonish import ControlError, Fields, Json
from sandbox.netsuite.bodies import BodyReader
from sandbox.netsuite.clerk import Clerk, record_type
from sandbox.netsuite.errors import NetSuiteError
from sandbox.netsuite.kinds import SALES_ORDER
from sandbox.netsuite.model import Transaction
from sandbox.netsuite.records import Records
from sandbox.netsuite.render import Renderer
from sandbox.netsuite.setup import Office, account_json, set_account
from sandbox.netsuite.userevents import PLATFORM
from sandbox.world import World


class AccountControl:
    """The control routes of all accounts.

    Args:
        world: Where the accounts are.
        offices: The accounts by slug.
    """

    def __init__(self, world: World, offices: dict[str, Office]) -> None:
        self._world = world
        self._offices = offices

    def blueprint(self) -> Blueprint:
        """Return the routes, to be mounted at ``/_control/netsuite``."""
        blueprint = Blueprint("netsuite-control", __name__)
        for method, path, handler in (
            ("POST", "/accounts", self.add_account),
            ("PATCH", "/<account>", self.change_account),
            ("GET", "/<account>", self.show_account),
            ("POST", "/<account>/orders", self.add_order),
            ("POST", "/<account>/orders/<order>/bill", self.bill_order),
            ("POST", "/<account>/refunds", self.add_refund),
            ("POST", "/<account>/returnauthorizations", self.add_return),
            ("POST", "/<account>/standalonecreditmemo", self.add_credit),
            ("GET", "/<account>/records", self.list_records),
            ("GET", "/<account>/records/<kind>/<record>", self.show_record),
            ("POST", "/<account>/records/<kind>/<record>/edit", self.edit_record),
            ("DELETE", "/<account>/records/<kind>/<record>", self.delete_record),
            ("GET", "/<account>/webhooks", self.show_webhooks),
        ):
            blueprint.add_url_rule(path, handler.__name__, handler, methods=[method])
        blueprint.register_error_handler(NetSuiteError, _refuse)
        return blueprint

    def _office(self, account: str) -> Office:
        office = self._offices.get(account.lower().replace("_", "-"))
        if office is None:
            raise ControlError(f"There is no account {account}.")
        return office

    def _records(self, account: str, *, silent: bool = False) -> Records:
        records = Records(self._world, self._office(account).account, api=False)
        records.silent = silent
        return records

    def add_account(self) -> Response:
        """Make an account."""
        fields = body_fields()
        with self._world.lock:
            office = Office(fields.text("account_id"), self._world.clock)
            if office.account.slug in self._offices:
                office.database.close()
                raise ControlError(f"The account {office.account.account_id} exists already.")
            try:
                set_account(office.account, fields)
            except ControlError:
                office.database.close()
                raise
            self._offices[office.account.slug] = office
            return json_response(account_json(office.account, self._world.calls), HTTPStatus.CREATED)

    def change_account(self, account: str) -> Response:
        """Change an account's settings; what is not given stays."""
        fields = body_fields()
        with self._world.lock:
            office = self._office(account)
            set_account(office.account, fields)
            return json_response(account_json(office.account, self._world.calls))

    def show_account(self, account: str) -> Response:
        """Show an account's settings, and how many requests were in flight at most."""
        with self._world.lock:
            return json_response(account_json(self._office(account).account, self._world.calls))

    def add_order(self, account: str) -> Response:
        """Enter a sales order, and bill it if asked."""
        fields = body_fields()
        with self._world.lock:
            records = self._records(account, silent=fields.flag("silent"))
            order, billed = Clerk(records).take_order(fields)
            answer = {"salesOrder": brief(order)}
            if billed is not None:
                answer["billed"] = brief(billed)
            return json_response(answer, HTTPStatus.CREATED)

    def bill_order(self, account: str, order: str) -> Response:
        """Bill a sales order."""

        def make(clerk: Clerk, records: Records, fields: Fields) -> Transaction:
            kind, paid = fields.text("as", "invoice"), fields.flag("paid")
            fields.finish()
            return clerk.bill(records.find(SALES_ORDER, order), kind, paid=paid)

        return self._make(account, make)

    def add_refund(self, account: str) -> Response:
        """Give money back."""
        return self._make(account, lambda clerk, _, fields: clerk.refund(clerk.source(fields), fields))

    def add_return(self, account: str) -> Response:
        """Enter a return authorization."""
        return self._make(
            account, lambda clerk, _, fields: clerk.authorize_return(clerk.source(fields), fields)
        )

    def add_credit(self, account: str) -> Response:
        """Enter a credit memo that comes from no other transaction."""
        return self._make(account, lambda clerk, _, fields: clerk.standalone_credit(fields))

    def _make(self, account: str, make: Callable[[Clerk, Records, Fields], Transaction]) -> Response:
        """Let a person make a record; answer its type and ids."""
        fields = body_fields()
        with self._world.lock:
            records = self._records(account, silent=fields.flag("silent"))
            return json_response(brief(make(Clerk(records), records, fields)), HTTPStatus.CREATED)

    def list_records(self, account: str) -> Response:
        """Show all records, of one type if ``type`` is given, as the record service would."""
        with self._world.lock:
            found = list(self._office(account).account.transactions.values())
            name = request.args.get("type")
            if name is not None:
                found = [each for each in found if each.type is record_type(name)]
            return json_response([self._shown(account, each) for each in found])

    def show_record(self, account: str, kind: str, record: str) -> Response:
        """Show one record."""
        with self._world.lock:
            found = self._records(account).find(record_type(kind), record)
            return json_response(self._shown(account, found))

    def _shown(self, account: str, record: Transaction) -> Json:
        office = self._office(account)
        base = f"{request.host_url}netsuite/{office.account.slug}/services/rest/record/v1"
        body = Renderer(office.account, base).record(record, expanded=True)
        return {"type": record.type.rest, **body}

    def edit_record(self, account: str, kind: str, record: str) -> Response:
        """Change fields of a record, by their names in the record service."""
        fields = body_fields()
        with self._world.lock:
            records = self._records(account, silent=fields.flag("silent"))
            event = "xedit" if fields.flag("xedit") else "edit"
            changes = fields.raw("fields")
            fields.finish()
            if not isinstance(changes, dict):
                raise ControlError("The body: fields must be an object.")
            found = records.find(record_type(kind), record)
            voided = changes.pop("voided", found.voided)
            body = BodyReader(records.account, found.type, "Error").read(changes)
            found.voided = bool(voided)
            records.update(found, body, event=event)
            return json_response(self._shown(account, found))

    def delete_record(self, account: str, kind: str, record: str) -> Response:
        """Delete a record; with ``cascade=true`` first what depends on it."""
        with self._world.lock:
            records = self._records(account, silent=request.args.get("silent") == "true")
            found = records.find(record_type(kind), record)
            deleted = [found]
            if request.args.get("cascade") == "true":
                for each in deleted:
                    deleted += [child for child in records.dependents(each) if child not in deleted]
            for each in reversed(deleted):
                records.delete(each)
            return json_response({"deleted": [brief(each) for each in reversed(deleted)]})

    def show_webhooks(self, account: str) -> Response:
        """Show every user event posted, oldest first."""
        slug = self._office(account).account.slug
        return json_response([each.as_json() for each in self._world.courier.find(PLATFORM, slug)])


def brief(record: Transaction) -> Json:
    """Name a record: its type, its internal id and its document number."""
    return {"type": record.type.rest, "id": record.id, "tranId": record.tran_id}


def _refuse(error: NetSuiteError) -> Response:
    return json_response({"error": str(error), "code": error.reason}, HTTPStatus.BAD_REQUEST)
