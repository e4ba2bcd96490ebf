"""Unions cost as much as their dearest member, and entities as many as are asked for."""

from typing import Any

import pytest
from graphql import build_schema, get_operation_ast, parse

from schema.api import make_schema
from schema.cost_plan import CostPlan
from schema.query_cost import Pricing

ENTITIES = """
    query ($r: [_Any!]!) {
      _entities(representations: $r) {
        ... on Asset { id }
        ... on Order { asset { id } fill { price } }
        ... on User { account { id } }
      }
    }
"""

SMALL = build_schema(
    """
    type Query { things: [Thing!]! some: Thing nobody: [Leaf!]! }
    union Thing = Leaf | Branch | Twig
    type Leaf { id: ID! }
    type Branch { leaves(first: Int): LeafConnection twigs: [Twig!]! }
    type Twig { leaf: Leaf leaves(first: Int): LeafConnection }
    type LeafConnection { nodes: [Leaf!]! }
    """
)


def plan(text: str) -> CostPlan:
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation
    return Pricing(SMALL).plan(document, operation)


def test_entities_cost_by_the_number_of_representations() -> None:
    document = parse(ENTITIES)
    operation = get_operation_ast(document)
    assert operation
    entities = Pricing(make_schema()._schema).plan(document, operation)
    some: dict[str, Any] = {"r": [{"__typename": "Asset", "id": "BTC"}] * 4}

    assert entities.nodes(some) == 4 * (1 + 2)
    assert entities.nodes({"r": some["r"] * 100}) == 100 * 3
    answer = {"_entities": [{"id": "BTC"}, None, {"asset": {"id": "BTC"}, "fill": None}]}
    assert entities.actual(answer, 12) == 3


@pytest.mark.parametrize(("n", "dearest"), [(0, 1 + 1), (1, 1 + 1), (2, 1 + 2), (50, 1 + 50)])
def test_which_member_is_dearest_depends_on_the_variables(n: int, dearest: int) -> None:
    text = """
        query ($n: Int) { some {
            ... on Branch { leaves(first: $n) { nodes { id } } }
            ... on Twig { leaf { id } leaves { __typename } }
        } }
    """

    assert plan(text).nodes({"n": n}) == 1 + max(dearest, 2)


def test_lists_that_nobody_sized_are_taken_for_long() -> None:
    assert plan("{ nobody { id } }").nodes({}) == 250


def test_a_list_of_a_stated_length_multiplies_what_variables_decide() -> None:
    text = """
        query ($n: Int) { things { ... on Branch { leaves(first: $n) { nodes { id } } } } }
    """

    assert plan(text).nodes({"n": 3}) == 250 * (1 + 1 + 3)


def test_lists_within_lists_multiply_though_nobody_sized_them() -> None:
    levels = "twigs { leaves { nodes { id } } }"

    assert plan(f"{{ things {{ ... on Branch {{ {levels} }} }} }}").nodes({}) == 250 * (
        1 + 250 * (1 + 1 + 20)
    )


def test_a_root_that_the_schema_lacks_costs_nothing() -> None:
    assert plan("subscription { anything { id } }").nodes({}) == 0


@pytest.mark.parametrize("number", ["9" * 12, "9" * 10_000, "-" + "9" * 10_000, '"x"', "{}"])
def test_a_literal_that_validation_would_refuse_is_taken_for_the_longest(number: str) -> None:
    text = f"{{ some {{ ... on Twig {{ leaves(first: {number}) {{ nodes {{ id }} }} }} }} }}"

    assert plan(text).nodes({}) == 1 + 1 + 100
