"""Messages between processes over Redis: at best once, without waiting, and without failing.

One connection listens, to those channels only that somebody here listens to. It pings, so that a
silent death is noticed, and comes back by itself. What is said while it is away is lost; each
receiver is told when it begins to hear again, so that it can look for what it missed.
"""

import asyncio
import logging
import random
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice

from adapters.redis_connection import RedisConnection
from adapters.redis_pool import RedisLine, RedisUnavailableError

OUTGOING_MAX = 1_000
"""Messages that wait to be sent: seconds of busy trading. The oldest is dropped first."""

SENT_AT_ONCE_MAX = 64
"""Messages on their way: half of one round trip, so that nobody else waits for them."""

NAMED_AT_ONCE_MAX = 500
"""Channels in one command, some 30 KB: after a reconnection there may be tens of thousands."""

PING_EVERY_S = 2.0
"""Seconds; a line that hears nothing for so long, not even its ping, is dead."""

RETRY_S_FIRST = 0.05
RETRY_S_MAX = 2.0
"""Seconds between tries to listen, doubling, each with full jitter: processes that lost one Redis
together should not all come back at one moment."""

_SENDER_BYTES = 8

Receiver = Callable[[bytes | None], None]
"""Is told each message of another process; None when it begins to hear, so may have missed some."""

_LOG = logging.getLogger(__name__)


class RedisChannels:
    """Sends and receives while `run` runs. A process never hears itself."""

    def __init__(
        self,
        connection: RedisConnection,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._connection = connection
        self._sleep = sleep
        self._chance = chance
        self._sender = secrets.token_hex(_SENDER_BYTES).encode()
        self._receivers: dict[str, Receiver] = {}
        self._changed: dict[str, None] = {}
        self._has_changed = asyncio.Event()
        self._outgoing: deque[tuple[str, bytes]] = deque(maxlen=OUTGOING_MAX)
        self._has_outgoing = asyncio.Event()
        self._dropped = 0
        self._is_listening: bool | None = None
        self._has_heard = False

    @property
    def dropped(self) -> int:
        """How many messages were not sent, because Redis was away or too slow."""
        return self._dropped

    @property
    def is_listening(self) -> bool:
        """Whether Redis has answered on the connection that listens."""
        return self._is_listening is True

    def send(self, channel: str, message: bytes) -> None:
        """Tell the other processes, some time soon, if that can be."""
        if len(self._outgoing) == OUTGOING_MAX:
            self._dropped += 1
        self._outgoing.append((channel, self._sender + message))
        self._has_outgoing.set()

    def listen(self, channel: str, receiver: Receiver) -> Callable[[], None]:
        """Hear a channel, which nobody does yet; returns how to stop that."""
        assert channel not in self._receivers, channel
        self._receivers[channel] = receiver
        self._change(channel)

        def stop() -> None:
            del self._receivers[channel]
            self._change(channel)

        return stop

    async def run(self) -> None:
        """Send and receive until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_all())
            group.create_task(self._hear_all())

    def _change(self, channel: str) -> None:
        self._changed[channel] = None
        self._has_changed.set()

    async def _send_all(self) -> None:
        while True:
            await self._has_outgoing.wait()
            self._has_outgoing.clear()
            while self._outgoing:
                count = min(len(self._outgoing), SENT_AT_ONCE_MAX)
                sending = [self._outgoing.popleft() for _ in range(count)]
                await asyncio.gather(*(self._send(*one) for one in sending))

    async def _send(self, channel: str, message: bytes) -> None:
        try:
            await self._connection.command("PUBLISH", channel, message)
        except RedisUnavailableError:
            self._dropped += 1

    async def _hear_all(self) -> None:
        tries = 0
        while True:
            try:
                async with self._connection.line() as line:
                    await self._hear(line)
            except* RedisUnavailableError as errors:
                if self._is_listening is not False:
                    _LOG.warning("No messages come from Redis: %s", errors.exceptions[0])
            tries = 0 if self._is_listening else tries + 1
            self._is_listening = False
            longest_s = min(RETRY_S_MAX, RETRY_S_FIRST * 2.0 ** min(tries, 10))
            await self._sleep(self._chance() * longest_s)

    async def _hear(self, line: RedisLine) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(line))
            group.create_task(self._ask(line))
            group.create_task(self._ping(line))

    async def _read(self, line: RedisLine) -> None:
        while True:
            reply = await line.read()
            self._has_heard = True
            if not self._is_listening:
                self._is_listening = True
                _LOG.info("Messages come from Redis.")
            match reply:
                case [b"message", bytes() as channel, bytes() as message]:
                    if not message.startswith(self._sender):
                        self._tell(channel, message[2 * _SENDER_BYTES :])
                case [b"subscribe", bytes() as channel, _]:
                    self._tell(channel, None)

    def _tell(self, channel: bytes, message: bytes | None) -> None:
        receiver = self._receivers.get(channel.decode())
        if receiver is not None:
            receiver(message)

    async def _ask(self, line: RedisLine) -> None:
        """Tell Redis which channels to send, and what changes in that."""
        asked: set[str] = set()
        self._changed = dict.fromkeys(self._receivers)
        while True:
            self._has_changed.clear()
            while self._changed:
                some = list(islice(self._changed, NAMED_AT_ONCE_MAX))
                for channel in some:
                    del self._changed[channel]
                wanted = [one for one in some if one in self._receivers and one not in asked]
                unwanted = [one for one in some if one not in self._receivers and one in asked]
                asked.update(wanted)
                asked.difference_update(unwanted)
                if wanted:
                    await line.send("SUBSCRIBE", *wanted)
                if unwanted:
                    await line.send("UNSUBSCRIBE", *unwanted)
            await self._has_changed.wait()

    async def _ping(self, line: RedisLine) -> None:
        while True:
            self._has_heard = False
            await line.send("PING")
            await self._sleep(PING_EVERY_S)
            if not self._has_heard:
                raise RedisUnavailableError(f"nothing heard for {PING_EVERY_S:g} s")
