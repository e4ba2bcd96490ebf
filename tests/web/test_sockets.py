"""Sockets in process, with a fake of the server's side: limits, goodbyes and failures."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Scope

from adapters.memory_budgets import MemoryBudgets
from adapters.table import TableUnavailableError
from domain.ports.budgets import Bucket
from resolvers.budgets import BudgetRules
from tests.api.world import World, opened
from tests.set_timeouts import settled
from tests.web.asgi import client_of
from web.app import make_app
from web.graphql_sockets import EVERYDAY, SocketPace
from web.settings import Settings

PRICES = "subscription { priceUpdates { price } }"


class Socket:
    """A client's side of a websocket, as ASGI has it."""

    def __init__(self, app: ASGIApp, **headers: str) -> None:
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._outgoing: asyncio.Queue[Message] = asyncio.Queue()
        self.is_gone = False
        """Whether the connection is, though nobody has told the server yet."""
        scope: Scope = {
            "type": "websocket",
            "path": "/graphql",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": ["graphql-transport-ws"],
            "client": ("203.0.113.7", 5),
            "extensions": {"websocket.http.response": {}},
        }
        self._incoming.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(app(scope, self._incoming.get, self._send))

    async def _send(self, message: Message) -> None:
        if self.is_gone:
            raise OSError
        self._outgoing.put_nowait(message)
        if message["type"] == "websocket.close":
            self.leave()

    def say(self, kind: str, operation: str | None = None, **payload: Any) -> None:
        message: dict[str, Any] = {"type": kind, "payload": payload}
        if operation:
            message["id"] = operation
        self._incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    def leave(self) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def finished(self) -> None:
        """Return once the server has let go of the socket, whether it failed or not."""
        await asyncio.wait([self.task], timeout=30)

    async def raw(self) -> Message:
        return await asyncio.wait_for(self._outgoing.get(), 30)

    async def heard(self) -> Any:
        return json.loads((await self.raw())["text"])

    async def begin(self, **payload: Any) -> None:
        assert (await self.raw())["type"] == "websocket.accept"
        self.say("connection_init", **payload)
        assert await self.heard() == {"type": "connection_ack"}


@asynccontextmanager
async def served(
    settings: Settings | None = None, pace: SocketPace = EVERYDAY
) -> AsyncIterator[tuple[World, ASGIApp]]:
    async with opened() as world:
        exchange = replace(world.exchange, settings=settings or world.exchange.settings)
        yield world, make_app(exchange, pace)


async def ended(*sockets: Socket) -> None:
    for socket in sockets:
        socket.leave()
        await socket.task


async def test_queries_and_subscriptions_run_side_by_side() -> None:
    async with served() as (world, app):
        socket = Socket(app)
        await socket.begin()
        socket.say("subscribe", "a", query=PRICES)
        first = await socket.heard()
        socket.say("subscribe", "b", query="{ __typename }")
        second, third = await socket.heard(), await socket.heard()
        await world.tick({"BTC": "50001"})
        fourth = await socket.heard()
        socket.say("complete", "a")
        text = world.exchange.metrics.text().decode()
        await ended(socket)

    assert [message["id"] for message in (first, second, third, fourth)] == ["a", "b", "b", "a"]
    assert third["type"] == "complete"
    assert fourth["payload"]["data"]["priceUpdates"] == [{"price": "50001"}]
    assert "cnop_websockets_open 1.0" in text


async def test_an_operation_signs_in_anew_each_time() -> None:
    async with served() as (world, app):
        alice = await world.register()
        socket = Socket(app)
        await socket.begin(Authorization=f"Bearer {alice.access_token}")
        socket.say("subscribe", "1", query="{ me { id } }")
        before, _ = await socket.heard(), await socket.heard()
        await world.run("mutation { logout { success } }", as_=alice)
        socket.say("subscribe", "2", query="{ me { id } }")
        after, _ = await socket.heard(), await socket.heard()
        await ended(socket)

    assert before["payload"]["data"] == {"me": {"id": alice.user_id}}
    assert after["payload"]["errors"][0]["extensions"]["reason"] == "REVOKED"


async def test_the_token_may_stand_in_the_upgrade_request() -> None:
    async with served() as (world, app):
        alice = await world.register()
        socket = Socket(app, authorization=f"Bearer {alice.access_token}")
        await socket.begin()
        socket.say("subscribe", "1", query="{ me { id } }")
        message = await socket.heard()
        await ended(socket)

    assert message["payload"]["data"] == {"me": {"id": alice.user_id}}


