"""Every list that a client can ask for has a stated size."""

import pytest
from graphql import (
    GraphQLList,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_object_type,
)

from schema.api import make_schema
from schema.list_sizes import LIST_SIZES
from tests.schema.contract import contract_schema


def lists_of_objects(schema: GraphQLSchema) -> dict[str, set[str]]:
    """Return the arguments of each field that answers with a list of objects."""
    return {
        f"{named.name}.{name}": set(field.args)
        for named in schema.type_map.values()
        if is_object_type(named) and not named.name.endswith("Connection")
        for name, field in named.fields.items()
        if isinstance(get_nullable_type(field.type), GraphQLList)
        and not is_leaf_type(get_named_type(field.type))
        and get_named_type(field.type).name != "UserError"
    }


@pytest.mark.parametrize(
    "schema", [contract_schema(), make_schema()._schema], ids=["contract", "served"]
)
def test_no_list_is_without_a_size_and_no_size_names_an_unknown_argument(
    schema: GraphQLSchema,
) -> None:
    found = lists_of_objects(schema)

    assert sorted(found.keys() - LIST_SIZES.keys()) == []
    for place in found:
        assert set(LIST_SIZES[place].arguments) <= found[place]


def test_no_size_is_of_a_list_that_is_nowhere() -> None:
    found = lists_of_objects(contract_schema()) | lists_of_objects(make_schema()._schema)

    assert sorted(LIST_SIZES.keys() - found.keys()) == []


def test_all_sizes_lie_within_their_bounds() -> None:
    assert [size for size in LIST_SIZES.values() if not 0 < size.assumed <= size.most] == []


def test_pages_are_the_only_lists_of_connections() -> None:
    connections = [
        named
        for named in contract_schema().type_map.values()
        if is_object_type(named) and named.name.endswith("Connection")
    ]

    assert len(connections) == 3
    for named in connections:
        assert set(named.fields) == {"edges", "nodes", "pageInfo"}
