"""The points a GraphQL query costs.

Objects cost 1, scalars and enums 0, mutations 10, and a connection as much as its page may hold; see
https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

MUTATION_COST: Final = 10
MOST_PER_QUERY: Final = 1000
FREE: Final = frozenset({"edges", "pageInfo"})


@dataclass(frozen=True)
class CostRules:
    """What one request's cost depends on.

    Attributes:
        schema: The schema asked.
        document: The request's document, valid against the schema.
        variables: The request's variables.
    """

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, object]

    def operation_cost(self, operation: OperationDefinitionNode) -> int:
        """Return what an operation costs at most."""
        root = self.schema.get_root_type(operation.operation)
        cost = self._selections(operation.selection_set, root)
        return cost + (MUTATION_COST if operation.operation is OperationType.MUTATION else 0)

    def _selections(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> int:
        if selections is None:
            return 0
        cost = 0
        for each in selections.selections:
            if isinstance(each, FieldNode):
                cost += self._field(each, parent)
            elif isinstance(each, InlineFragmentNode):
                named = each.type_condition
                inner = self.schema.get_type(named.name.value) if named else parent
                cost += self._selections(each.selection_set, inner)
            elif isinstance(each, FragmentSpreadNode):
                fragment = self._fragment(each.name.value)
                inner = self.schema.get_type(fragment.type_condition.name.value)
                cost += self._selections(fragment.selection_set, inner)
        return cost

    def _field(self, field: FieldNode, parent: GraphQLNamedType | None) -> int:
        name = field.name.value
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) or name.startswith("__"):
            return 0
        kind = get_named_type(parent.fields[name].type)
        if is_leaf_type(kind):
            return 0
        inner = self._selections(field.selection_set, kind)
        if name in FREE:
            return inner
        size = self._page_size(field)
        if kind.name.endswith("Connection"):
            return inner * size
        return (1 + inner) * size

    def _page_size(self, field: FieldNode) -> int:
        for argument in field.arguments or ():
            if argument.name.value in {"first", "last"}:
                value = argument.value
                if isinstance(value, IntValueNode):
                    return int(value.value)
                given = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
                if isinstance(given, int):
                    return given
        return 1

    def _fragment(self, name: str) -> FragmentDefinitionNode:
        return next(
            each
            for each in self.document.definitions
            if isinstance(each, FragmentDefinitionNode) and each.name.value == name
        )


def objects_in(data: object) -> int:
    """Count the objects an answer holds: what the query cost in the end."""
    if isinstance(data, dict):
        return 1 + sum(objects_in(value) for value in data.values())
    if isinstance(data, list):
        return sum(objects_in(value) for value in data)
    return 0
