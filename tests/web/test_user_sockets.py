"""How many websockets and streams one user may have open, from wherever they come."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from starlette.types import ASGIApp

from tests.api.world import Session, World, opened
from tests.web.looks import Looks
from tests.web.test_event_streams import Stream
from tests.web.test_sockets import PRICES, Socket
from web.app import make_app
from web.composition import Exchange
from web.graphql_sockets import EVERYDAY, SocketPace
from web.open_sockets import OpenSockets

LATER = 1013

End = Callable[[Socket, World, Session, Looks], Awaitable[None]]


def with_sockets(exchange: Exchange, per_user_max: int) -> Exchange:
    sockets = OpenSockets(per_address_max=0, per_user_max=per_user_max, metrics=exchange.metrics)
    return replace(exchange, sockets=sockets)


@asynccontextmanager
async def one_each(
    pace: SocketPace = EVERYDAY, per_user_max: int = 1
) -> AsyncIterator[tuple[World, ASGIApp, Session]]:
    async with opened() as world:
        alice = await world.register()
        yield world, make_app(with_sockets(world.exchange, per_user_max), pace), alice


def token_of(person: Session) -> str:
    return f"Bearer {person.access_token}"


async def refused(app: ASGIApp, person: Session) -> bool:
    """Tell whether the user may open no more, and leave things as they were."""
    socket = Socket(app)
    await socket.raw()
    socket.say("connection_init", Authorization=token_of(person))
    answer = await socket.raw()
    socket.leave()
    await socket.task
    is_closed: bool = answer["type"] == "websocket.close"
    if is_closed:
        assert answer["code"] == LATER
    return is_closed


async def test_the_socket_beyond_is_closed_with_a_code_and_what_to_do() -> None:
    async with one_each() as (_, app, alice):
        first, second = Socket(app), Socket(app)
        await first.begin(Authorization=token_of(alice))
        await second.raw()
        second.say("connection_init", Authorization=token_of(alice))
        closed = await second.raw()
        first.say("subscribe", "1", query="{ __typename }")
        answer = await first.heard()
        for socket in (first, second):
            socket.leave()
            await socket.task

    assert closed["code"] == LATER
    assert closed["reason"] == "RATE_LIMITED: 1 websockets of yours are open here; close one first"
    assert answer["payload"]["data"] == {"__typename": "Query"}


async def test_others_and_strangers_have_places_of_their_own() -> None:
    async with one_each() as (world, app, alice):
        bob = await world.register("bobby_01")
        of_alice, of_bob, strangers = Socket(app), Socket(app), [Socket(app), Socket(app)]
        await of_alice.begin(Authorization=token_of(alice))
        await of_bob.begin(authorization=token_of(bob))
        for stranger in strangers:
            await stranger.begin()
        for socket in (of_alice, of_bob, *strangers):
            socket.leave()
            await socket.task


async def test_a_token_of_the_upgrade_request_counts_too() -> None:
    async with one_each() as (_, app, alice):
        socket = Socket(app, authorization=token_of(alice))
        await socket.begin()
        assert await refused(app, alice)
        socket.leave()
        await socket.task


async def test_without_a_bound_nobody_is_refused() -> None:
    async with one_each(per_user_max=0) as (_, app, alice):
        socket = Socket(app, authorization=token_of(alice))
        await socket.begin()
        assert not await refused(app, alice)
        socket.leave()
        await socket.task


async def leave(socket: Socket, *_: object) -> None:
    socket.leave()


async def send_rubbish(socket: Socket, *_: object) -> None:
    socket.say("nothing")


async def begin_again(socket: Socket, *_: object) -> None:
    socket.say("connection_init")


async def leave_in_mid_operation(socket: Socket, *_: object) -> None:
    socket.say("subscribe", "1", query=PRICES)
    await socket.heard()
    socket.leave()


async def sign_out(socket: Socket, world: World, alice: Session, looks: Looks) -> None:
    await world.run("mutation { logout { success } }", as_=alice)
    looks.pass_()


async def answer_no_ping(socket: Socket, world: World, alice: Session, looks: Looks) -> None:
    looks.pass_(4)


async def be_cut_off(socket: Socket, *_: object) -> None:
    socket.task.cancel()


@pytest.mark.parametrize(
    "end",
    [
        leave,
        send_rubbish,
        begin_again,
        leave_in_mid_operation,
        sign_out,
        answer_no_ping,
        be_cut_off,
    ],
)
async def test_a_socket_gives_its_place_back_whichever_way_it_ends(end: End) -> None:
    looks = Looks()
    async with one_each(looks.pace) as (world, app, alice):
        other = await world.later(alice, 0)
        socket = Socket(app)
        await socket.begin(Authorization=token_of(alice))
        assert await refused(app, other)
        await end(socket, world, alice, looks)
        await socket.finished()
        assert not await refused(app, other)


async def test_a_socket_whose_token_opens_nothing_holds_no_place() -> None:
    async with one_each() as (_, app, alice):
        socket = Socket(app)
        await socket.raw()
        socket.say("connection_init", Authorization="Bearer x")
        assert (await socket.raw())["code"] == 4403
        await socket.finished()
        assert not await refused(app, alice)


async def test_a_stream_of_events_counts_as_a_socket_and_gives_its_place_back() -> None:
    async with one_each() as (_, app, alice):
        stream = Stream(app, PRICES, alice.access_token)
        await stream.begin()
        other = Stream(app, PRICES, alice.access_token)
        denied, body = await other.raw(), await other.text()
        assert await refused(app, alice)
        await stream.leave()
        assert not await refused(app, alice)

    assert denied["status"] == 429
    assert "RATE_LIMITED" in body
    assert "This user has too many streams open." in body
