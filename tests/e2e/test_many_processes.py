"""Several servers on one DynamoDB table, with Redis between them, as on several hosts."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from tests.e2e.people import DEPOSIT, ORDER, Person, register
from tests.e2e.server import Server, command, run, running
from tests.redis_server import RedisServer

POLL_S = 0.2
POLLS_MAX = 300
"""A minute: a successor needs seven seconds, and this machine may be busy."""

EVENTS = "subscription { accountEvents(since: 0) { version transaction { kind } } }"
PRICES = 'subscription { priceUpdates(assetIds: ["BTC"]) { price sequence } }'
BTC = '{ asset(id: "BTC") { price priceUpdatedAt } }'


@dataclass
class Hosts:
    """Two servers that know of each other only what is in DynamoDB and Redis."""

    first: Server
    second: Server
    store: str
    folder: Path
    redis: RedisServer

    def audited(self) -> None:
        done = command(self.folder, "audit", "--store", self.store)
        assert (done.code, done.out) == (0, ""), done.err


@pytest.fixture
def hosts(tmp_path: Path, dynamodb_endpoint: str, own_redis: RedisServer) -> Iterator[Hosts]:
    assert dynamodb_endpoint
    store = f"dynamodb:hosts-{uuid4().hex}"
    settings = {
        "CNOP_STORE": store,
        "CNOP_REDIS_URL": own_redis.url,
        "CNOP_JWT_SECRET": "shared:" + 32 * "s",
        "CNOP_LOGINS_PER_MINUTE": "0",
    }
    with ExitStack() as stack:
        first = stack.enter_context(running(tmp_path / "first", **settings))
        second = stack.enter_context(running(tmp_path / "second", **settings))
        yield Hosts(first, second, store, tmp_path, own_redis)


async def until(
    condition: Callable[[httpx.AsyncClient, str], Awaitable[bool]],
    client: httpx.AsyncClient,
    what: str,
) -> None:
    """Wait until a server says that something has come about."""
    for _ in range(POLLS_MAX):
        if await condition(client, what):
            return
        await asyncio.sleep(POLL_S)
    pytest.fail("it never came to that")


@asynccontextmanager
async def subscribed(
    server: Server, query: str, token: str | None = None
) -> AsyncIterator[ClientConnection]:
    async with await server.socket() as socket:
        payload = {"Authorization": f"Bearer {token}"} if token else {}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        subscribe = {"id": "1", "type": "subscribe", "payload": {"query": query}}
        await socket.send(json.dumps(subscribe))
        yield socket


async def heard(socket: ClientConnection) -> Any:
    while True:
        message = json.loads(await socket.recv())
        if message["type"] == "next":
            return message["payload"]["data"]
        assert message["type"] == "ping", message


async def price_at(client: httpx.AsyncClient) -> str:
    at: str = (await run(client, BTC))["asset"]["priceUpdatedAt"]
    return at


async def test_a_token_revoked_on_one_is_refused_on_the_other_at_once(hosts: Hosts) -> None:
    async with hosts.first.client() as one, hosts.second.client() as other:
        ada = await register(one, "ada_lovelace")
        me = "{ me { username } }"
        assert (await run(other, me, ada.access_token))["me"] == {"username": "ada_lovelace"}

        await run(one, "mutation { logout { success } }", ada.access_token)
        refused = await other.post(
            "/graphql",
            json={"query": me},
            headers={"Authorization": f"Bearer {ada.access_token}"},
        )

    (error,) = refused.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_one_key_sent_32_times_at_once_has_one_effect_and_one_answer(hosts: Hosts) -> None:
    async with hosts.first.client() as one, hosts.second.client() as other:
        ada = await register(one, "ada_lovelace")
        given = {"amount": "10.00", "key": "once"}
        answers = await asyncio.gather(
            *(run((one, other)[n % 2], DEPOSIT, ada.access_token, **given) for n in range(32))
        )
        account = (await run(one, "{ account { version cash } }", ada.access_token))["account"]

    entry = {"version": 1, "cashChange": "10.00"}
    assert [answer["deposit"]["errors"] for answer in answers] == [[]] * 32
    assert [answer["deposit"]["transaction"] for answer in answers] == [entry] * 32
    assert account == {"version": 1, "cash": "10.00"}
    hosts.audited()


async def test_events_reach_subscribers_wherever_the_write_happened(hosts: Hosts) -> None:
    async with hosts.first.client() as one:
        ada = await register(one, "ada_lovelace")
        async with subscribed(hosts.second, EVENTS, ada.access_token) as socket:
            for version in (1, 2, 3):
                await run(one, DEPOSIT, ada.access_token, amount="1.00", key=f"{version}")
                event = (await heard(socket))["accountEvents"]
                assert event == {"version": version, "transaction": {"kind": "DEPOSIT"}}


async def test_every_server_has_the_leaders_prices(hosts: Hosts) -> None:
    async with subscribed(hosts.first, PRICES) as one, subscribed(hosts.second, PRICES) as other:
        seen: list[dict[int, str]] = [{}, {}]
        for _ in range(3):
            for place, socket in enumerate((one, other)):
                for update in (await heard(socket))["priceUpdates"]:
                    seen[place][update["sequence"]] = update["price"]

    common = seen[0].keys() & seen[1].keys()
    assert common
    assert all(seen[0][sequence] == seen[1][sequence] for sequence in common)


async def test_a_killed_leader_is_replaced_and_prices_go_on(hosts: Hosts) -> None:
    async with hosts.second.client() as client, subscribed(hosts.second, PRICES) as socket:
        last = (await heard(socket))["priceUpdates"][0]["sequence"]
        hosts.first.kill()

        # Ticks that the leader had stored come first, then those of its successor.
        before = await price_at(client)
        await until(later, client, before)
        for _ in range(3):
            (update,) = (await heard(socket))["priceUpdates"]
            assert update["sequence"] > last
            last = update["sequence"]
        ready = (await client.get("/health/ready")).json()

    assert ready["status"] == "ok"


async def later(client: httpx.AsyncClient, before: str) -> bool:
    return await price_at(client) > before


async def test_a_paused_leader_that_wakes_follows(hosts: Hosts) -> None:
    async with hosts.first.client() as one, hosts.second.client() as other:
        hosts.first.signal(signal.SIGSTOP)
        try:
            # What had been published may still be under way; then there are no ticks for a while.
            before = await price_at(other)
            for _ in range(3):
                await until(later, other, before)
                before = await price_at(other)
        finally:
            hosts.first.signal(signal.SIGCONT)
        await until(later, one, before)
        async with subscribed(hosts.first, PRICES) as a, subscribed(hosts.second, PRICES) as b:
            seen: list[dict[int, str]] = [{}, {}]
            for _ in range(4):
                for place, socket in enumerate((a, b)):
                    for update in (await heard(socket))["priceUpdates"]:
                        seen[place][update["sequence"]] = update["price"]

    common = seen[0].keys() & seen[1].keys()
    assert common
    assert all(seen[0][sequence] == seen[1][sequence] for sequence in common)


async def trade(client: httpx.AsyncClient, person: Person, stop: asyncio.Event) -> int:
    """Trade until told to stop; return how many orders were acknowledged."""
    count = 0
    while not stop.is_set():
        order = {"assetId": "DOGE", "side": "BUY", "quantity": "1"}
        answer = await run(client, ORDER, person.access_token, input=order)
        assert answer["placeOrder"]["errors"] == []
        count += 1
    return count


async def test_without_redis_money_goes_on_and_with_it_all_recovers(hosts: Hosts) -> None:
    async with hosts.first.client() as one, hosts.second.client() as other:
        ada = await register(one, "ada_lovelace")
        await run(one, DEPOSIT, ada.access_token, amount="1000.00", key="money")
        stop = asyncio.Event()
        trading = [asyncio.create_task(trade(client, ada, stop)) for client in (one, other)]

        # When Redis dies in mid-traffic.
        hosts.redis.kill()
        await until(status_is, other, "degraded")
        late = await run(other, DEPOSIT, ada.access_token, amount="1.00", key="late")
        assert late["deposit"]["errors"] == []
        async with subscribed(hosts.second, EVENTS, ada.access_token) as socket:
            assert (await heard(socket))["accountEvents"]["version"] == 1

        # And comes back.
        hosts.redis.start()
        await until(status_is, one, "ok")
        await until(status_is, other, "ok")
        stop.set()
        acknowledged = sum(await asyncio.gather(*trading))
        version = (await run(one, "{ account { version } }", ada.access_token))["account"]

    assert version == {"version": acknowledged + 2}
    hosts.audited()


async def status_is(client: httpx.AsyncClient, wanted: str) -> bool:
    found = (await client.get("/health/ready")).json()["status"]
    return bool(found == wanted)
