"""Which operation of a document is meant: where that is unclear, none is run and nobody pays."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from adapters.memory_budgets import MemoryBudgets
from domain.ports.budgets import Bucket
from resolvers.budgets import BudgetRules
from tests.api.world import Session, World, opened
from tests.web.asgi import client_of
from tests.web.test_event_streams import Stream
from tests.web.test_sockets import Socket, ended
from web.app import make_app
from web.graphql_media_types import EVENT_STREAM, GRAPHQL_JSON, JSON

DEPOSIT = 'deposit(input: {amount: "1"}) { account { version } }'
SEVERAL = f"mutation A {{ {DEPOSIT} }} mutation B {{ {DEPOSIT} }}"
ANONYMOUS = f"mutation {{ {DEPOSIT} }} mutation {{ {DEPOSIT} }}"
HALF_ANONYMOUS = f"mutation A {{ {DEPOSIT} }} mutation {{ {DEPOSIT} }}"

UNCLEAR = [
    ({"query": SEVERAL}, "BAD_USER_INPUT"),
    ({"query": SEVERAL, "operationName": None}, "BAD_USER_INPUT"),
    ({"query": SEVERAL, "operationName": "C"}, "BAD_USER_INPUT"),
    ({"query": SEVERAL, "operationName": ""}, "BAD_USER_INPUT"),
    ({"query": f"mutation {{ {DEPOSIT} }}", "operationName": "A"}, "BAD_USER_INPUT"),
    ({"query": ANONYMOUS}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": HALF_ANONYMOUS}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": HALF_ANONYMOUS, "operationName": "A"}, "GRAPHQL_VALIDATION_FAILED"),
]
IDS = range(len(UNCLEAR))

CAPACITY = 100


@asynccontextmanager
async def charged() -> AsyncIterator[tuple[World, ASGIApp, Session]]:
    bucket = Bucket(capacity=CAPACITY, restore_per_second=1)
    rules = BudgetRules(budgets=MemoryBudgets(bucket, clock_ms=lambda: 0), bucket=bucket)
    async with opened() as world:
        alice = await world.register()
        yield world, make_app(replace(world.exchange, budgets=rules)), alice


async def send(app: ASGIApp, person: Session, body: Any, **headers: str) -> httpx.Response:
    async with client_of(app) as client:
        headers["authorization"] = f"Bearer {person.access_token}"
        return await client.post("/graphql", json=body, headers=headers)


async def nothing_happened(world: World, app: ASGIApp, person: Session) -> bool:
    query = "{ account { version } rateLimit { currentlyAvailable } }"
    told = (await send(app, person, {"query": query})).json()["data"]
    requested = 2
    return bool(
        told
        == {"account": {"version": 0}, "rateLimit": {"currentlyAvailable": CAPACITY - requested}}
    )


@pytest.mark.parametrize(("body", "code"), UNCLEAR, ids=IDS)
@pytest.mark.parametrize("media_type", [JSON, GRAPHQL_JSON])
async def test_a_post_is_refused(body: dict[str, Any], code: str, media_type: str) -> None:
    async with charged() as (world, app, alice):
        answer = await send(app, alice, body, accept=media_type)
        assert await nothing_happened(world, app, alice)

    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {code}
    assert "data" not in answer.json()
    is_told_by_body = media_type == JSON and code == "GRAPHQL_VALIDATION_FAILED"
    assert answer.status_code == (200 if is_told_by_body else 400)


@pytest.mark.parametrize(("body", "code"), UNCLEAR, ids=IDS)
async def test_a_stream_of_events_is_refused(body: dict[str, Any], code: str) -> None:
    async with charged() as (world, app, alice):
        stream = Stream(app, body["query"], alice.access_token, more=body)
        await stream.begin()
        told = await stream.next()
        await stream.leave()
        assert await nothing_happened(world, app, alice)

    assert {error["extensions"]["code"] for error in told["errors"]} == {code}
    assert not told.get("data")


@pytest.mark.parametrize(("body", "code"), UNCLEAR, ids=IDS)
async def test_an_operation_on_a_socket_is_refused_and_the_socket_goes_on(
    body: dict[str, Any], code: str
) -> None:
    async with charged() as (world, app, alice):
        socket = Socket(app)
        await socket.begin(Authorization=f"Bearer {alice.access_token}")
        socket.say("subscribe", "1", **body)
        told = await socket.heard()
        socket.say("subscribe", "2", query="{ __typename }")
        next_one = await socket.heard()
        await ended(socket)
        assert await nothing_happened(world, app, alice)

    assert (told["type"], told["id"]) == ("error", "1")
    assert {error["extensions"]["code"] for error in told["payload"]} == {code}
    assert (next_one["type"], next_one["id"]) == ("next", "2")


@pytest.mark.parametrize("accept", [JSON, EVENT_STREAM])
@pytest.mark.parametrize(
    "query",
    [
        "query A { __typename } query B { __typename }",
        "query A { __typename } mutation B { logout { success } }",
    ],
)
async def test_a_get_is_refused(query: str, accept: str) -> None:
    async with charged() as (_, app, _), client_of(app) as client:
        headers = {"apollo-require-preflight": "1", "accept": accept}
        several = await client.get("/graphql", params={"query": query}, headers=headers)
        named = await client.get(
            "/graphql", params={"query": query, "operationName": "A"}, headers=headers
        )

    assert "operationName" in several.text
    assert "BAD_USER_INPUT" in several.text
    assert '"__typename":"Query"' in named.text


async def test_the_one_that_is_named_is_run_and_no_other() -> None:
    query = "query A { __typename } query B { other: __typename }"
    async with charged() as (_, app, alice):
        answer = await send(app, alice, {"query": query, "operationName": "B"})

    assert answer.json()["data"] == {"other": "Query"}


async def test_an_operation_that_is_alone_needs_no_name() -> None:
    async with charged() as (_, app, alice):
        answer = await send(
            app, alice, {"query": "query A { ...F } fragment F on Query { __typename }"}
        )

    assert answer.json()["data"] == {"__typename": "Query"}
