"""Pages of other origins: which may speak to the server, over HTTP and over websockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from starlette.types import ASGIApp

from tests.api.world import opened
from tests.web.asgi import client_of
from tests.web.test_sockets import Socket, ended
from web.app import make_app
from web.origins import THIS_MACHINE, Origins
from web.settings import Settings

FRIEND = "https://app.example.com"
STRANGER = "https://evil.example"
ASKED = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}


@asynccontextmanager
async def served(*origins: str) -> AsyncIterator[tuple[ASGIApp, httpx.AsyncClient]]:
    async with opened() as world:
        app = make_app(replace(world.exchange, settings=Settings(cors_origins=origins)))
        async with client_of(app) as client:
            yield app, client


@pytest.mark.parametrize(
    ("names", "origin", "expected"),
    [
        ((), FRIEND, False),
        ((FRIEND,), FRIEND, True),
        ((FRIEND,), "https://APP.example.com", True),
        ((FRIEND,), f"{FRIEND}.evil.example", False),
        ((FRIEND,), "http://app.example.com", False),
        ((FRIEND,), f"{FRIEND}:8443", False),
        (THIS_MACHINE, "http://localhost:5173", True),
        (THIS_MACHINE, "http://localhost", True),
        (THIS_MACHINE, "http://localhost.evil.example", False),
        (THIS_MACHINE, "http://localhost:80.evil.example", False),
        (("*",), STRANGER, True),
    ],
)
def test_an_origin_is_allowed_when_it_is_listed(
    names: tuple[str, ...], origin: str, *, expected: bool
) -> None:
    assert Origins(names).allow(origin) is expected


async def test_a_listed_page_may_send_and_read() -> None:
    async with served(FRIEND) as (_, client):
        preflight = await client.options("/graphql", headers={"origin": FRIEND, **ASKED})
        answer = await client.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"origin": FRIEND}
        )
        refused = await client.post("/graphql", content=b"x", headers={"origin": FRIEND})

    assert preflight.status_code == 200
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    for one in (preflight, answer, refused):
        assert one.headers["access-control-allow-origin"] == FRIEND
        assert "origin" in one.headers["vary"].lower()
        assert "access-control-allow-credentials" not in one.headers
    assert "x-request-id" in answer.headers["access-control-expose-headers"]


async def test_another_page_may_not() -> None:
    async with served(FRIEND) as (_, client):
        preflight = await client.options("/graphql", headers={"origin": STRANGER, **ASKED})
        answer = await client.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"origin": STRANGER}
        )

    assert preflight.status_code == 400
    assert "access-control-allow-origin" not in preflight.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_everybody_may_where_the_settings_say_so() -> None:
    async with served("*") as (_, client):
        answer = await client.get("/health", headers={"origin": STRANGER})

    assert answer.headers["access-control-allow-origin"] == "*"


async def test_only_a_listed_page_may_open_a_websocket() -> None:
    async with served(FRIEND) as (app, _):
        friend, stranger = Socket(app, origin=FRIEND), Socket(app, origin=STRANGER)
        await friend.begin()
        denied = await stranger.raw()
        await ended(friend, stranger)

    assert denied["type"] == "websocket.close"
