"""Connections to one Redis, bounded in number and in time, which never try again by themselves."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from math import inf
from typing import Any

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError, ResponseError

Word = str | bytes | int
"""A part of a command."""

Command = tuple[Word, ...]


class RedisUnavailableError(Exception):
    """Redis gave no answer in time. What was asked of it may have been done, or may yet be."""


class RedisRefusedError(RedisUnavailableError):
    """Redis answered that it can't: it is loading, full, read-only or does not know the script."""

    @property
    def is_unknown_script(self) -> bool:
        """Whether the script has to be sent in full."""
        return isinstance(self.__cause__, NoScriptError)


Reply = int | bytes | RedisUnavailableError | list["Reply"] | None
"""What Redis answers. One command may be refused while the next is done."""


def numbers(reply: Reply) -> list[int]:
    """Return the whole numbers that a script of ours has answered."""
    assert isinstance(reply, list), reply
    found = [number for number in reply if isinstance(number, int)]
    assert len(found) == len(reply), reply
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisBounds:
    """How long anything may take, and how much may be under way."""

    call_s_max: float = 0.25
    """Seconds for one round trip, connecting included: within a region it is a millisecond, with a
    new TLS connection 50. Longer than this, everybody does without Redis."""
    connections_max: int = 4
    """For commands; one more is for messages. Each carries many commands at a time."""
    calls_at_once_max: int = 128
    """Commands in one round trip: some 20 KB."""
    calls_waiting_max: int = 10_000
    """Commands that wait for a connection, about 10 MB. One more is refused at once."""


class RedisPool:
    """The connections. `url` is `redis://`, `rediss://` (TLS) or `unix://`; nothing is opened yet.

    RESP2, since nothing here needs more, and every server and proxy speaks it.
    """

    def __init__(self, url: str, bounds: RedisBounds) -> None:
        self._call_s_max = bounds.call_s_max
        self._pool = ConnectionPool.from_url(
            url,
            max_connections=bounds.connections_max + 1,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            # One deadline spans connecting, sending and reading: `call_s_max`.
            socket_timeout=None,
            socket_connect_timeout=bounds.call_s_max,
            driver_info=None,
        )

    async def exchange(self, commands: Sequence[Command]) -> list[Reply]:
        """Send commands in one go and return a reply to each. Raises RedisUnavailableError."""
        with _translated():
            async with asyncio.timeout(self._call_s_max):
                connection = await self._connected()
                try:
                    return await _replies(connection, commands)
                finally:
                    await self._pool.release(connection)

    @asynccontextmanager
    async def line(self) -> AsyncIterator["RedisLine"]:
        """Keep a connection until the context is left, to be told of messages.

        Raises RedisUnavailableError.
        """
        with _translated():
            async with asyncio.timeout(self._call_s_max):
                connection = await self._connected()
        try:
            yield RedisLine(connection, self._call_s_max)
        finally:
            with suppress(RedisError):
                await connection.disconnect(nowait=True)
            await self._pool.release(connection)

    async def close(self) -> None:
        """Close all connections."""
        with suppress(RedisError):
            await self._pool.aclose()

    async def _connected(self) -> AbstractConnection:
        pool: Any = self._pool  # one of its decorators has no types
        connection: AbstractConnection = await pool.get_connection()
        return connection


class RedisLine:
    """A connection on which one task may send while another reads."""

    def __init__(self, connection: AbstractConnection, call_s_max: float) -> None:
        self._connection = connection
        self._call_s_max = call_s_max

    async def send(self, *words: Word) -> None:
        """Send a command; what comes of it is read like any other. Raises RedisUnavailableError."""
        with _translated():
            async with asyncio.timeout(self._call_s_max):
                await self._connection.send_command(*words)

    async def read(self) -> Reply:
        """Wait for whatever comes next, however long. Raises RedisUnavailableError."""
        with _translated():
            return _reply(await self._connection.read_response(timeout=inf))


def packed(command: Command) -> bytes:
    """Return a command as Redis reads it; the library's own way takes as long as all the rest.

    Source: Redis serialization protocol specification, "Sending commands to a Redis server".
    """
    words = [
        word if isinstance(word, bytes) else str(word).encode("utf-8", "surrogatepass")
        for word in command
    ]
    return b"*%d\r\n" % len(words) + b"".join(
        [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
    )


async def _replies(connection: AbstractConnection, commands: Sequence[Command]) -> list[Reply]:
    await connection.send_packed_command(b"".join(map(packed, commands)))
    replies: list[Reply] = []
    for _ in commands:
        try:
            replies.append(_reply(await connection.read_response()))
        except ResponseError as error:
            refused = RedisRefusedError(str(error))
            refused.__cause__ = error
            replies.append(refused)
    if any(_is_demoted(reply) for reply in replies):
        # A replica by now. Connecting anew resolves the name anew, which leads to the primary.
        await connection.disconnect(nowait=True)
    return replies


def _is_demoted(reply: Reply) -> bool:
    return isinstance(reply, RedisRefusedError) and isinstance(reply.__cause__, ReadOnlyError)


def _reply(found: Any) -> Reply:
    """Tell the type checker what the library does not."""
    reply: Reply = found
    return reply


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise RedisUnavailableError(str(error) or type(error).__name__) from error
