"""Automatic persisted queries, as Apollo's clients speak them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import httpx
import pytest
from graphql import GraphQLError

from tests.api.world import opened
from tests.web.asgi import client_of
from tests.web.test_sockets import Socket, ended
from web.app import make_app
from web.graphql_media_types import GRAPHQL_JSON
from web.graphql_persisted_queries import PersistedQueries

QUERY = "{ __typename }"
DATA = {"__typename": "Query"}


def persisted(query: str, **changed: Any) -> dict[str, Any]:
    given = {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()} | changed
    return {"persistedQuery": given}


@asynccontextmanager
async def served() -> AsyncIterator[httpx.AsyncClient]:
    async with opened() as world, client_of(make_app(world.exchange)) as client:
        yield client


async def test_an_unknown_hash_is_asked_for_and_known_from_then_on() -> None:
    only_hash = {"extensions": persisted(QUERY)}
    async with served() as client:
        unknown = await client.post("/graphql", json=only_hash)
        strict = await client.post("/graphql", json=only_hash, headers={"accept": GRAPHQL_JSON})
        sent = await client.post("/graphql", json={"query": QUERY, **only_hash})
        known = await client.post("/graphql", json=only_hash)

    assert (unknown.status_code, strict.status_code) == (200, 400)
    assert unknown.json() == {
        "errors": [
            {
                "message": "PersistedQueryNotFound",
                "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
            }
        ]
    }
    assert sent.json()["data"] == known.json()["data"] == DATA


async def test_a_known_hash_may_be_read() -> None:
    hashed = (
        f'{{"persistedQuery":{{"version":1,"sha256Hash":"{sha256(QUERY.encode()).hexdigest()}"}}}}'
    )
    async with served() as client:
        await client.post("/graphql", json={"query": QUERY, "extensions": persisted(QUERY)})
        answer = await client.get(
            "/graphql",
            params={"extensions": hashed},
            headers={"apollo-require-preflight": "1"},
        )

    assert answer.json()["data"] == DATA


@pytest.mark.parametrize(
    "extensions",
    [
        persisted("{ other }"),
        persisted(QUERY, sha256Hash=None),
        persisted(QUERY, version=2),
        {"persistedQuery": "x"},
    ],
)
async def test_a_hash_that_is_not_the_documents_is_refused(extensions: dict[str, Any]) -> None:
    async with served() as client:
        answer = await client.post("/graphql", json={"query": QUERY, "extensions": extensions})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"]


async def test_a_socket_knows_hashes_too_and_shares_them_with_http() -> None:
    other = "{ tradingRules { feePercent } }"
    async with opened() as world:
        app = make_app(world.exchange)
        socket = Socket(app)
        await socket.begin()
        socket.say("subscribe", "1", extensions=persisted(QUERY))
        unknown = await socket.heard()
        socket.say("subscribe", "1", query=QUERY, extensions=persisted(QUERY))
        sent, _ = await socket.heard(), await socket.heard()
        socket.say("subscribe", "1", query=None, extensions=persisted(QUERY))
        known, _ = await socket.heard(), await socket.heard()
        async with client_of(app) as client:
            by_http = await client.post("/graphql", json={"extensions": persisted(QUERY)})
            await client.post("/graphql", json={"query": other, "extensions": persisted(other)})
        socket.say("subscribe", "2", documentId=f"sha256:{sha256(other.encode()).hexdigest()}")
        learnt, _ = await socket.heard(), await socket.heard()
        await ended(socket)

    assert unknown == {
        "id": "1",
        "type": "error",
        "payload": [
            {
                "message": "PersistedQueryNotFound",
                "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
            }
        ],
    }
    assert sent["payload"]["data"] == known["payload"]["data"] == by_http.json()["data"] == DATA
    assert learnt["payload"]["data"] == {"tradingRules": {"feePercent": "0"}}


async def test_a_subscription_may_be_named_by_its_hash() -> None:
    query = "subscription ($ids: [ID!]) { priceUpdates(assetIds: $ids) { price } }"
    async with opened() as world:
        socket = Socket(make_app(world.exchange))
        await socket.begin()
        for text in (query, None):
            variables = {"ids": ["BTC"]}
            socket.say(
                "subscribe", "1", query=text, variables=variables, extensions=persisted(query)
            )
            first = await socket.heard()
            await world.tick({"BTC": "50001"})
            second = await socket.heard()
            socket.say("complete", "1")
            assert len(first["payload"]["data"]["priceUpdates"]) == 1
            assert second["payload"]["data"] == {"priceUpdates": [{"price": "50001"}]}
            await world.tick({"BTC": "50002"})
        await ended(socket)


@pytest.mark.parametrize(
    "extensions", [persisted("{ other }"), persisted(QUERY, version=2), {"persistedQuery": "x"}]
)
async def test_a_socket_is_told_of_a_hash_that_is_none_and_goes_on(
    extensions: dict[str, Any],
) -> None:
    async with opened() as world:
        socket = Socket(make_app(world.exchange))
        await socket.begin()
        socket.say("subscribe", "1", query=QUERY, extensions=extensions)
        refused = await socket.heard()
        socket.say("subscribe", "1", query=QUERY)
        answer = await socket.heard()
        await ended(socket)

    assert (refused["type"], refused["id"]) == ("error", "1")
    assert refused["payload"][0]["extensions"]["code"]
    assert answer["payload"]["data"] == DATA


async def test_extensions_that_name_no_document_are_no_document() -> None:
    async with opened() as world:
        socket = Socket(make_app(world.exchange))
        await socket.begin()
        socket.say("subscribe", "1", extensions={"some": "value"})
        refused = await socket.heard()
        await ended(socket)

    assert (refused["type"], refused["id"]) == ("error", "1")
    assert refused["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_what_was_unused_for_longest_is_forgotten_first() -> None:
    documents = PersistedQueries(characters_kept_max=30)
    first, second, third = "a" * 10, "b" * 10, "c" * 11

    for query in (first, second, first):
        assert documents.resolved(query, persisted(query)) == query
    assert documents.resolved(None, persisted(first)) == first
    documents.resolved(third, persisted(third))

    assert documents.resolved(None, persisted(first)) == first
    assert documents.resolved("", persisted(third)) == third
    with pytest.raises(GraphQLError, match="PersistedQueryNotFound"):
        documents.resolved(None, persisted(second))


def test_other_extensions_are_left_alone() -> None:
    assert PersistedQueries().resolved(QUERY, {"some": "value"}) == QUERY
