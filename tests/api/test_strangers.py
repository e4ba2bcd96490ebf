"""In production, strangers learn no more of the schema than they know."""

from typing import Any

import pytest
from graphql import get_introspection_query

from schema.api import make_schema
from tests.api.world import Answer, Session, World, answer_of

CLOSED = make_schema(tells_strangers=False)

INTROSPECTING = [
    get_introspection_query(),
    "{ __schema { queryType { name } } }",
    '{ __type(name: "Query") { name } }',
    "{ _service { sdl } }",
    '{ asset(id: "BTC") { id } ...F } fragment F on Query { s: __schema { description } }',
]
MISTAKEN = [
    ("{ assat { id } }", {}),
    ('{ asset(id: "BTC") { pricex } }', {}),
    ('{ asset(idd: "BTC", id: "BTC") { name } }', {}),
    ('{ asset(id: "BTC") { ... on Asse { name } } }', {}),
    ("query ($a: AssetFilte) { assets(filter: $a) { nodes { id } } }", {}),
    ("{ assets(orderBy: {field: PRIC}) { nodes { id } } }", {}),
    ("query ($f: AssetFilter) { assets(filter: $f) { nodes { id } } }", {"f": {"idss": ["BTC"]}}),
]


async def run(
    world: World, text: str, variables: dict[str, Any] | None = None, as_: Session | None = None
) -> Answer:
    context = await world.context(as_)
    result = await CLOSED.execute(text, variable_values=variables or {}, context_value=context)
    return answer_of(result.data, result.errors)


@pytest.mark.parametrize("text", INTROSPECTING)
async def test_a_stranger_may_not_introspect_and_a_user_may(world: World, text: str) -> None:
    answer = await run(world, text)
    assert answer.data is None
    assert answer.codes == ["INTROSPECTION_DISABLED"]

    assert (await run(world, text, as_=await world.register())).errors == []
    assert (await world.run(text)).errors == []


@pytest.mark.parametrize(("text", "variables"), MISTAKEN)
async def test_a_stranger_hears_what_is_wrong_but_no_name(
    world: World, text: str, variables: dict[str, Any]
) -> None:
    alice = await world.register()
    for _ in range(2):  # the second time, the document comes from the cache
        to_stranger = await run(world, text, variables)
        to_alice = await run(world, text, variables, as_=alice)
        assert to_stranger.errors
        assert to_stranger.codes == to_alice.codes
        assert "Did you mean" not in str(to_stranger.errors)
        assert "Did you mean" in str(to_alice.errors)


async def test_who_has_a_name_of_a_type_for_the_asking(world: World) -> None:
    answer = await run(world, '{ __typename asset(id: "BTC") { __typename id } }')
    assert answer.errors == []
    assert answer.data["asset"] == {"__typename": "Asset", "id": "BTC"}


async def test_a_stranger_on_a_stream_may_not_introspect_either(world: World) -> None:
    results: Any = await CLOSED.stream(
        "{ __schema { queryType { name } } }", context_value=await world.context(None)
    )
    (result,) = [result async for result in results]
    assert [error.extensions["code"] for error in result.errors] == ["INTROSPECTION_DISABLED"]
