"""Subscriptions as server-sent events, in process."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Scope

from adapters.table import TableUnavailableError
from subscriptions.prices import PriceStream
from tests.web.looks import Looks
from tests.web.test_sockets import PRICES, Socket, ended, served
from web import graphql_event_streams
from web.settings import Settings

EVENTS = "subscription { accountEvents(since: 0) { version } }"
DEPOSIT = 'mutation { deposit(input: {amount: "5"}) { account { version } } }'
COMPLETE = "event: complete\ndata: \n\n"


class Stream:
    """A client's side of an answer that goes on."""

    def __init__(
        self,
        app: ASGIApp,
        query: str | None,
        token: str = "",
        accept: str = "text/event-stream",
        *,
        more: Mapping[str, Any] | None = None,
        more_headers: Mapping[str, str] | None = None,
    ) -> None:
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._outgoing: asyncio.Queue[Message] = asyncio.Queue()
        headers = {"accept": accept, "content-type": "application/json", "accept-encoding": "gzip"}
        headers |= more_headers or {}
        if token:
            headers["authorization"] = f"Bearer {token}"
        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "query_string": b"",
            "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
            "client": ("203.0.113.7", 5),
        }
        body = json.dumps({"query": query, **(more or {})}).encode()
        self._incoming.put_nowait({"type": "http.request", "body": body})
        self.task = asyncio.ensure_future(app(scope, self._incoming.get, self._outgoing.put))

    async def raw(self) -> Message:
        return await asyncio.wait_for(self._outgoing.get(), 30)

    async def begin(self) -> dict[str, str]:
        start = await self.raw()
        assert start["status"] == 200
        return {name.decode(): text.decode() for name, text in start["headers"]}

    async def text(self) -> str:
        return (await self.raw())["body"].decode()  # type: ignore[no-any-return]

    async def next(self) -> Any:
        kind, data, *end = (await self.text()).split("\n")
        assert (kind, end) == ("event: next", ["", ""])
        return json.loads(data.removeprefix("data: "))

    async def leave(self) -> None:
        self._incoming.put_nowait({"type": "http.disconnect"})
        await self.task


async def test_a_subscription_is_streamed_to_who_accepts_events() -> None:
    async with served() as (world, app):
        stream = Stream(app, PRICES, accept="application/json, text/event-stream")
        headers = await stream.begin()
        first = await stream.next()
        await world.tick({"BTC": "50001"})
        second = await stream.next()
        await stream.leave()
        readers = world.exchange.prices.readers
        metrics = world.exchange.metrics.text().decode()

    assert headers["content-type"] == "text/event-stream"
    assert "content-encoding" not in headers
    assert len(first["data"]["priceUpdates"]) == 4
    assert second["data"] == {"priceUpdates": [{"price": "50001"}]}
    assert readers == 0
    assert "cnop_websockets_open 0.0" in metrics
    assert "cnop_websocket_operations_running 0.0" in metrics
    assert 'cnop_graphql_operations_total{outcome="stopped",transport="events"} 1.0' in metrics


async def test_a_query_is_streamed_to_who_accepts_nothing_else() -> None:
    async with served() as (_, app):
        stream = Stream(app, "{ __typename }")
        await stream.begin()
        result, complete = await stream.next(), await stream.text()
        await stream.task

    assert result["data"] == {"__typename": "Query"}
    assert complete == COMPLETE


