"""The sandbox's GraphQL schema is part of the real one: same names, types, arguments and defaults."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
    build_client_schema,
    introspection_from_schema,
    is_introspection_type,
    is_specified_scalar_type,
)

from sandbox.shopify.graphql.execute import schema

OURS = [
    name
    for name, each in schema().type_map.items()
    if not is_introspection_type(each) and not is_specified_scalar_type(each)
]


@pytest.fixture(scope="module")
def published(specs_dir: Path) -> Any:  # noqa: ANN401  # JSON may be anything
    with gzip.open(specs_dir / "shopify" / "admin_2026-10.json.gz") as file:
        return json.load(file)["data"]


@pytest.fixture(scope="module")
def real(published: Any) -> GraphQLSchema:  # noqa: ANN401  # JSON may be anything
    return build_client_schema(published)


@pytest.fixture(scope="module")
def real_types(published: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON may be anything
    return {each["name"]: each for each in published["__schema"]["types"]}


@pytest.fixture(scope="module")
def our_types() -> dict[str, Any]:
    return {each["name"]: each for each in introspection_from_schema(schema())["__schema"]["types"]}


def arguments(items: list[Any]) -> dict[str, tuple[Any, Any]]:
    return {each["name"]: (each["type"], each["defaultValue"]) for each in items}


def test_every_type_is_a_real_one_of_its_kind(our_types: dict[str, Any], real_types: dict[str, Any]) -> None:
    for name in OURS:
        assert our_types[name]["kind"] == real_types[name]["kind"], name


def test_every_field_and_argument_is_the_real_one(
    our_types: dict[str, Any], real_types: dict[str, Any]
) -> None:
    for name in OURS:
        theirs = {each["name"]: each for each in real_types[name]["fields"] or []}
        for field in our_types[name]["fields"] or []:
            where = f"{name}.{field['name']}"
            assert field["type"] == theirs[field["name"]]["type"], where
            real_arguments = arguments(theirs[field["name"]]["args"])
            ours = arguments(field["args"])
            assert ours == {argument: real_arguments[argument] for argument in ours}, where
            needed = {
                argument for argument, (kind, _) in real_arguments.items() if kind["kind"] == "NON_NULL"
            }
            assert needed <= set(ours), where


def test_every_input_field_is_the_real_one_and_none_is_missing(
    our_types: dict[str, Any], real_types: dict[str, Any]
) -> None:
    for name in OURS:
        if our_types[name]["kind"] == "INPUT_OBJECT":
            theirs = arguments(real_types[name]["inputFields"])
            assert arguments(our_types[name]["inputFields"]) == theirs, name


def test_every_enum_value_is_a_real_one(real: GraphQLSchema) -> None:
    for name in OURS:
        ours = schema().type_map[name]
        if isinstance(ours, GraphQLEnumType):
            theirs = real.type_map[name]
            assert isinstance(theirs, GraphQLEnumType)
            assert set(ours.values) <= set(theirs.values), name


def test_every_currency_is_there(real: GraphQLSchema) -> None:
    ours, theirs = schema().type_map["CurrencyCode"], real.type_map["CurrencyCode"]
    assert isinstance(ours, GraphQLEnumType)
    assert isinstance(theirs, GraphQLEnumType)
    assert set(ours.values) == set(theirs.values)


def test_the_idempotent_directive_is_the_real_one(real: GraphQLSchema) -> None:
    ours, theirs = schema().get_directive("idempotent"), real.get_directive("idempotent")
    assert ours is not None
    assert theirs is not None
    assert ours.locations == theirs.locations
    assert {name: str(each.type) for name, each in ours.args.items()} == {
        name: str(each.type) for name, each in theirs.args.items()
    }


def test_refund_methods_take_exactly_one_kind(real: GraphQLSchema) -> None:
    for each in (schema(), real):
        kind: GraphQLNamedType = each.type_map["RefundMethodInput"]
        assert isinstance(kind, GraphQLInputObjectType)
        assert kind.is_one_of