async def test_a_socket_has_so_many_operations() -> None:
    async with served(Settings(subscriptions_per_socket=1)) as (_, app):
        socket = Socket(app)
        await socket.begin()
        socket.say("subscribe", "1", query=PRICES)
        await socket.heard()
        socket.say("subscribe", "2", query=PRICES)
        refused = await socket.heard()
        await ended(socket)

    assert (refused["type"], refused["id"]) == ("error", "2")
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_an_operation_counts_as_a_request_of_its_address() -> None:
    async with served(Settings(requests_per_minute=3)) as (world, app):
        socket = Socket(app)
        await socket.begin()
        answers = []
        for _ in range(2):
            socket.say("subscribe", "1", query="{ __typename }")
            answers += [await socket.heard(), await socket.heard()]
        socket.say("subscribe", "1", query="{ __typename }")
        refused = await socket.heard()
        async with client_of(app) as client:
            by_http = await client.post("/graphql", json={"query": "{ __typename }"})
        socket.say("ping")
        pong = await socket.heard()
        text = world.exchange.metrics.text().decode()
        await ended(socket)

    assert [answer["type"] for answer in answers] == ["next", "complete"] * 2
    assert (refused["type"], refused["id"]) == ("error", "1")
    (error,) = refused["payload"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 1 <= error["extensions"]["retryAfterSeconds"] <= 61
    assert by_http.status_code == 429
    assert pong == {"type": "pong"}
    assert "cnop_rate_limited_requests_total 2.0" in text


async def test_an_id_in_use_closes_the_socket() -> None:
    async with served() as (_, app):
        socket = Socket(app)
        await socket.begin()
        socket.say("subscribe", "1", query=PRICES)
        await socket.heard()
        socket.say("subscribe", "1", query=PRICES)
        closed = await socket.raw()
        await ended(socket)

    assert closed["code"] == 4409


async def test_an_address_has_so_many_sockets() -> None:
    async with opened() as world:
        sockets = world.exchange.sockets
        sockets._per_address_max = 1
        app = make_app(world.exchange)
        first, second = Socket(app), Socket(app)
        await first.begin()
        denied = await second.raw()
        await ended(first, second)
        third = Socket(app)
        await third.begin()
        await ended(third)

    assert denied["type"] == "websocket.http.response.start"
    assert denied["status"] == 429


async def test_a_server_that_stops_answers_what_it_accepted_and_takes_no_more() -> None:
    async with served() as (world, app):
        begun, held = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            begun.set()
            await held.wait()

        world.table.before_transactions.append(hold)
        socket, other = Socket(app), Socket(app)
        await socket.begin()
        await other.begin()
        other.say("subscribe", "1", query=PRICES)
        await other.heard()
        details = 'username: "alice_01", email: "a@example.com", firstName: "A", lastName: "L"'
        socket.say(
            "subscribe",
            "1",
            query=f'mutation {{ register(input: {{{details}, password: "Correct-Horse-7"}}) '
            "{ user { username } } }",
        )
        await begun.wait()
        goodbye = asyncio.ensure_future(world.exchange.sockets.close_all())
        closed_at_once = await other.raw()
        socket.say("subscribe", "2", query="{ __typename }")
        refused = await socket.heard()
        late = Socket(app)
        denied = await late.raw()
        held.set()
        answer, complete, closed = await socket.heard(), await socket.heard(), await socket.raw()
        await goodbye
        await ended(socket, other, late)

    assert closed_at_once["code"] == closed["code"] == 1001
    assert "shutting down" in closed["reason"]
    assert refused["payload"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert denied["status"] == 503
    assert answer["payload"]["data"] == {"register": {"user": {"username": "alice_01"}}}
    assert complete["type"] == "complete"


async def test_when_sessions_cannot_be_checked_a_socket_is_to_try_again_later() -> None:
    async with served() as (world, app):
        alice = await world.register()
        world.table.fail_next(TableUnavailableError("gone"))
        socket = Socket(app)
        await socket.raw()
        socket.say("connection_init", Authorization=f"Bearer {alice.access_token}")
        closed = await socket.raw()
        await ended(socket)

    assert closed["code"] == 1013


async def test_when_sessions_cannot_be_checked_an_operation_is_refused() -> None:
    async with served() as (world, app):
        alice = await world.register()
        socket = Socket(app)
        await socket.begin(Authorization=f"Bearer {alice.access_token}")
        world.table.fail_next(TableUnavailableError("gone"))
        socket.say("subscribe", "1", query="{ __typename }")
        refused = await socket.heard()
        await ended(socket)

    assert refused["payload"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


async def test_an_unforeseen_error_ends_its_operation_and_not_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served() as (world, app):
        socket = Socket(app, **{"x-request-id": "mine"})
        await socket.begin()
        with monkeypatch.context() as broken:
            broken.setattr("web.reception.Request", None)
            socket.say("subscribe", "1", query="{ __typename }")
            failed = await socket.heard()
        socket.say("ping")
        pong = await socket.heard()
        await ended(socket)
        del world

    assert failed["payload"][0]["extensions"] == {"code": "INTERNAL", "requestId": "mine"}
    assert "NoneType" not in json.dumps(failed)
    assert pong == {"type": "pong"}


async def test_a_client_that_leaves_ends_its_operations() -> None:
    async with served() as (world, app):
        socket = Socket(app)
        await socket.begin()
        socket.say("subscribe", "1", query=PRICES)
        await socket.heard()
        await ended(socket)
        readers = world.exchange.prices.readers
        text = world.exchange.metrics.text().decode()

    assert readers == 0
    assert "cnop_websockets_open 0.0" in text
    assert 'cnop_graphql_operations_total{outcome="stopped",transport="websocket"} 1.0' in text


async def begin_a_subscription(socket: Socket) -> None:
    await socket.begin()
    socket.is_gone = True
    socket.say("subscribe", "1", query=PRICES)


async def ask_for_a_query(socket: Socket) -> None:
    await socket.begin()
    socket.is_gone = True
    socket.say("subscribe", "1", query="{ nothing }")


async def say_hello(socket: Socket) -> None:
    await socket.raw()
    socket.is_gone = True
    socket.say("connection_init")


async def send_rubbish(socket: Socket) -> None:
    await socket.raw()
    socket.is_gone = True
    socket.say("nothing")


@pytest.mark.parametrize("act", [begin_a_subscription, ask_for_a_query, say_hello, send_rubbish])
async def test_a_client_that_is_gone_when_it_is_answered_is_no_failure_of_ours(
    act: Callable[[Socket], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    async with served() as (world, app):
        socket = Socket(app)
        await act(socket)
        await settled()
        await ended(socket)
        text = world.exchange.metrics.text().decode()

    assert "cnop_websocket_operations_running 0.0" in text
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == []


async def test_a_subscription_beyond_the_budget_ends_with_an_error_before_it_began() -> None:
    bucket = Bucket(capacity=5, restore_per_second=1)
    rules = BudgetRules(budgets=MemoryBudgets(bucket, clock_ms=lambda: 0), bucket=bucket)
    async with opened() as world:
        socket = Socket(make_app(replace(world.exchange, budgets=rules)))
        await socket.begin()
        socket.say("subscribe", "1", query=PRICES)
        refused = await socket.heard()
        socket.say("subscribe", "1", query="{ __typename }")
        answer = await socket.heard()
        await ended(socket)

    assert (refused["type"], refused["id"]) == ("error", "1")
    (error,) = refused["payload"]
    assert error["extensions"]["code"] == "COST_LIMIT_EXCEEDED"
    assert answer["payload"]["data"] == {"__typename": "Query"}


async def test_the_price_of_a_subscription_is_told_and_none_is_opened_for_it() -> None:
    async with served() as (world, app):
        socket = Socket(app, **{"x-query-cost-only": "true"})
        await socket.begin()
        socket.say("subscribe", "1", query=PRICES)
        told = await socket.heard()
        readers = world.exchange.prices.readers
        await ended(socket)

    assert (told["type"], told["id"], readers) == ("error", "1", 0)
    assert told["payload"][0]["extensions"] == {
        "code": "BAD_USER_INPUT",
        "requestedQueryCost": 250,
    }


async def test_a_stream_that_its_field_refuses_answers_with_a_result_and_completes() -> None:
    async with served() as (_, app):
        socket = Socket(app)
        await socket.begin()
        socket.say("subscribe", "1", query="subscription { accountEvents { version } }")
        refused, end = await socket.heard(), await socket.heard()
        await ended(socket)

    assert (refused["type"], end) == ("next", {"id": "1", "type": "complete"})
    (error,) = refused["payload"]["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["accountEvents"], "UNAUTHENTICATED")
