"""What the schema tells gateways of costs and sizes is what the server charges."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    get_operation_ast,
    is_leaf_type,
    is_list_type,
    is_object_type,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from resolvers.pages import PAGE_MAX
from schema.api import make_schema
from schema.list_sizes import LIST_SIZES, PAGE
from schema.query_cost import Pricing
from tests.api.whole_selections import RootField, root_fields, served
from tests.schema.random_queries import queries
from tests.schema.reckoning_by_sdl import BySdl, directives_of

PRICING = Pricing(make_schema()._schema)


def charged(text: str, variables: dict[str, Any]) -> int:
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation
    # Rows of a page whose items nobody asks for have no directive.
    plan = replace(PRICING.plan(document, operation), unseen_rows=0)
    return plan.points(variables)


def object_types() -> Iterator[GraphQLObjectType]:
    for named in served().type_map.values():
        if is_object_type(named) and not named.name.startswith("_"):
            yield named


def our_fields() -> Iterator[tuple[GraphQLObjectType, str, GraphQLField]]:
    for parent in object_types():
        for name, field in parent.fields.items():
            if not name.startswith("_"):
                yield parent, name, field


def is_list(field: GraphQLField) -> bool:
    return is_list_type(get_nullable_type(field.type))


@given(queries(sizes=st.integers(0, PAGE_MAX)))
def test_who_knows_the_sdl_alone_reckons_what_is_charged(query: tuple[str, dict[str, int]]) -> None:
    text, variables = query

    assert BySdl(parse(text), dict(variables)).cost() == charged(text, variables)


@pytest.mark.parametrize("root", root_fields("Query", "Mutation", "Subscription"), ids=str)
def test_the_whole_of_each_root_field_costs_what_the_sdl_says(root: RootField) -> None:
    text, variables = root.operation("BTC")

    assert BySdl(parse(text), variables).cost() == charged(text, variables)


@pytest.mark.parametrize(
    "text",
    [
        "{ orders(filter: {side: BUY}, first: 7) { nodes { id } } }",
        "{ orders(filter: null) { nodes { id } } a: orders(filter: {}) { edges { cursor } } }",
        "{ transactions(filter: {}) { nodes { legs { unit } } pageInfo { endCursor } } }",
        "{ assets(filter: {isTradable: true}, last: 3) { edges { node { id } } } }",
    ],
)
def test_a_filter_costs_what_the_sdl_says(text: str) -> None:
    assert BySdl(parse(text), {}).cost() == charged(text, {})


def test_each_list_of_objects_has_a_size_from_the_one_table_and_nothing_else_has() -> None:
    sized = {}
    for parent, name, field in our_fields():
        item = get_named_type(field.type)
        on_a_page = parent.name.endswith("Connection")
        said = directives_of(field).get("listSize")
        is_page = item.name.endswith("Connection")
        is_own_list = is_list(field) and not on_a_page and not is_leaf_type(item)
        assert (said is not None) is (is_page or is_own_list), f"{parent}.{name}"
        if said is not None and not is_page and item.name != "UserError":
            sized[f"{parent.name}.{name}"] = said["assumedSize"]

    assert sized == {
        place: size.assumed
        for place, size in LIST_SIZES.items()
        if not re.search(r"(^|\.)_", place)  # introspection and federation's own
    }


def test_a_page_is_sized_by_its_arguments() -> None:
    pages = [
        (field, get_named_type(field.type))
        for _, _, field in our_fields()
        if get_named_type(field.type).name.endswith("Connection")
    ]

    assert len(pages) == 3
    for page, connection in pages:
        assert directives_of(page)["listSize"] == {
            "assumedSize": PAGE.assumed,
            "slicingArguments": list(PAGE.arguments),
            "sizedFields": ["edges", "nodes"],
            "requireOneSlicingArgument": False,
        }
        assert is_object_type(connection)
        lists = [one for one, field in connection.fields.items() if is_list(field)]
        assert lists == ["edges", "nodes"]


def test_slicing_arguments_are_numbers_as_composers_demand() -> None:
    for _, _, field in our_fields():
        said = directives_of(field).get("listSize", {})
        for argument in said.get("slicingArguments", ()):
            assert get_nullable_type(field.args[argument].type) is GraphQLInt
            assert said["requireOneSlicingArgument"] is False


def test_only_mutations_the_nodes_of_edges_and_filters_have_a_weight_of_their_own() -> None:
    weights = {}
    for parent, name, field in our_fields():
        parts: dict[str, GraphQLField | GraphQLArgument] = {f"{parent.name}.{name}": field}
        parts |= {f"{parent.name}.{name}({one}:)": found for one, found in field.args.items()}
        for place, part in parts.items():
            if "cost" in (said := directives_of(part)):
                weights[place] = said["cost"]["weight"]

    assert weights == {
        **{str(root): 10 for root in root_fields("Mutation")},
        **{f"{kind}Edge.node": 0 for kind in ("Asset", "Order", "Transaction")},
        "Query.orders(filter:)": 100,
        "Query.transactions(filter:)": 100,
    }


def test_a_schema_that_is_made_again_says_nothing_twice() -> None:
    assert make_schema().as_str() == make_schema().as_str()
