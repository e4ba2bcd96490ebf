"""GraphQL over HTTP in process: media types, statuses, and what is refused before it runs."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from adapters.table import TableUnavailableError
from tests.api.world import World, opened
from tests.web.asgi import client_of
from web.app import make_app
from web.graphql_media_types import EVENT_STREAM, GRAPHQL_JSON, JSON, Accepted, accepted
from web.graphql_requests import VALUES_MAX

UNASKED = {"apollo-require-preflight": "1"}
SIMPLE = "{ __typename }"


@asynccontextmanager
async def served() -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    async with opened() as world, client_of(make_app(world.exchange)) as client:
        yield world, client


async def post(client: httpx.AsyncClient, query: str, **headers: str) -> httpx.Response:
    return await client.post("/graphql", json={"query": query}, headers=headers)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", Accepted(JSON)),
        ("*/*", Accepted(JSON)),
        ("application/*", Accepted(JSON)),
        (JSON, Accepted(JSON)),
        (GRAPHQL_JSON, Accepted(GRAPHQL_JSON)),
        (f"{GRAPHQL_JSON};charset=utf-8", Accepted(GRAPHQL_JSON)),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", Accepted(GRAPHQL_JSON)),
        (f"{JSON}, {GRAPHQL_JSON}", Accepted(GRAPHQL_JSON)),
        (f"{GRAPHQL_JSON};q=0.5, {JSON}", Accepted(JSON)),
        (f"{GRAPHQL_JSON};q=0, */*", Accepted(JSON)),
        (f"{JSON};q=0.1, */*", Accepted(GRAPHQL_JSON)),
        (f"{JSON};q=x, text/html", Accepted(None)),
        ("text/html", Accepted(None)),
        (EVENT_STREAM, Accepted(None, is_stream=True)),
        (f"{JSON}, {EVENT_STREAM};q=0.5", Accepted(JSON, is_stream=True)),
    ],
)
def test_an_answer_is_what_the_client_likes_best(header: str, expected: Accepted) -> None:
    assert accepted(header) == expected


@pytest.mark.parametrize("media_type", [JSON, GRAPHQL_JSON])
async def test_an_answer_has_the_type_that_was_asked_for(media_type: str) -> None:
    async with served() as (_, client):
        answer = await post(client, SIMPLE, accept=media_type)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert "accept" in answer.headers["vary"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_a_client_that_takes_no_json_is_told_so() -> None:
    async with served() as (_, client):
        answer = await post(client, SIMPLE, accept="text/html")

    assert answer.status_code == 406
    assert answer.headers["content-type"] == JSON


@pytest.mark.parametrize(
    "query", ["{", "{ nothing }", "query ($id: ID!) { asset(id: $id) { id } }"]
)
@pytest.mark.parametrize(("media_type", "status"), [(JSON, 200), (GRAPHQL_JSON, 400)])
async def test_what_kept_an_operation_from_running_leaves_no_data(
    query: str, media_type: str, status: int
) -> None:
    async with served() as (_, client):
        answer = await post(client, query, accept=media_type)

    assert answer.status_code == status
    assert answer.headers["content-type"] == media_type
    assert "data" not in answer.json()
    assert answer.json()["errors"]


async def test_a_field_that_fails_leaves_the_data_and_the_status() -> None:
    async with served() as (_, client):
        answer = await post(client, "{ me { id } }", accept=GRAPHQL_JSON)

    assert answer.status_code == 200
    assert answer.json()["data"] == {"me": None}
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_outage_before_an_operation_is_an_outage_in_either_type() -> None:
    async with served() as (world, client):
        alice = await world.register()
        statuses = []
        for media_type in (JSON, GRAPHQL_JSON):
            world.table.fail_next(TableUnavailableError("gone"))
            answer = await post(
                client, SIMPLE, accept=media_type, authorization=f"Bearer {alice.access_token}"
            )
            statuses.append((answer.status_code, answer.headers["content-type"]))

    assert statuses == [(503, JSON), (503, GRAPHQL_JSON)]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_learn_which_ones_there_are(method: str) -> None:
    async with served() as (_, client):
        answer = await client.request(method, "/graphql")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


async def test_a_mutation_by_get_learns_that_it_must_be_posted() -> None:
    async with served() as (_, client):
        answer = await client.get(
            "/graphql", params={"query": "mutation { logout { success } }"}, headers=UNASKED
        )

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"apollo-require-preflight": ""}, 400),
        ({"content-type": "text/plain"}, 400),
        ({"apollo-require-preflight": "1"}, 200),
        ({"x-apollo-operation-name": "Prices"}, 200),
        ({"content-type": "application/json"}, 200),
    ],
)
async def test_a_get_that_a_foreign_page_could_send_is_refused(
    headers: dict[str, str], status: int
) -> None:
    async with served() as (_, client):
        answer = await client.get("/graphql", params={"query": SIMPLE}, headers=headers)

    assert answer.status_code == status


async def test_variables_by_get_are_json() -> None:
    query = "query ($id: ID!) { asset(id: $id) { id } }"
    async with served() as (_, client):
        good = await client.get(
            "/graphql", params={"query": query, "variables": '{"id": "BTC"}'}, headers=UNASKED
        )
        bad = await client.get(
            "/graphql", params={"query": query, "variables": "{"}, headers=UNASKED
        )

    assert good.json()["data"] == {"asset": {"id": "BTC"}}
    assert bad.status_code == 400


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"content-type": "text/plain"}, "accept-post"),
        ({"content-type": "application/jsonfoo"}, "accept-post"),
        ({"content-type": "application/json; charset=utf-16"}, "accept-post"),
        ({"content-type": "application/json", "content-encoding": "gzip"}, "accept-encoding"),
    ],
)
async def test_a_body_that_is_not_plain_json_is_refused(headers: dict[str, str], told: str) -> None:
    async with served() as (_, client):
        answer = await client.post("/graphql", content=b"{}", headers=headers)

    assert answer.status_code == 415
    assert told in answer.headers


@pytest.mark.parametrize("content_type", ["APPLICATION/JSON", 'application/json;charset="UTF-8"'])
async def test_a_content_type_may_be_spelt_as_http_allows(content_type: str) -> None:
    async with served() as (_, client):
        answer = await client.post(
            "/graphql",
            content=json.dumps({"query": SIMPLE}),
            headers={"content-type": content_type},
        )

    assert answer.status_code == 200


async def test_a_long_answer_is_compressed_and_a_short_one_is_not() -> None:
    query = "{ __schema { types { name description } } }"
    async with served() as (_, client):
        long = await post(client, query, **{"accept-encoding": "gzip"})
        plain = await post(client, query, **{"accept-encoding": "identity"})
        short = await post(client, SIMPLE, **{"accept-encoding": "gzip"})

    assert long.headers["content-encoding"] == "gzip"
    assert long.json()["data"] == plain.json()["data"]
    assert int(long.headers["content-length"]) < len(plain.content) / 2
    assert "content-encoding" not in short.headers


async def test_a_subscription_by_post_is_told_where_it_runs() -> None:
    async with served() as (_, client):
        answer = await post(client, "subscription { priceUpdates { price } }")

    assert answer.status_code == 400
    message: Any = answer.json()["errors"][0]["message"]
    assert "graphql-transport-ws" in message
    assert EVENT_STREAM in message


async def test_variables_hold_so_many_values_however_they_nest() -> None:
    query = "query ($ids: [ID!]) { __typename }"
    most = {"ids": [{"id": number} for number in range((VALUES_MAX - 2) // 2)]}
    async with served() as (_, client):
        taken, refused = [
            await client.post("/graphql", json={"query": query, "variables": variables})
            for variables in (most, {**most, "x": [1]})
        ]

    assert taken.status_code == 200
    assert refused.status_code == 400
    assert str(VALUES_MAX) in refused.json()["errors"][0]["message"]
