"""A websocket client of another make, the npm package graphql-ws, against the real server."""

import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.people import DEPOSIT, ORDER, register
from tests.e2e.server import Server, run, running
from tests.e2e.watcher import watching
from tests.parts import npm_packages

PRICES = """
subscription ($ids: [ID!]) {
  priceUpdates(assetIds: $ids) { asset { id } price previousPrice sequence }
}"""

EVENTS = """
subscription ($since: Int) {
  accountEvents(since: $since) { transaction { version kind cashChange } account { version } }
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    npm_packages()
    folder: Path = tmp_path_factory.mktemp("graphql_ws")
    with running(folder, CNOP_MARKET_TICK_SECONDS="0.05") as started:
        yield started


async def test_prices_move(server: Server) -> None:
    async with watching(server.websocket_url, PRICES, ids=["BTC", "ETH"]) as watcher:
        assert await watcher.event() == {"connected": True}
        snapshot = (await watcher.next())["priceUpdates"]
        later = [(await watcher.next())["priceUpdates"] for _ in range(5)]

    assert {update["asset"]["id"] for update in snapshot} == {"BTC", "ETH"}
    updates = [update for batch in (snapshot, *later) for update in batch]
    bitcoin = [update for update in updates if update["asset"]["id"] == "BTC"]
    assert len({update["price"] for update in bitcoin}) > 1
    assert all(Decimal(update["price"]) > 0 for update in updates)
    sequences = [update["sequence"] for update in bitcoin]
    assert sequences == sorted(set(sequences))


async def test_account_events_are_replayed_and_go_on_live(server: Server) -> None:
    async with server.client() as client:
        ada = await register(client, "ada_lovelace")
        await run(client, DEPOSIT, ada.access_token, amount="50.00")
        async with watching(server.websocket_url, EVENTS, ada.access_token, since=0) as watcher:
            assert await watcher.event() == {"connected": True}
            first = (await watcher.next())["accountEvents"]
            await run(client, DEPOSIT, ada.access_token, amount="25.00")
            second = (await watcher.next())["accountEvents"]
            order = {"assetId": "DOGE", "side": "BUY", "quantity": "10"}
            placed = await run(client, ORDER, ada.access_token, input=order)
            third = (await watcher.next())["accountEvents"]

    events = [event["transaction"] for event in (first, second, third)]
    assert [event["version"] for event in events] == [1, 2, 3]
    assert [event["cashChange"] for event in events[:2]] == ["50.00", "25.00"]
    assert events[2]["cashChange"] == placed["placeOrder"]["transaction"]["cashChange"]


async def test_a_stranger_is_told_why_events_are_not_for_them(server: Server) -> None:
    async with watching(server.websocket_url, EVENTS) as watcher:
        assert await watcher.event() == {"connected": True}
        event = await watcher.event()

    errors = event["error"] if "error" in event else event["next"]["errors"]
    assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_bad_token_is_forbidden(server: Server) -> None:
    async with watching(server.websocket_url, PRICES, token="x") as watcher:
        events = [await watcher.event(), await watcher.event()]

    assert {"closed": 4403, "reason": "Forbidden: The access token is not one of ours."} in events


async def test_a_session_that_ended_opens_nothing_more(server: Server) -> None:
    async with server.client() as client:
        grace = await register(client, "grace_hopper")
        await run(client, "mutation { logout { success } }", grace.access_token)
    async with watching(server.websocket_url, EVENTS, grace.access_token) as watcher:
        events = [await watcher.event(), await watcher.event()]

    assert {"closed": 4403, "reason": "Forbidden: The session has ended; sign in again."} in events


async def test_a_client_is_told_when_the_server_stops(tmp_path: Path) -> None:
    npm_packages()
    with running(tmp_path, CNOP_MARKET_TICK_SECONDS="3600") as stopping:
        async with watching(stopping.websocket_url, PRICES) as watcher:
            assert await watcher.event() == {"connected": True}
            await watcher.next()
            stopping.signal(signal.SIGTERM)
            events = [await watcher.event(), await watcher.event()]
        assert stopping.wait() == 0

    reason = "The server is shutting down; connect again."
    assert {"closed": 1001, "reason": reason} in events
