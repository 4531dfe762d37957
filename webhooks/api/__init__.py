"""The JSON API: what people do in the portal, for programs."""

from typing import Final

from flask import Flask

from webhooks.api import accounts, deliveries, refunds, requests, runs
from webhooks.api.errors import PREFIX, http_error, is_ours
from webhooks.api.gate import Gate
from webhooks.api.operations import SECURITY, Description
from webhooks.api.tools import Tools

__all__ = ["http_error", "is_ours", "register"]

_SECTIONS: Final = (
    refunds.operations,
    deliveries.operations,
    accounts.operations,
    requests.operations,
    runs.operations,
    runs.reconciliations,
)


def register(app: Flask, tools: Tools) -> None:
    """Add the API and its OpenAPI description to the web process' application."""
    app.config.update(
        API_TITLE="refund-sync",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    description = Description(app)
    description.spec.components.security_scheme(
        SECURITY,
        {
            "type": "http",
            "scheme": "bearer",
            "description": "`refund-sync token add` makes one. Each operation names its least role.",
        },
    )
    gate = Gate(tools)
    for section in _SECTIONS:
        operations = section(tools)
        operations.guard(gate)
        # The portal has sections of the same names.
        description.register_blueprint(operations.blueprint, name=f"api.{operations.blueprint.name}")
