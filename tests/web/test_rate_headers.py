"""What an answer's headers tell of limits, and that a page of another origin may read it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from adapters.memory_budgets import MemoryBudgets
from domain.ports.budgets import Bucket
from resolvers.budgets import BudgetRules
from tests.api.world import opened
from tests.web.asgi import client_of
from web.app import make_app
from web.graphql_media_types import GRAPHQL_JSON, JSON

FRIEND = "https://app.example.com"
LIMITS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
SIMPLE = "{ __typename }"
LOGIN = 'mutation { login(input: {username: "nobody_01", password: "x"}) { errors { code } } }'


@asynccontextmanager
async def served(
    requests_per_minute: int = 100, logins_per_minute: int = 0, budget: int = 100
) -> AsyncIterator[httpx.AsyncClient]:
    bucket = Bucket(capacity=budget, restore_per_second=1)
    rules = BudgetRules(budgets=MemoryBudgets(bucket, clock_ms=lambda: 0), bucket=bucket)
    async with opened(logins_per_minute=logins_per_minute) as world:
        settings = replace(
            world.exchange.settings,
            requests_per_minute=requests_per_minute,
            cors_origins=(FRIEND,),
        )
        app = make_app(replace(world.exchange, settings=settings, budgets=rules))
        async with client_of(app) as client:
            yield client


async def post(client: httpx.AsyncClient, query: str, accept: str = JSON) -> httpx.Response:
    headers = {"accept": accept, "origin": FRIEND}
    return await client.post("/graphql", json={"query": query}, headers=headers)


def readable(answer: httpx.Response) -> set[str]:
    """Return the headers that a browser shows to the page."""
    return {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}


async def test_each_answer_tells_what_is_left_of_the_minute() -> None:
    async with served() as client:
        answers = [await post(client, query) for query in (SIMPLE, "{ nothing }", "{")]
        answers.append(await client.post("/graphql", content=b"x", headers={"origin": FRIEND}))
        answers.append(await client.get("/nowhere", headers={"origin": FRIEND}))

    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == [
        "99",
        "98",
        "97",
        "96",
        "95",
    ]
    for answer in answers:
        assert answer.headers["x-ratelimit-limit"] == "100"
        assert int(answer.headers["x-ratelimit-reset"]) > 1_700_000_000
        assert readable(answer) >= {*LIMITS, "retry-after"}


async def test_an_address_that_is_refused_is_told_when_to_come_back() -> None:
    async with served(requests_per_minute=1) as client:
        await post(client, SIMPLE)
        refused = await post(client, SIMPLE)

    assert refused.status_code == 429
    assert [refused.headers[name] for name in LIMITS[:2]] == ["1", "0"]
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert readable(refused) >= {*LIMITS, "retry-after"}


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL_JSON, 429)])
async def test_a_budget_that_is_too_small_says_when_it_holds_enough(
    accept: str, status: int
) -> None:
    query = "{ assets(first: 10) { nodes { id } } }"
    async with served(budget=11) as client:
        await post(client, query)
        refused = await post(client, query, accept)

    (error,) = refused.json()["errors"]
    assert refused.status_code == status
    assert refused.headers["retry-after"] == str(error["extensions"]["retryAfterSeconds"])
    assert "x-ratelimit-remaining" in refused.headers


async def test_an_operation_that_is_too_dear_for_ever_is_not_to_be_repeated() -> None:
    async with served(budget=5) as client:
        refused = await post(client, "{ assets(first: 10) { nodes { id } } }")

    assert refused.json()["errors"][0]["extensions"]["code"] == "COST_LIMIT_EXCEEDED"
    assert "retry-after" not in refused.headers


async def test_a_login_too_many_says_when_the_next_one_is_heard() -> None:
    async with served(logins_per_minute=1) as client:
        heard = await post(client, LOGIN)
        refused = await post(client, LOGIN)

    (error,) = refused.json()["errors"]
    assert "retry-after" not in heard.headers
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert refused.headers["retry-after"] == str(error["extensions"]["retryAfterSeconds"])


async def test_a_preflight_is_not_counted() -> None:
    asked = {"origin": FRIEND, "access-control-request-method": "POST"}
    async with served() as client:
        await client.options("/graphql", headers=asked)
        answer = await post(client, SIMPLE)

    assert answer.headers["x-ratelimit-remaining"] == "99"
