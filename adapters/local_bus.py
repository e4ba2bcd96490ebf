"""Buses within one process: ticks, and hints by topic."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from domain.ports.hints import Hint
from domain.ticks import Tick

MessageT = TypeVar("MessageT")

TICKS_WAITING_MAX = 64
"""Ticks that wait for one slow listener: a minute's worth; the oldest is dropped first."""


class Mailbox(Generic[MessageT]):
    """What waits for one listener: the newest few messages, read one by one."""

    def __init__(self, waiting_max: int) -> None:
        self._waiting: deque[MessageT] = deque(maxlen=waiting_max)
        self._arrival: asyncio.Future[None] | None = None
        self._is_closed = False

    def put(self, message: MessageT) -> None:
        """Add a message, dropping the oldest when there is no room."""
        self._waiting.append(message)
        self._wake()

    def close(self) -> None:
        """Let the listener read what is there, and then end."""
        self._is_closed = True
        self._wake()

    def __aiter__(self) -> AsyncIterator[MessageT]:
        return self

    async def __anext__(self) -> MessageT:
        while not self._waiting:
            if self._is_closed:
                raise StopAsyncIteration
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        return self._waiting.popleft()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)


class LocalTickBus:
    """The `TickBus` of a process that is alone."""

    def __init__(self) -> None:
        self._mailboxes: list[Mailbox[Tick]] = []

    def publish(self, tick: Tick) -> None:
        for mailbox in self._mailboxes:
            mailbox.put(tick)

    @contextmanager
    def subscribe(self) -> Iterator[AsyncIterator[Tick]]:
        mailbox: Mailbox[Tick] = Mailbox(TICKS_WAITING_MAX)
        self._mailboxes.append(mailbox)
        try:
            yield mailbox
        finally:
            self._mailboxes.remove(mailbox)
            mailbox.close()


class LocalHintBus:
    """The `HintBus` of a process that is alone. Topics exist while somebody listens."""

    def __init__(self) -> None:
        self._mailboxes: dict[str, list[Mailbox[Hint]]] = {}

    def publish(self, topic: str, hint: Hint) -> None:
        for mailbox in self._mailboxes.get(topic, ()):
            mailbox.put(hint)

    @contextmanager
    def subscribe(self, topic: str) -> Iterator[AsyncIterator[Hint]]:
        mailbox: Mailbox[Hint] = Mailbox(waiting_max=1)
        self._mailboxes.setdefault(topic, []).append(mailbox)
        try:
            yield mailbox
        finally:
            listeners = self._mailboxes[topic]
            listeners.remove(mailbox)
            if not listeners:
                del self._mailboxes[topic]
            mailbox.close()
