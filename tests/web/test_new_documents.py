"""Documents that the server has to learn count for as much as they are work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.types import ASGIApp

from tests.api.world import opened
from tests.web.asgi import client_of
from tests.web.test_sockets import Socket, ended
from web.app import make_app
from web.graphql_documents import CHARACTERS_PER_REQUEST


def long_query(requests: int, name: str = "x") -> str:
    """Return a document that is as much work as so many requests, and one more."""
    return f"{{ __typename }} # {name}".ljust(requests * CHARACTERS_PER_REQUEST, ".")


@asynccontextmanager
async def limited(requests_per_minute: int) -> AsyncIterator[ASGIApp]:
    async with opened() as world:
        settings = replace(world.exchange.settings, requests_per_minute=requests_per_minute)
        yield make_app(replace(world.exchange, settings=settings))


async def remaining(app: ASGIApp, query: str = "{ __typename }") -> tuple[int, int]:
    """Return the status, and what is left of the minute before the document is looked at."""
    async with client_of(app) as client:
        answer = await client.post("/graphql", json={"query": query})
        return answer.status_code, int(answer.headers["x-ratelimit-remaining"])


async def test_a_long_document_counts_as_several_requests_once() -> None:
    async with limited(20) as app:
        told = [await remaining(app, long_query(5)) for _ in range(3)]

    assert told == [(200, 19), (200, 13), (200, 12)]


async def test_a_short_document_counts_as_one_request() -> None:
    async with limited(20) as app:
        told = [await remaining(app, f"{{ a{number}: __typename }}") for number in range(3)]

    assert told == [(200, 19), (200, 18), (200, 17)]


async def test_what_cannot_be_parsed_is_learnt_again_each_time() -> None:
    async with limited(20) as app:
        told = [await remaining(app, "}" + long_query(5)) for _ in range(3)]

    assert told == [(200, 19), (200, 13), (200, 7)]


async def test_too_much_that_is_new_is_refused_with_the_time_to_come_back() -> None:
    async with limited(20) as app, client_of(app) as client:
        await client.post("/graphql", json={"query": long_query(12)})
        refused = await client.post("/graphql", json={"query": long_query(12, "other")})

    assert refused.status_code == 429
    assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert 1 <= int(refused.headers["retry-after"]) <= 61


async def test_new_documents_on_a_socket_count_too() -> None:
    async with limited(20) as app:
        socket = Socket(app)
        await socket.begin()
        for name in ("one", "two"):
            socket.say("subscribe", name, query=long_query(12, name))
        told = [await socket.heard() for _ in range(3)]
        await ended(socket)

    assert [(one["id"], one["type"]) for one in told] == [
        ("one", "next"),
        ("one", "complete"),
        ("two", "error"),
    ]
    assert told[-1]["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_where_addresses_are_not_limited_documents_are_not_either() -> None:
    async with limited(0) as app, client_of(app) as client:
        answers = [
            await client.post("/graphql", json={"query": long_query(900, name)}) for name in "ab"
        ]

    assert [answer.status_code for answer in answers] == [200, 200]
