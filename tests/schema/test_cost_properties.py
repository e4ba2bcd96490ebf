"""Costs of random queries: sound, monotone, and what a simple-minded reckoning says."""

from typing import Any

from graphql import FieldNode, FragmentSpreadNode, SelectionSetNode, parse
from hypothesis import given
from hypothesis import strategies as st

from schema.document_shape import shape_of
from tests.schema.contract import nodes_of
from tests.schema.naive_cost import Naive
from tests.schema.random_queries import queries


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
