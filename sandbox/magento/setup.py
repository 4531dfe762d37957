"""Makes stores and changes their settings, from the control API's description of them."""

import secrets
import uuid
from typing import Final

import requests

from sandbox.jsonish import ControlError, Fields, Json
from sandbox.magento import keys
from sandbox.magento.events import basic
from sandbox.magento.store import (
    CREDITMEMO_SAVED,
    GATEWAY,
    ORDER_SAVED,
    RESOURCES,
    VIAS,
    Ims,
    OAuth,
    Push,
    Store,
)

DEFAULT_METHOD: Final = "plugin.magento.sales.api.creditmemo_repository.save"
DEFAULT_TEMPLATE: Final = '{"order_id":{{item.order_id}},"creditmemo_id":{{item.entity_id}}}'
HOOKS: Final = ("new_creditmemo", "new_order", "order")
NOT_AT_ALL: Final = "none"
CHALLENGE_SECONDS: Final = 10.0


def make_store(fields: Fields) -> Store:
    """Make a store.

    Args:
        fields: The store as the control API describes it.

    Raises:
        ControlError: The description makes no sense.
    """
    oauth = OAuth(*(secrets.token_hex(16) for _ in range(4)))
    store = Store(tenant=fields.text("tenant"), oauth=oauth)
    set_store(store, fields)
    return store


def set_store(store: Store, fields: Fields) -> None:
    """Change what is given; the rest stays.

    Raises:
        ControlError: A value makes no sense.
    """
    if fields.maybe_text("tenant") not in {None, store.tenant}:
        raise ControlError("The body: a store's tenant cannot be changed.")
    store.base_currency = fields.text("base_currency", store.base_currency)
    store.codes = fields.maybe_strings("store_codes") or store.codes
    store.bearer = fields.flag("bearer") if fields.has("bearer") else store.bearer
    store.text_ids = fields.flag("text_ids") if fields.has("text_ids") else store.text_ids
    if fields.has("listed_comments"):
        store.listed_comments = fields.flag("listed_comments")
    store.whole_tax = fields.flag("whole_tax") if fields.has("whole_tax") else store.whole_tax
    store.most_per_page = fields.maybe_integer("most_per_page") or store.most_per_page
    store.forbidden_status = int(
        fields.choice("forbidden_status", ("401", "403"), str(store.forbidden_status))
    )
    _set_acl(store, fields.maybe_strings("acl"))
    _set_oauth(store.oauth, fields.maybe_object("oauth"))
    _set_ims(store, fields.maybe_object("ims"))
    _set_gateway(store, fields.maybe_object("gateway"))
    described = fields.maybe_object("push")
    fields.finish()
    if described is not None:
        store.push = _push(described)


def _set_acl(store: Store, acl: list[str] | None) -> None:
    if acl is None:
        return
    unknown = sorted(set(acl) - set(RESOURCES))
    if unknown:
        raise ControlError(f"The body: acl must be of {', '.join(RESOURCES)}.")
    store.acl = frozenset(acl)


def _set_oauth(oauth: OAuth, fields: Fields | None) -> None:
    if fields is None:
        return
    for name in vars(oauth):
        setattr(oauth, name, fields.text(name, getattr(oauth, name)))
    fields.finish()


def _set_ims(store: Store, fields: Fields | None) -> None:
    if fields is not None:
        store.ims = Ims(fields.text("client_id"), fields.text("client_secret"))
        fields.finish()


def _set_gateway(store: Store, fields: Fields | None) -> None:
    if fields is not None:
        store.gateway.behaviour = fields.choice("behaviour", GATEWAY, store.gateway.behaviour)
        store.gateway.message = fields.text("message", store.gateway.message)
        fields.finish()


