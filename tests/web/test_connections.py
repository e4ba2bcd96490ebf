"""Connections as the event loop has them: heads without end, and clients that don't read."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from uvicorn import Config
from uvicorn.server import ServerState

from web.http_connections import HEAD_BYTES_MAX, PIPELINED_MAX, HttpConnection
from web.slow_readers import READ_BYTES_MIN
from web.websocket_connections import FRAMES_MAX, WebSocketConnection

WHOLE = b"GET / HTTP/1.1\r\nhost: cnop\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nhost: cnop\r\n"


class Pipe(asyncio.Transport):
    """The client's end of a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unread = 0
        self.is_read = True
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def write(self, data: Any) -> None:
        if not self.is_closing():
            self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.ended.done()

    def close(self) -> None:
        self._end("closed")

    def abort(self) -> None:
        self._end("aborted")

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True

    def _end(self, how: str) -> None:
        if not self.ended.done():
            self.ended.set_result(how)


class QuickHttp(HttpConnection):
    head_wait_s = 0.001


class ImpatientHttp(HttpConnection):
    read_wait_s = 0.001


class ImpatientWebSocket(WebSocketConnection):
    read_wait_s = 0.001


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


def connected(kind: Callable[..., Any]) -> tuple[Any, Pipe]:
    pipe = Pipe()
    connection = kind(Config(hello, log_config=None), ServerState(), {})
    connection.connection_made(pipe)
    return connection, pipe


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - the connection tells nobody
        await asyncio.sleep(0)


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
async def test_a_connection_on_which_nothing_is_asked_is_closed(sent: bytes) -> None:
    connection, pipe = connected(QuickHttp)
    if sent:
        connection.data_received(sent)

    assert await pipe.ended == "closed"
    assert pipe.written == b""


async def test_a_head_that_does_not_arrive_is_answered_408() -> None:
    connection, pipe = connected(QuickHttp)
    connection.data_received(HALF)

    assert await pipe.ended == "closed"
    assert pipe.written.startswith(b"HTTP/1.1 408 ")


