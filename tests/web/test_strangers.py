"""Where introspection is off, strangers are shown the schema at no address."""

from dataclasses import replace

import pytest

from tests.api.world import World, opened
from tests.web.asgi import client_of
from web.app import make_app
from web.settings_reading import read_settings

INTROSPECTION = {"query": "{ __schema { queryType { name } } }"}
SECRET = {"CNOP_JWT_SECRET": f"one:{'s' * 32}"}


def closed(world: World) -> World:
    settings = replace(world.exchange.settings, has_introspection=False)
    world.exchange = replace(world.exchange, settings=settings)
    return world


async def test_the_schema_is_shown_to_users_alone() -> None:
    async with opened() as world:
        alice = await world.register()
        async with client_of(make_app(closed(world).exchange)) as client:
            page = await client.get("/schema.graphql")
            begin = await client.get("/")
            refused = await client.post("/graphql", json=INTROSPECTION)
            token = {"authorization": f"Bearer {alice.access_token}"}
            told = await client.post("/graphql", json=INTROSPECTION, headers=token)
    assert page.status_code == 404
    assert "/schema.graphql" not in begin.text
    (error,) = refused.json()["errors"]
    assert error["extensions"]["code"] == "INTROSPECTION_DISABLED"
    assert told.json()["data"] == {"__schema": {"queryType": {"name": "Query"}}}


async def test_elsewhere_everybody_sees_it() -> None:
    async with opened() as world, client_of(make_app(world.exchange)) as client:
        assert "type Query" in (await client.get("/schema.graphql")).text
        assert "/schema.graphql" in (await client.get("/")).text
        assert "errors" not in (await client.post("/graphql", json=INTROSPECTION)).json()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, True),
        ({"CNOP_INTROSPECTION": "off"}, False),
        ({"CNOP_ENV": "production"} | SECRET, False),
        ({"CNOP_ENV": "production", "CNOP_INTROSPECTION": "on"} | SECRET, True),
    ],
)
def test_it_is_off_in_production_unless_asked_for(
    environ: dict[str, str], *, expected: bool
) -> None:
    assert read_settings(environ).has_introspection is expected
