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
