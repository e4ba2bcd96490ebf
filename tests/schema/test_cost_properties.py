"""Costs of random queries: sound, monotone, and what a simple-minded reckoning says."""

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    parse,
)
from graphql.execution.values import get_argument_values, get_variable_values
from hypothesis import given
from hypothesis import strategies as st

from schema.document_shape import shape_of
from tests.schema.contract import contract_schema, nodes_of
from tests.schema.random_queries import queries

LENGTHS = {"positions": 250, "points": 500, "legs": 6, "errors": 1}
"""Lists whose length no argument sets, written down a second time."""


class Naive:
    """Expands everything, each time anew."""

    def __init__(self, document: DocumentNode, variables: dict[str, Any]) -> None:
        self.schema = contract_schema()
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


@given(queries())
def test_a_naive_reckoning_comes_to_the_same(query: tuple[str, dict[str, int]]) -> None:
    text, variables = query

    assert nodes_of(text, variables) == Naive(parse(text), variables).nodes()


@given(queries(), st.integers(0, 50))
def test_longer_lists_never_cost_less(query: tuple[str, dict[str, int]], more: int) -> None:
    text, variables = query

    fewer = nodes_of(text, variables)

    assert fewer >= 0
    assert nodes_of(text, {name: size + more for name, size in variables.items()}) >= fewer


@given(
    queries(),
    st.dictionaries(
        st.sampled_from([f"v{number}" for number in range(5)]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none()),
    ),
)
def test_whatever_the_variables_hold_there_is_a_cost(
    query: tuple[str, dict[str, int]], variables: dict[str, Any]
) -> None:
    assert nodes_of(query[0], variables) >= 0


@given(queries())
def test_a_document_is_as_deep_and_large_as_it_is_written_out(
    query: tuple[str, dict[str, int]],
) -> None:
    document = parse(query[0])

    found = shape_of(document)

    naive = Naive(document, query[1])
    assert (found.depth, found.selections) == written_out(naive, naive.operation.selection_set)


def written_out(naive: Naive, selection: SelectionSetNode) -> tuple[int, int]:
    """Return depth and number of selections."""
    deepest = number = 0
    for node in selection.selections:
        inner, is_field = (
            (naive.fragments[node.name.value].selection_set, False)
            if isinstance(node, FragmentSpreadNode)
            else (getattr(node, "selection_set", None), isinstance(node, FieldNode))
        )
        depth, below = written_out(naive, inner) if inner else (0, 0)
        deepest = max(deepest, is_field + depth)
        number += 1 + below
    return deepest, number