async def test_a_bad_document_is_told_as_an_event() -> None:
    async with served() as (world, app):
        stream = Stream(app, "{ nothing }")
        await stream.begin()
        result, complete = await stream.next(), await stream.text()
        await stream.task
        metrics = world.exchange.metrics.text().decode()

    assert result["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert complete == COMPLETE
    assert 'cnop_graphql_operations_total{outcome="errors",transport="events"} 1.0' in metrics


async def test_a_stream_ends_with_its_session() -> None:
    looks = Looks()
    async with served(pace=looks.pace) as (world, app):
        alice = await world.register()
        await world.run(DEPOSIT, as_=alice)
        stream = Stream(app, EVENTS, alice.access_token)
        await stream.begin()
        event = await stream.next()
        looks.pass_()
        await world.run("mutation { logout { success } }", as_=alice)
        looks.pass_()
        last = await stream.text()
        await stream.task

    assert event["data"] == {"accountEvents": {"version": 1}}
    assert '"code":"UNAUTHENTICATED"' in last
    assert last.endswith(COMPLETE)


async def test_a_silent_stream_says_that_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphql_event_streams, "OPENING_S", 0.001)
    monkeypatch.setattr(graphql_event_streams, "HEARTBEAT_S", 0.001)
    async with served() as (world, app):
        alice = await world.register()
        stream = Stream(app, EVENTS, alice.access_token)
        await stream.begin()
        heard = [await stream.text(), await stream.text()]
        await stream.leave()

    assert heard == [": ping\n\n"] * 2


async def test_a_server_that_stops_ends_its_streams_and_opens_no_more() -> None:
    async with served() as (world, app):
        stream = Stream(app, PRICES)
        await stream.begin()
        await stream.next()
        await world.exchange.sockets.close_all()
        last = await stream.raw()
        await stream.task
        late = Stream(app, PRICES)
        refused = await late.raw()
        await late.task

    assert last.get("body") == b""
    assert not last.get("more_body")
    assert refused["status"] == 503


async def test_a_stream_counts_as_a_socket_of_its_address() -> None:
    async with served(Settings()) as (world, app):
        world.exchange.sockets._per_address_max = 1
        stream = Stream(app, PRICES)
        await stream.begin()
        other = Stream(app, PRICES)
        refused = await other.raw()
        await other.task
        await stream.leave()

    assert refused["status"] == 429


async def test_a_stream_is_refused_as_an_outage_while_sessions_cannot_be_checked() -> None:
    async with served() as (world, app):
        alice = await world.register()
        world.table.fail_next(TableUnavailableError("gone"))
        stream = Stream(app, PRICES, alice.access_token)
        refused, body = await stream.raw(), await stream.text()
        await stream.task

    assert refused["status"] == 503
    assert "SERVICE_UNAVAILABLE" in body


async def test_a_stream_without_events_soon_gives_its_place_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(graphql_event_streams, "OPENING_S", 0.001)
    async with served() as (world, app):
        alice = await world.register()
        stream = Stream(app, EVENTS, alice.access_token)
        await stream.begin()
        first = await stream.text()
        metrics = world.exchange.metrics.text().decode()
        await stream.leave()

    assert first == ": ping\n\n"
    assert "cnop_requests_in_flight 0.0" in metrics


async def test_a_subscription_that_fails_half_way_says_nothing_of_the_inside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(stream: PriceStream) -> None:
        raise ValueError("hunter2")

    async with served() as (world, app):
        socket, stream = Socket(app), Stream(app, PRICES)
        await socket.begin()
        await stream.begin()
        socket.say("subscribe", "1", query=PRICES)
        await socket.heard()
        await stream.next()
        monkeypatch.setattr(PriceStream, "__anext__", fail)
        await world.tick({"BTC": "50001"})
        await socket.heard()
        await stream.next()
        told, told_as_event = await socket.heard(), await stream.next()
        await stream.task
        await ended(socket)

    assert told["type"] == "error"
    for error in (*told["payload"], *told_as_event["errors"]):
        assert error["extensions"]["code"] == "INTERNAL"
        assert "hunter2" not in str(error)


async def test_the_price_of_a_stream_is_told_and_none_is_opened_for_it() -> None:
    async with served() as (world, app):
        stream = Stream(app, PRICES, more_headers={"x-query-cost-only": "true"})
        headers = await stream.begin()
        told = await stream.next()
        readers = world.exchange.prices.readers
        await stream.leave()

    assert told["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert told["extensions"]["cost"]["requestedQueryCost"] == 250
    assert readers == 0
    assert headers["cache-control"] == "no-store, no-transform"
