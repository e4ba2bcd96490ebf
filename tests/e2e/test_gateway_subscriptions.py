"""Subscriptions carried by Hive's gateway, to the server as event streams or over websockets.

Each event is joined with what a second subgraph knows. @apollo/gateway carries no subscriptions.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from tests.e2e.gateways import SUBSCRIPTIONS_MAX, Joined, until
from tests.e2e.people import DEPOSIT, Person, register
from tests.e2e.server import run
from tests.e2e.watcher import watching

PRICES = """
subscription {
  priceUpdates(assetIds: ["BTC", "ETH"]) { price sequence asset { id price note } }
}"""

EVENTS = """
subscription {
  accountEvents(since: 0) { version transaction { cashChange } account { id note version } }
}"""

GATEWAYS = ("hive", "hive over websockets")

Next = Callable[[], Awaitable[dict[str, Any]]]


@asynccontextmanager
async def listening(
    joined: Joined, gateway: str, client: str, query: str, token: str = ""
) -> AsyncIterator[Next]:
    """Subscribe at a gateway; yield what waits for the next result."""
    if client == "event stream":
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with joined.streaming(gateway, query, **headers) as results:
            yield lambda: anext(results)
        return
    await joined.calm()
    url = joined.gateways[gateway].replace("http", "ws", 1)
    async with watching(url, query, token) as watcher:
        assert await watcher.event() == {"connected": True}

        async def told() -> dict[str, Any]:
            result: dict[str, Any] = (await watcher.event())["next"]
            return result

        yield told


async def deposit(joined: Joined, person: Person, *amounts: str) -> None:
    async with joined.server.client() as client:
        for amount in amounts:
            await run(client, DEPOSIT, person.access_token, amount=amount)


async def newcomer(joined: Joined, name: str, way: str) -> Person:
    async with joined.server.client() as client:
        return await register(client, f"{name}_{abs(hash(way)) % 10**9}")


@pytest.mark.parametrize("client", ["event stream", "websocket"])
@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_prices_come_through_with_what_the_other_subgraph_knows(
    joined: Joined, gateway: str, client: str
) -> None:
    bitcoin: list[int] = []
    async with listening(joined, gateway, client, PRICES) as told:
        first = updates = (await told())["data"]["priceUpdates"]
        while len(bitcoin) < 3:
            bitcoin = [one["sequence"] for one in updates if one["asset"]["id"] == "BTC"]
            updates = updates + (await told())["data"]["priceUpdates"]

    assert [update["asset"]["note"] for update in first] == ["a note on BTC", "a note on ETH"]
    assert all(update["asset"]["price"] == update["price"] for update in updates)
    assert bitcoin == sorted(set(bitcoin))


@pytest.mark.parametrize("client", ["event stream", "websocket"])
@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_everybody_gets_their_own_events_and_nobody_elses(
    joined: Joined, gateway: str, client: str
) -> None:
    alice = await newcomer(joined, "alice", gateway + client)
    bob = await newcomer(joined, "bob", gateway + client)
    await deposit(joined, alice, "1.00")
    async with (
        listening(joined, gateway, client, EVENTS, alice.access_token) as told_alice,
        listening(joined, gateway, client, EVENTS, bob.access_token) as told_bob,
    ):
        first = (await told_alice())["data"]["accountEvents"]
        await deposit(joined, bob, "30.00", "40.00")
        await deposit(joined, alice, "2.00")
        alices = [first, (await told_alice())["data"]["accountEvents"]]
        bobs = [(await told_bob())["data"]["accountEvents"] for _ in range(2)]

    for person, events, amounts in (
        (alice, alices, ["1.00", "2.00"]),
        (bob, bobs, ["30.00", "40.00"]),
    ):
        assert [event["version"] for event in events] == [1, 2]
        assert [event["transaction"]["cashChange"] for event in events] == amounts
        assert {event["account"]["id"] for event in events} == {person.account_id}
        assert {event["account"]["note"] for event in events} == {f"a note on {person.account_id}"}


@pytest.mark.parametrize("client", ["event stream", "websocket"])
@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_strangers_get_none(joined: Joined, gateway: str, client: str) -> None:
    async with listening(joined, gateway, client, EVENTS) as told:
        result = await told()

    assert result.get("data") is None
    assert [error["extensions"]["code"] for error in result["errors"]] == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_when_the_client_leaves_the_gateway_the_server_stops_too(
    joined: Joined, gateway: str
) -> None:
    await until(lambda: joined.running_subscriptions() == 0)
    async with listening(joined, gateway, "event stream", PRICES) as told:
        await told()
        running = joined.running_subscriptions()

    assert running == 1
    await until(lambda: joined.running_subscriptions() == 0)


@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_events_end_with_the_session(joined: Joined, gateway: str) -> None:
    carol = await newcomer(joined, "carol", gateway)
    await deposit(joined, carol, "1.00")
    async with joined.streaming(
        gateway, EVENTS, authorization=f"Bearer {carol.access_token}"
    ) as results:
        assert "errors" not in await anext(results)
        async with joined.server.client() as client:
            await run(client, "mutation { logout { success } }", carol.access_token)
        last_words = [result async for result in results]

    assert [result.get("data") for result in last_words] == [None] * len(last_words)


@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_limits_count_the_clients_and_not_the_gateway(joined: Joined, gateway: str) -> None:
    greedy, modest = f"198.51.100.{len(gateway)}", f"203.0.113.{len(gateway)}"
    held = []  # a stream that nobody holds is closed
    async with AsyncExitStack() as streams:

        async def first_result(address: str) -> dict[str, Any]:
            stream = joined.streaming(gateway, PRICES, x_forwarded_for=address)
            held.append(await streams.enter_async_context(stream))
            return await anext(held[-1])

        served = [await first_result(greedy) for _ in range(SUBSCRIPTIONS_MAX)]
        refused = await first_result(greedy)
        other = await first_result(modest)

    assert [result for result in (*served, other) if "errors" in result] == []
    assert "errors" in refused