def _push(fields: Fields) -> Push | None:
    """Read how the store tells of what happens; what is not given takes the defaults of its way."""
    via = fields.choice("via", (*VIAS, NOT_AT_ALL))
    if via == NOT_AT_ALL:
        fields.finish()
        return None
    known, default = {
        "io_events": ((CREDITMEMO_SAVED, ORDER_SAVED), (CREDITMEMO_SAVED, ORDER_SAVED)),
        "commerce_webhook": ((), ()),
        "mageplaza": (HOOKS, HOOKS[:1]),
    }[via]
    events = fields.maybe_strings("events")
    if not set(events or ()) <= set(known):
        raise ControlError(f"The body: push: events of {via} are {', '.join(known) or 'none'}.")
    chosen = fields.maybe_strings("fields")
    push = Push(
        via=via,
        url=fields.text("url"),
        events=default if events is None else tuple(events),
        fields=None if chosen is None else frozenset(chosen),
        headers=_headers(fields),
    )
    if via == "io_events":
        push.client_id = fields.text("client_id", secrets.token_hex(16))
        push.provider_id = fields.text("provider_id", str(uuid.uuid4()))
    if via == "commerce_webhook":
        push.method = fields.text("method", DEFAULT_METHOD)
        push.signed = fields.flag("signed") if fields.has("signed") else True
    if via == "mageplaza":
        push.template = fields.text("template", DEFAULT_TEMPLATE)
        if "{%" in push.template:
            raise ControlError("The body: push: template may have {{item.…}} only.")
    unchallenged = fields.flag("unchallenged")
    fields.finish()
    if via == "io_events" and not unchallenged:
        challenge(push.url)
    return push


def _headers(fields: Fields) -> dict[str, str]:
    given = fields.raw("headers")
    if given is not None and not isinstance(given, dict):
        raise ControlError("The body: push: headers must be an object of strings.")
    headers = {str(name): str(value) for name, value in (given or {}).items()}
    login = fields.maybe_object("basic")
    if login is not None:
        headers["Authorization"] = basic(login.text("username"), login.text("password"))
        login.finish()
    return headers


def challenge(url: str) -> None:
    """Ask a receiver to prove that it wants events, as Adobe does at its registration.

    The receiver says the challenge back, as text or in JSON: https://developer.adobe.com/events/docs/guides/

    Raises:
        ControlError: It does not.
    """
    asked = str(uuid.uuid4())
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(url, params={"challenge": asked}, timeout=CHALLENGE_SECONDS)
        except requests.RequestException as error:
            raise ControlError("The receiver is not reachable for the challenge.") from error
    if not answer.ok or asked not in {answer.text.strip(), _said(answer)}:
        raise ControlError(f"The receiver did not answer the challenge: {answer.status_code}.")


def _said(answer: requests.Response) -> str:
    """Return the challenge that an answer says back in JSON, nothing if it does not."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("challenge", "")) if isinstance(body, dict) else ""


def store_json(store: Store) -> Json:
    """Show a store's settings."""
    return {
        "tenant": store.tenant,
        "base_currency": store.base_currency,
        "store_codes": store.codes,
        "oauth": vars(store.oauth),
        "ims": {"client_id": store.ims.client_id, "client_secret": store.ims.client_secret}
        if store.ims
        else None,
        "bearer": store.bearer,
        "acl": sorted(store.acl),
        "forbidden_status": store.forbidden_status,
        "text_ids": store.text_ids,
        "listed_comments": store.listed_comments,
        "whole_tax": store.whole_tax,
        "most_per_page": store.most_per_page,
        "gateway": {"behaviour": store.gateway.behaviour, "message": store.gateway.message},
        "gateway_log": list(store.gateway.log),
        "push": _push_json(store.push) if store.push else None,
    }


def _push_json(push: Push) -> Json:
    shown: Json = {
        "via": push.via,
        "url": push.url,
        "events": list(push.events),
        "headers": dict(push.headers),
    }
    if push.via == "io_events":
        shown |= {"client_id": push.client_id, "provider_id": push.provider_id}
    if push.via == "commerce_webhook":
        shown |= {
            "method": push.method,
            "signed": push.signed,
            "public_key": keys.public_pem(keys.WEBHOOKS_KEY),
        }
    if push.via == "mageplaza":
        shown["template"] = push.template
    return shown
