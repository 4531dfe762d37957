"""Magento's machine-readable specifications, and checks of calls and events against them.

They are read as strictly as their words allow: a field or a parameter that they do not know fails. Where
Magento is known to answer otherwise than they say, the difference stands in `_loosened`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft4Validator

VERSIONS: Final = ("2.4.8", "2.4.9")
_EVENT: Final = re.compile(r"com\.adobe\.commerce\.(.+)")
_CRITERIA: Final = re.compile(
    r"search_?criteria(\[\]|\[filter_?groups\]\[\d+\]\[filters\]\[\d+\]\[(field|value|condition_?type)\]"
    r"|\[sort_?orders\]\[\d+\]\[(field|direction)\]|\[(page_?size|current_?page)\])?",
    re.IGNORECASE,
)
_SIMPLE: Final = frozenset({"string", "number", "integer"})
_ALWAYS: Final = frozenset({"fields"})  # any answer may be cut down to some of its fields
_EVENT_TYPES: Final[Mapping[str, dict[str, Any]]] = {
    "string": {"type": ["string", "null"]},
    "int": {"type": ["integer", "null"]},
    "float": {"type": ["number", "null"]},
    "boolean": {"type": "boolean"},
    "array": {"type": ["array", "object"]},
    "mixed": {},
    "object{}": {"type": "object"},
    "object{}[]": {"type": "array", "items": {"type": "object"}},
    "string[]": {"type": "array", "items": {"type": "string"}},
}


@dataclass(frozen=True)
class MagentoSpec:
    """The admin REST API of one version.

    Attributes:
        paths: Operations by path and method, as published.
        definitions: The models, as JSON schemas.
    """

    paths: Mapping[str, Any]
    definitions: Mapping[str, Any]

    def validate(self, schema: Mapping[str, Any], value: object) -> None:
        """Check a value; raises `jsonschema.ValidationError`."""
        Draft4Validator({**schema, "definitions": self.definitions}).validate(value)

    def knows(self, method: str, path: str) -> bool:
        """Tell whether the API has such a call."""
        return self._find(method, path) is not None

    def operation(self, method: str, path: str) -> Mapping[str, Any]:
        """Find the operation that a path, from `/V1` on, calls."""
        found = self._find(method, path)
        assert found is not None, f"{method} {path} is not part of the API"
        return found

    def _find(self, method: str, path: str) -> Mapping[str, Any] | None:
        for template, methods in self.paths.items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            if method.lower() in methods and re.fullmatch(pattern, path):
                found: Mapping[str, Any] = methods[method.lower()]
                return found
        return None


@cache
def magento_spec(specs_dir: Path, version: str = VERSIONS[-1]) -> MagentoSpec:
    """Read the specification of a version, once."""
    text = (specs_dir / "magento" / f"admin-schema-{version}.yaml").read_text()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    read = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader either way, the faster one if there
    return MagentoSpec(
        read["paths"], _loosened({name: _strict(each) for name, each in read["definitions"].items()})
    )


def _strict(schema: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    """Close every object, and let required fields be null, which Magento answers where they have no value."""
    if not isinstance(schema, dict):
        return schema
    closed = {name: each for name, each in schema.items() if name not in {"xml", "description"}}
    if "items" in closed:
        closed["items"] = _strict(closed["items"])
    if schema.get("type") == "object" and "properties" in schema:
        closed["properties"] = {name: _strict(each) for name, each in schema["properties"].items()}
        closed["additionalProperties"] = False
        for name in schema.get("required", ()):
            kind = closed["properties"][name].get("type")
            if kind in _SIMPLE:
                closed["properties"][name] = {"type": [kind, "null"]}
    return closed


def _loosened(definitions: dict[str, Any]) -> dict[str, Any]:
    """Put right what the specification says otherwise than its own guide and Magento's source.

    Parameters of a message are a list of values, or an object of them by their names.
    https://developer.adobe.com/commerce/webapi/get-started/gs-web-api-response
    """
    values = {"type": ["string", "number"]}
    listed = {"type": "array", "items": values}
    named = {"type": "object", "additionalProperties": values}
    return definitions | {"error-parameters": {"anyOf": [listed, named]}}


def check_calls(specs_dir: Path, calls: Iterable[Mapping[str, Any]], version: str = VERSIONS[-1]) -> int:
    """Check calls of the REST API as the sandbox logged them: their requests and their answers.

    Args:
        specs_dir: Where the specifications are.
        calls: Rows of `GET /_control/calls?platform=magento`.
        version: Version of the specification.

    Returns:
        How many calls were checked; calls of other hosts, and those never answered, are not.

    Raises:
        AssertionError: A call is not of the API, or has parameters that it does not know.
        jsonschema.ValidationError: A body does not fit.
    """
    spec = magento_spec(specs_dir, version)
    checked = 0
    for call in calls:
        _, found, path = call["path"].partition("/V1/")
        if found and call["response"] is not None:
            operation = spec.operation(call["method"], f"/V1/{path}")
            _check_request(spec, operation, call)
            _check_response(spec, operation, call)
            checked += 1
    return checked


def check_answers(specs_dir: Path, calls: Iterable[Mapping[str, Any]], version: str = VERSIONS[-1]) -> None:
    """Check the answers only, of calls that may have been wrong on purpose; see `check_calls`."""
    spec = magento_spec(specs_dir, version)
    for call in calls:
        _, found, path = call["path"].partition("/V1/")
        if found and call["response"] is not None and spec.knows(call["method"], f"/V1/{path}"):
            _check_response(spec, spec.operation(call["method"], f"/V1/{path}"), call)


def _check_request(spec: MagentoSpec, operation: Mapping[str, Any], call: Mapping[str, Any]) -> None:
    parameters = operation.get("parameters", [])
    known = {each["name"] for each in parameters if each["in"] == "query"} | _ALWAYS
    searches = any(name.startswith("searchCriteria") for name in known)
    for name, _ in call["request"]["query"]:
        assert name in known or (searches and _CRITERIA.fullmatch(name)), f"{call['path']} knows no {name}"
    body = next((each for each in parameters if each["in"] == "body"), None)
    text = call["request"]["body"]
    if body is None or not text:
        assert not text, f"{call['path']} takes no body"
        return
    assert call["request"]["headers"]["content-type"].startswith("application/json")
    spec.validate(_strict(body["schema"]), json.loads(text))


def _check_response(spec: MagentoSpec, operation: Mapping[str, Any], call: Mapping[str, Any]) -> None:
    text = call["response"]["body"]
    if call["status"] >= 500 and not text.startswith("{"):  # not from Magento, but from what stands before it
        return
    responses = operation["responses"]
    response = responses.get(str(call["status"]), responses["default"])
    schema = _strict(response["schema"])
    if schema == {"type": "integer"}:
        schema = {
            "anyOf": [schema, {"type": "string", "pattern": "^[0-9]+$"}]
        }  # as some installations answer
    value = json.loads(text)
    if not any(name in _ALWAYS for name, _ in call["request"]["query"]):
        spec.validate(schema, value)


@cache
def _shapes(specs_dir: Path) -> Mapping[str, Any]:
    shapes: Mapping[str, Any] = json.loads(
        (specs_dir / "magento" / "commerce_event_payload_shapes.json").read_text()
    )
    return shapes


def check_event(specs_dir: Path, body: Mapping[str, Any]) -> None:
    """Check the fields of an event of I/O Events.

    Args:
        specs_dir: Where the specifications are.
        body: The whole event.

    Raises:
        AssertionError: It is no event of Commerce.
        jsonschema.ValidationError: It has a field that is not documented, or one of another type.
    """
    found = _EVENT.fullmatch(body["type"])
    assert found, body["type"]
    check_fields(specs_dir, found[1], body["data"]["value"])


def check_fields(specs_dir: Path, event: str, value: object) -> None:
    """Check the fields of an event by its name, such as `observer.sales_order_creditmemo_save_after`."""
    Draft4Validator(_event_schema(_shapes(specs_dir)[event])).validate(value)


def _event_schema(shape: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
    if isinstance(shape, str):
        return _EVENT_TYPES[shape]
    if isinstance(shape, list):
        return {"type": "array", "items": _event_schema(shape[0])}
    properties = {name: _event_schema(each) for name, each in shape.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}
