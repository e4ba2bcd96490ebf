"""What an operation costs is told, asked for beforehand, and paid from the caller's own budget."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx

from adapters.memory_budgets import MemoryBudgets
from domain.ports.budgets import Bucket
from resolvers.budgets import BudgetRules
from tests.api.world import World, opened
from tests.web.asgi import client_of
from web.app import make_app

TEN_ASSETS = "{ assets(first: 10) { nodes { id } } }"
DEPOSIT = 'mutation { deposit(input: {amount: "1"}) { account { version } } }'


@asynccontextmanager
async def limited(
    capacity: int, restore_per_second: int = 1
) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    bucket = Bucket(capacity=capacity, restore_per_second=restore_per_second)
    budgets = MemoryBudgets(bucket, clock_ms=lambda: 0)
    async with opened() as world:
        rules = BudgetRules(budgets=budgets, bucket=bucket)
        world.exchange = replace(world.exchange, budgets=rules)
        async with client_of(make_app(world.exchange)) as client:
            yield world, client


async def ask(
    client: httpx.AsyncClient, query: str, token: str | None = None, **headers: str
) -> dict[str, Any]:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = await client.post("/graphql", json={"query": query}, headers=headers)
    body: dict[str, Any] = answer.json()
    return body


async def test_an_answer_tells_what_it_cost_and_what_is_left() -> None:
    async with limited(100) as (_, client):
        body = await ask(client, TEN_ASSETS)

    cost = body["extensions"]["cost"]
    returned = len(body["data"]["assets"]["nodes"])
    assert cost["requestedQueryCost"] == 11
    assert cost["actualQueryCost"] == 1 + returned
    assert cost["throttleStatus"] == {
        "maximumAvailable": 100,
        "currentlyAvailable": 100 - 1 - returned,
        "restoreRate": 1,
    }


async def test_the_budget_can_be_asked_for() -> None:
    async with limited(100) as (_, client):
        body = await ask(
            client, "{ rateLimit { maximumAvailable currentlyAvailable restoreRate } }"
        )

    assert body["data"]["rateLimit"] == {
        "maximumAvailable": 100,
        "currentlyAvailable": 99,
        "restoreRate": 1,
    }


async def test_where_budgets_are_off_there_is_none_to_show() -> None:
    async with opened() as world:
        exchange = replace(world.exchange, budgets=None)
        async with client_of(make_app(exchange)) as client:
            body = await ask(client, "{ rateLimit { maximumAvailable } }")

    assert body["data"] == {"rateLimit": None}
    assert body["extensions"]["cost"]["requestedQueryCost"] == 1
    assert "throttleStatus" not in body["extensions"]["cost"]


async def test_what_the_budget_does_not_hold_is_refused_before_it_runs() -> None:
    async with limited(15) as (world, client):
        alice = await world.register()
        first = await ask(client, DEPOSIT, alice.access_token)
        second = await ask(client, DEPOSIT, alice.access_token)
        version = await world.run("{ account { version } }", as_=alice)

    assert first["data"]["deposit"]["account"]["version"] == 1
    (error,) = second["errors"]
    assert error["extensions"]["code"] == "COST_LIMIT_EXCEEDED"
    assert error["extensions"]["retryAfterSeconds"] >= 1
    assert error["extensions"]["requestedQueryCost"] == 11
    assert "deposit" not in (second.get("data") or {})
    assert version.data == {"account": {"version": 1}}


async def test_whoever_comes_back_when_told_is_served() -> None:
    async with limited(15, restore_per_second=4) as (world, client):
        alice = await world.register()
        await ask(client, DEPOSIT, alice.access_token)
        body = await ask(client, DEPOSIT, alice.access_token)

    (error,) = body["errors"]
    assert error["extensions"]["retryAfterSeconds"] == 2  # 7 points are 1.75 s away


async def test_what_is_more_than_any_budget_says_so() -> None:
    async with limited(5) as (_, client):
        body = await ask(client, TEN_ASSETS)

    (error,) = body["errors"]
    assert error["extensions"]["retryAfterSeconds"] is None
    assert "ask for less" in error["message"]


async def test_users_have_budgets_of_their_own() -> None:
    async with limited(15) as (world, client):
        alice, bob = await world.register("alice_1"), await world.register("bobby_1")
        await ask(client, DEPOSIT, alice.access_token)
        body = await ask(client, DEPOSIT, bob.access_token)

    assert body["data"]["deposit"]["account"]["version"] == 1


async def test_strangers_of_one_ipv6_network_share_a_budget() -> None:
    async with limited(15) as (world, _):
        app = make_app(world.exchange)
        told = []
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"):
            async with client_of(app, address) as client:
                told.append("errors" in await ask(client, TEN_ASSETS))

    assert told == [False, True, False]


async def test_the_price_alone_is_told_without_running_or_charging() -> None:
    async with limited(15) as (world, client):
        alice = await world.register()
        for _ in range(3):
            body = await ask(client, DEPOSIT, alice.access_token, **{"X-Query-Cost-Only": "true"})
            assert body["extensions"]["cost"]["requestedQueryCost"] == 11
            assert not body.get("data")
            assert "errors" not in body
        version = await world.run("{ account { version } }", as_=alice)

    assert version.data == {"account": {"version": 0}}


async def test_rows_that_a_filter_passes_over_are_paid_for() -> None:
    lists = " ".join(
        f"a{number}: transactions(filter: {{kinds: [RESET, WITHDRAWAL]}}) {{ nodes {{ id }} }}"
        for number in range(3)
    )
    async with limited(1_000) as (world, client):
        alice = await world.register()
        for _ in range(15):
            await world.deposit(alice, "1")
        body = await ask(client, f"{{ {lists} }}", alice.access_token)

    cost = body["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 3 * (1 + 20 + 100)
    assert cost["actualQueryCost"] == 3 + 5  # 45 rows, ten for a point
    assert cost["throttleStatus"]["currentlyAvailable"] == 1_000 - 3 - 5


async def test_what_fails_within_is_not_given_back_and_what_never_began_is() -> None:
    within = "{ assets(first: 4) { nodes { candles(limit: 0) { open } } } }"
    async with limited(1_000) as (_, client):
        failed = await ask(client, within)
        refused = await ask(client, "{ portfolio { positions { quantity } } }")

    assert failed["data"] == {"assets": None}
    assert failed["extensions"]["cost"]["actualQueryCost"] == 1 + 4
    assert refused["data"] == {"portfolio": None}
    assert refused["extensions"]["cost"]["actualQueryCost"] == 0


async def test_too_many_objects_are_refused_whatever_the_budget() -> None:
    fields = "nodes { allTimeHigh { at } allTimeLow { at } position { asset { id } } }"
    lists = " ".join(f"a{number}: assets(first: 100) {{ {fields} }}" for number in range(20))
    async with limited(1_000_000) as (_, client):
        body = await ask(client, f"{{ {lists} }}")

    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
