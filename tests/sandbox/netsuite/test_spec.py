"""Answers, accepted bodies and property names fit the transcribed REST API Browser."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sandbox.netsuite.fields import (
    APPLY_LINE,
    BODY,
    DATE,
    ENUM,
    FLAG,
    INTEGER,
    ITEM_LINE,
    LIST,
    MOMENT,
    NUMBER,
    REF,
    TEXT,
)
from tests.sandbox.helpers import Books

KINDS = {"string": TEXT, "number": NUMBER, "integer": INTEGER, "boolean": FLAG}


@pytest.fixture(scope="module")
def spec(specs_dir: Path) -> Any:  # noqa: ANN401  # JSON may be anything
    return json.loads((specs_dir / "netsuite" / "netsuite_rest_2026_1_subset.oas3.json").read_text())


def check(spec: Any, name: str, value: object) -> None:  # noqa: ANN401  # JSON may be anything
    """Validate a value against one of the spec's schemas."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": spec["components"]}
    Draft202012Validator(schema).validate(value)


def kind_of(schema: dict[str, Any]) -> str:
    """Return our word for the kind of value a schema asks for."""
    if "$ref" in schema:
        return REF if schema["$ref"].endswith("nsResource") else LIST
    if schema["type"] in {"array", "object"}:
        return ENUM if "id" in schema.get("properties", {}) else LIST
    if schema.get("format") == "date":
        return DATE
    return MOMENT if schema.get("format") == "date-time" else KINDS[schema["type"]]


@pytest.mark.parametrize("kind", ["creditMemo", "cashRefund", "customerRefund"])
def test_property_names_and_kinds_are_those_of_the_record(spec: Any, kind: str) -> None:  # noqa: ANN401  # JSON
    known = {name: kind_of(each) for name, each in spec["components"]["schemas"][kind]["properties"].items()}
    assert BODY[kind] == {name: known[name] for name in BODY[kind]}


def test_property_names_and_kinds_are_those_of_the_lines(spec: Any) -> None:  # noqa: ANN401  # JSON
    schemas = spec["components"]["schemas"]
    for ours, theirs in ((ITEM_LINE, "creditMemo-itemElement"), (APPLY_LINE, "creditMemo-applyElement")):
        known = {name: kind_of(each) for name, each in schemas[theirs]["properties"].items()}
        assert ours == {name: known[name] for name in ours}


def test_records_read_back_fit_their_schemas(spec: Any, books: Books) -> None:  # noqa: ANN401  # JSON
    bill = books.order(billed="invoice", shippingCost="5", paid=True)["billed"]
    body = {
        "externalId": "rs-1",
        "memo": "m",
        "account": {"id": "119"},
        "shippingCost": 0,
        "item": {
            "items": [
                {"orderLine": 1, "quantity": 1, "price": {"id": "-1"}, "location": {"id": "1"}},
                {"item": {"id": "900"}, "quantity": 1, "rate": 2.5, "amount": 2.5, "description": "d"},
            ]
        },
    }
    check(spec, "creditMemo", body)
    memo = books.make(f"invoice/{bill['id']}/!transform/creditMemo?replace=item", body)
    check(spec, "creditMemo", books.get(memo))
    check(spec, "creditMemo", books.call("GET", memo).json())
    check(spec, "creditMemo-itemCollection", books.call("GET", f"{memo}/item?expandSubResources=true").json())
    check(spec, "creditMemo-applyCollection", books.get(memo)["apply"])
    check(spec, "creditMemoCollection", books.call("GET", "creditMemo").json())
    refund = books.make(f"{memo}/!transform/customerRefund", {"externalId": "rs-2"})
    check(spec, "customerRefund", books.get(refund))
    sale = books.order(billed="cashSale")["billed"]
    check(spec, "cashRefund", books.get(books.make(f"cashSale/{sale['id']}/!transform/cashRefund", {})))


def test_query_answers_and_errors_fit_their_schemas(spec: Any, books: Books) -> None:  # noqa: ANN401  # JSON
    books.order()
    check(spec, "suiteqlResponse", books.query_response("SELECT * FROM transaction").json())
    check(spec, "suiteqlRequest", {"q": "SELECT 1", "params": ["x"]})
    check(spec, "nsError", books.query_response("SELECT nope").json())
    check(spec, "nsError", books.call("GET", "creditMemo/1").json())


def test_every_path_of_the_spec_is_served(spec: Any, books: Books) -> None:  # noqa: ANN401  # JSON
    for path, operations in spec["paths"].items():
        tail = path.removeprefix("/services/rest/record/v1/").replace("{id}", "1")
        for method in operations:
            if tail != path:
                answer = books.call(method.upper(), tail, {} if method != "get" else None)
                assert answer.status_code in {200, 400, 404}, (method, path)
                if answer.status_code == 404:
                    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "NONEXISTENT_ID", (
                        method,
                        path,
                    )
