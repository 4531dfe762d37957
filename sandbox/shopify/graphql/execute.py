"""Runs one GraphQL request: reads it, weighs it, carries it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from sandbox.jsonish import Json, loads
from sandbox.shopify.graphql.cost import MOST_PER_QUERY, MUTATION_COST, CostRules, objects_in
from sandbox.shopify.graphql.root import Root, idempotency_key
from sandbox.shopify.throttle import Bucket

LIMITS_DOCS: Final = "https://shopify.dev/api/usage/rate-limits"


@cache
def schema() -> GraphQLSchema:
    """Return the schema, put together from its files."""
    folder = files("sandbox.shopify.graphql").joinpath("schema")
    sources = sorted(each.name for each in folder.iterdir() if each.name.endswith(".graphql"))
    return build_schema("\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in sources))


@dataclass(frozen=True)
class GraphQLRequest:
    """A GraphQL request as it came in.

    Attributes:
        document: Its document, ``None`` if it cannot be read.
        operation: The operation to run, ``None`` if there is none.
        variables: Its variables.
        errors: Why it cannot be run, as the answer's ``errors``.
    """

    document: DocumentNode | None
    operation: OperationDefinitionNode | None
    variables: Mapping[str, object]
    errors: object = field(default=None)

    @property
    def name(self) -> str:
        """The operation's name for faults and the call log."""
        if self.operation is None or self.operation.operation is not OperationType.MUTATION:
            return "graphql:query"
        first = next(
            (each for each in self.operation.selection_set.selections if isinstance(each, FieldNode)), None
        )
        return f"graphql:{first.name.value if first else 'mutation'}"

    @property
    def keys(self) -> list[str]:
        """The idempotency keys it carries."""
        if self.operation is None:
            return []
        found = [
            idempotency_key(each, self.variables)
            for selection in self.operation.selection_set.selections
            for each in selection.directives or ()
            if each.name.value == "idempotent"
        ]
        return [key for key in found if key is not None]


def read_request(body: bytes) -> GraphQLRequest:
    """Read a request's JSON body and its document; what is wrong is kept for the answer."""
    missing = {"query": "Required parameter missing or invalid"}
    try:
        data = loads(body)
    except ValueError:
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("query"), str):
        return GraphQLRequest(None, None, {}, missing)
    variables = data.get("variables") or {}
    try:
        document = parse(data["query"])
    except GraphQLError as error:
        return GraphQLRequest(None, None, {}, [error.formatted])
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    name = data.get("operationName")
    chosen = [each for each in operations if name is None or (each.name and each.name.value == name)]
    if len(chosen) != 1 or not isinstance(variables, dict):
        return GraphQLRequest(document, None, {}, [{"message": "An operation name is required"}])
    return GraphQLRequest(document, chosen[0], variables)


def failure(message: str, code: str, **more: object) -> Json:
    """Write an answer that is nothing but one error."""
    return {"errors": [{"message": message, "extensions": {"code": code, **more}}]}


def throttled(bucket: Bucket, cost: int | None, now: datetime) -> Json:
    """Write the answer to a request for which there are not enough points: HTTP 200 all the same."""
    return {
        **failure("Throttled", "THROTTLED", documentation=LIMITS_DOCS),
        "extensions": {
            "cost": {
                "requestedQueryCost": cost,
                "actualQueryCost": None,
                "throttleStatus": bucket.status(now),
            }
        },
    }


def run(request: GraphQLRequest, root: Root) -> Json:
    """Carry out a request.

    Args:
        request: The request; it must have a document and an operation.
        root: What it may ask.

    Returns:
        The answer's JSON, to be sent with HTTP 200.
    """
    now = root.world.clock.now()
    if request.document is None or request.operation is None:
        return {"errors": request.errors}
    invalid = validate(schema(), request.document)
    if invalid:
        return {"errors": [_undefined(error) for error in invalid]}
    cost = CostRules(schema(), request.document, request.variables).operation_cost(request.operation)
    if cost > MOST_PER_QUERY:
        return failure(
            f"Query cost is {cost}, which exceeds the single query max cost limit ({MOST_PER_QUERY}).",
            "MAX_COST_EXCEEDED",
            cost=cost,
            maxCost=MOST_PER_QUERY,
            documentation=LIMITS_DOCS,
        )
    if not root.shop.bucket.reserve(cost, now):
        return throttled(root.shop.bucket, cost, now)
    return _carry_out(request.document, request.operation, request.variables, root, cost)


def _carry_out(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, object],
    root: Root,
    cost: int,
) -> Json:
    """Execute an operation whose cost is reserved; what it did not cost is given back."""
    result = execute_sync(
        schema(),
        document,
        root_value=root.value(),
        variable_values=dict(variables),
        operation_name=operation.name.value if operation.name else None,
    )
    spent = objects_in(result.data) - 1 if result.data else 0
    if operation.operation is OperationType.MUTATION:
        spent += MUTATION_COST
    spent = min(cost, spent)
    bucket = root.shop.bucket
    bucket.give_back(cost - spent)
    answer: Json = {"data": result.data}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    answer["extensions"] = {
        "cost": {
            "requestedQueryCost": cost,
            "actualQueryCost": spent,
            "throttleStatus": bucket.status(root.world.clock.now()),
        }
    }
    return answer


def _undefined(error: GraphQLError) -> object:
    """Write a validation error with the code Shopify gives unknown fields."""
    formatted = dict(error.formatted)
    if error.message.startswith("Cannot query field"):
        formatted["extensions"] = {"code": "undefinedField"}
    return formatted
