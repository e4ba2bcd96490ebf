"""A simple-minded reckoning of the contract's queries, written a second time from the rules."""

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)
from graphql.execution.values import get_argument_values, get_variable_values

from tests.schema.contract import contract_schema

LENGTHS = {"positions": 250, "points": 500, "legs": 6, "errors": 1}
"""Lists whose length no argument sets, written down a second time."""


class Naive:
    """Expands everything, each time anew."""

    def __init__(
        self,
        document: DocumentNode,
        variables: dict[str, Any],
        schema: GraphQLSchema | None = None,
    ) -> None:
        self.schema = schema or contract_schema()
        self.fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        [self.operation] = [
            node for node in document.definitions if isinstance(node, OperationDefinitionNode)
        ]
        definitions = self.operation.variable_definitions or ()
        self.variables = get_variable_values(self.schema, definitions, variables)
        assert not isinstance(self.variables, list)

    def nodes(self) -> int:
        assert self.schema.query_type
        return self.count(self.schema.query_type, [self.operation.selection_set], 0)

    def count(
        self, parent: GraphQLObjectType, selections: list[SelectionSetNode], page: int
    ) -> int:
        merged: dict[str, list[FieldNode]] = {}
        for selection in selections:
            for node in self.fields(parent, selection):
                merged.setdefault((node.alias or node.name).value, []).append(node)
        return sum(self.field(parent, nodes, page) for nodes in merged.values())

    def fields(self, parent: GraphQLObjectType, selection: SelectionSetNode) -> list[FieldNode]:
        found: list[FieldNode] = []
        for node in selection.selections:
            if isinstance(node, FieldNode):
                found.append(node)
                continue
            inner: InlineFragmentNode | FragmentDefinitionNode
            if isinstance(node, FragmentSpreadNode):
                inner = self.fragments[node.name.value]
            else:
                assert isinstance(node, InlineFragmentNode)
                inner = node
            assert inner.type_condition
            condition = self.schema.type_map[inner.type_condition.name.value]
            if condition is parent or (
                is_abstract_type(condition) and self.schema.is_sub_type(condition, parent)
            ):
                found += self.fields(parent, inner.selection_set)
        return found

    def field(self, parent: GraphQLObjectType, nodes: list[FieldNode], page: int) -> int:
        name = nodes[0].name.value
        if name == "__typename" or is_leaf_type(get_named_type(parent.fields[name].type)):
            return 0
        field = parent.fields[name]
        named: Any = get_named_type(field.type)
        arguments = get_argument_values(field, nodes[0], self.variables)  # type: ignore[arg-type]
        sizes = [arguments.get(size) for size in ("first", "last", "limit")]
        size = max((number for number in sizes if number is not None), default=None)
        if name == "candles":
            length = 24 if size is None else max(0, min(size, 500))
        elif name in {"edges", "nodes"}:
            length = page
        else:
            length = LENGTHS[name] if is_list_type(get_nullable_type(field.type)) else 1
        own_page = 20 if size is None else max(0, min(size, 100))
        members = self.schema.get_possible_types(named) if is_abstract_type(named) else [named]
        inner = [node.selection_set for node in nodes if node.selection_set]
        below = max(self.count(member, inner, own_page) for member in members)
        return length * ((name != "node") + below)
