"""Every operation, against the schema Shopify publishes for the version they are written for."""

import gzip
import json
from pathlib import Path

import pytest
from graphql import GraphQLSchema, NoDeprecatedCustomRule, build_client_schema, parse, validate

from workers.platforms.shopify_queries import API_VERSION, OPERATIONS


@pytest.fixture(scope="session")
def schema(specs_dir: Path) -> GraphQLSchema:
    with gzip.open(specs_dir / "shopify" / f"admin_{API_VERSION}.json.gz") as file:
        # Shopify's own schema deprecates fields that its interfaces do not.
        return build_client_schema(json.load(file)["data"], assume_valid=True)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_fits_the_published_schema(schema: GraphQLSchema, name: str) -> None:
    assert validate(schema, parse(OPERATIONS[name])) == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_uses_nothing_deprecated(schema: GraphQLSchema, name: str) -> None:
    assert validate(schema, parse(OPERATIONS[name]), [NoDeprecatedCustomRule]) == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_the_name_it_is_sent_by(name: str) -> None:
    (definition,) = parse(OPERATIONS[name]).definitions
    assert definition.to_dict()["name"]["value"] == name


def test_the_schema_would_notice_a_mistake(schema: GraphQLSchema) -> None:
    assert validate(schema, parse(OPERATIONS["Order"].replace("cancelledAt", "canceledAt")))
