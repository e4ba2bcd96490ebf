"""Sockets that end: with their session, with their token, and when nobody answers."""

from datetime import timedelta

from adapters.table import TableUnavailableError
from domain.sessions import ACCESS_TOKEN_LIFETIME
from tests.web.looks import Looks
from tests.web.test_sockets import Socket, ended, served
from web.graphql_sockets import SocketPace

EVENTS = "subscription { accountEvents(since: 0) { version } }"
DEPOSIT = 'mutation { deposit(input: {amount: "5"}) { account { version } } }'


async def test_a_socket_that_says_nothing_is_closed_with_4408() -> None:
    async with served(pace=SocketPace(init_wait=timedelta(milliseconds=1))) as (_, app):
        socket = Socket(app)
        await socket.raw()
        closed = await socket.raw()
        await ended(socket)

    assert closed["code"] == 4408


async def test_a_socket_and_its_subscriptions_end_with_their_session() -> None:
    looks = Looks()
    async with served(pace=looks.pace) as (world, app):
        alice = await world.register()
        await world.run(DEPOSIT, as_=alice)
        socket = Socket(app)
        await socket.begin(Authorization=f"Bearer {alice.access_token}")
        socket.say("subscribe", "1", query=EVENTS)
        event = await socket.heard()
        looks.pass_()
        await world.run("mutation { logout { success } }", as_=alice)
        looks.pass_()
        closed = await socket.raw()
        await ended(socket)

    assert event["payload"]["data"] == {"accountEvents": {"version": 1}}
    assert closed["code"] == 4403
    assert closed["reason"] == "Forbidden: The session has ended; sign in again."


async def test_a_socket_ends_with_its_token() -> None:
    looks = Looks()
    async with served(pace=looks.pace) as (world, app):
        alice = await world.register()
        socket = Socket(app, authorization=f"Bearer {alice.access_token}")
        await socket.begin()
        world.clock.advance(ACCESS_TOKEN_LIFETIME.total_seconds())
        looks.pass_()
        closed = await socket.raw()
        await ended(socket)

    assert closed["code"] == 4403
    assert "expired" in closed["reason"]


async def test_a_socket_stays_while_sessions_cannot_be_checked() -> None:
    looks = Looks()
    async with served(pace=looks.pace) as (world, app):
        alice = await world.register()
        socket = Socket(app)
        await socket.begin(Authorization=f"Bearer {alice.access_token}")
        world.table.fail_next(TableUnavailableError("gone"))
        looks.pass_(2)
        message = await socket.heard()
        await ended(socket)

    assert message == {"type": "ping"}


async def test_a_stranger_is_pinged_and_stays_for_as_long_as_they_answer() -> None:
    looks = Looks()
    async with served(pace=looks.pace) as (_, app):
        socket = Socket(app)
        await socket.begin()
        heard = []
        for _ in range(3):
            looks.pass_(2)
            heard.append(await socket.heard())
            socket.say("pong")
            socket.say("ping")
            heard.append(await socket.heard())
        await ended(socket)

    assert heard == [{"type": "ping"}, {"type": "pong"}] * 3


async def test_a_socket_on_which_nobody_answers_is_closed() -> None:
    looks = Looks()
    async with served(pace=looks.pace) as (_, app):
        socket = Socket(app)
        await socket.begin()
        looks.pass_(4)
        ping, closed = await socket.heard(), await socket.raw()
        await ended(socket)

    assert ping == {"type": "ping"}
    assert (closed["code"], closed["reason"]) == (4408, "Nobody answers the server's ping")