async def test_a_head_without_an_end_is_answered_431() -> None:
    connection, pipe = connected(HttpConnection)
    connection.data_received(b"GET / HTTP/1.1\r\nx-long: ")
    for _ in range(HEAD_BYTES_MAX // 1024 + 1):
        connection.data_received(b"x" * 1024)
    connection.connection_lost(None)

    assert pipe.written.startswith(b"HTTP/1.1 431 ")
    assert await pipe.ended == "closed"


async def test_requests_one_after_the_other_are_answered() -> None:
    connection, pipe = connected(HttpConnection)
    for count in (1, 2):
        connection.data_received(HALF)
        connection.data_received(b"\r\n")
        await until(lambda: pipe.written.count(b"hello") == count)  # noqa: B023 - awaited at once

    assert not pipe.is_closing()
    connection.connection_lost(None)


async def test_half_a_request_does_not_cut_the_answer_to_the_one_before() -> None:
    may_answer = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await may_answer.wait()
        await hello(scope, receive, send)

    pipe = Pipe()
    connection = QuickHttp(Config(slow, log_config=None), ServerState(), {})
    connection.connection_made(pipe)
    connection.data_received(WHOLE + HALF)
    await asyncio.sleep(0.01)
    was_closing = pipe.is_closing()
    may_answer.set()
    await pipe.ended

    assert not was_closing
    assert pipe.written.index(b"hello") < pipe.written.index(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("kind", [ImpatientHttp, ImpatientWebSocket])
async def test_a_client_that_does_not_read_is_cut_off(kind: Callable[..., Any]) -> None:
    connection, pipe = connected(kind)
    pipe.unread = 100_000
    connection.pause_writing()
    how = await pipe.ended
    connection.connection_lost(None)

    assert how == "aborted"


async def test_a_client_that_reads_slowly_stays_for_as_long_as_it_reads() -> None:
    connection, pipe = connected(ImpatientWebSocket)
    looks = 0

    def read() -> int:
        nonlocal looks
        looks += 1
        return max(0, 100_000 - looks * READ_BYTES_MIN)

    pipe.get_write_buffer_size = read  # type: ignore[method-assign]
    connection.pause_writing()
    await until(lambda: looks > 4)
    connection.resume_writing()

    assert not pipe.is_closing()
    connection.connection_lost(None)


async def test_requests_sent_before_the_first_is_answered_have_a_bound() -> None:
    connection, pipe = connected(HttpConnection)
    connection.data_received(WHOLE * (PIPELINED_MAX + 1))
    was_closing = pipe.is_closing()
    await until(lambda: pipe.written.count(b"hello") == PIPELINED_MAX + 1)
    connection.data_received(WHOLE * 10_000)

    assert not was_closing
    assert await pipe.ended == "closed"
    assert len(connection.pipeline) <= PIPELINED_MAX
    assert b"HTTP/1.1 400 " not in pipe.written
    connection.connection_lost(None)


def frame(opcode: int, payload: bytes = b"", *, is_last: bool = True) -> bytes:
    """Return a frame as a client sends it, masked with zeros."""
    head = bytes([opcode | (0x80 if is_last else 0), 0x80 | len(payload)])
    return head + bytes(4) + payload


UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: cnop\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)
TEXT, REST, PING, PONG = 1, 0, 9, 10


async def listen(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def deny(scope: Scope, receive: Receive, send: Send) -> None:
    await WebSocket(scope, receive, send).send_denial_response(PlainTextResponse("no", 429))


async def open_socket(app: ASGIApp) -> tuple[Any, Pipe]:
    pipe = Pipe()
    connection = WebSocketConnection(Config(app, log_config=None), ServerState(), {})
    connection.connection_made(pipe)
    connection.data_received(UPGRADE)
    await until(lambda: pipe.written.startswith(b"HTTP/1.1 "))
    return connection, pipe


async def test_a_socket_that_is_denied_is_no_error_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection, pipe = await open_socket(deny)
    await pipe.ended
    await asyncio.gather(*connection.tasks)
    connection.connection_lost(None)

    assert pipe.written.startswith(b"HTTP/1.1 429 ")
    assert [record.getMessage() for record in caplog.records if record.levelno > 20] == []


async def test_a_message_has_so_many_pieces() -> None:
    connection, pipe = await open_socket(listen)
    connection.data_received(frame(TEXT, b"x", is_last=False))
    connection.data_received(frame(REST, is_last=False) * (FRAMES_MAX - 2))
    was_closing = pipe.is_closing()
    connection.data_received(frame(REST, is_last=False) * 10_000)

    assert not was_closing
    assert await pipe.ended == "closed"
    assert len(connection.frames) <= FRAMES_MAX
    assert (1009).to_bytes(2, "big") in pipe.written
    connection.connection_lost(None)


async def test_nothing_is_read_from_who_asks_for_pongs_and_does_not_take_them() -> None:
    connection, pipe = await open_socket(listen)
    connection.pause_writing()
    connection.data_received(frame(PING))
    connection.data_received(frame(TEXT, b"x"))
    await until(connection.queue.empty)
    await asyncio.sleep(0)
    is_read_while_full = pipe.is_read
    connection.resume_writing()

    assert not is_read_while_full
    assert pipe.is_read
    connection.connection_lost(None)


async def test_who_asks_for_nothing_is_read_however_slowly_it_takes_what_it_is_sent() -> None:
    connection, pipe = await open_socket(listen)
    connection.pause_writing()
    connection.data_received(frame(TEXT, b"x"))
    await until(lambda: pipe.is_read)
    connection.data_received(frame(PONG))

    assert pipe.is_read
    connection.connection_lost(None)


async def test_a_ping_is_answered_at_once() -> None:
    connection, pipe = await open_socket(listen)
    pipe.written = b""
    connection.data_received(frame(PING, b"1"))

    assert pipe.written == bytes([0x80 | PONG, 1]) + b"1"
    assert pipe.is_read
    connection.connection_lost(None)


async def test_what_waits_to_be_heard_keeps_reading_paused_when_the_client_has_caught_up() -> None:
    connection, pipe = await open_socket(listen)
    connection.pause_writing()
    connection.data_received(frame(TEXT, b"x"))
    connection.resume_writing()
    is_read_before_it_is_heard = pipe.is_read
    await until(lambda: pipe.is_read)

    assert not is_read_before_it_is_heard
    connection.connection_lost(None)
