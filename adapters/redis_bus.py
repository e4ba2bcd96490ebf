"""Buses between processes: ticks, and hints by topic.

Who listens in the publisher's own process is told at once, whether Redis is there or not; the
others over Redis, and nobody twice. What is malformed is dropped and counted.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from adapters.local_bus import LocalHintBus, LocalTickBus
from adapters.redis_channels import RedisChannels
from adapters.redis_keys import RedisKeys
from adapters.redis_messages import (
    MalformedMessageError,
    hint_from,
    hint_message,
    tick_from,
    tick_message,
)
from domain.ports.hints import Hint
from domain.ticks import Tick

LOOK: Hint = {}
"""The hint that nothing is known, so there may be something: given when a topic begins to be heard
from other processes, for what they said a moment before."""


class RedisTickBus:
    """The `TickBus` of all processes."""

    def __init__(self, channels: RedisChannels, keys: RedisKeys) -> None:
        self._channels = channels
        self._channel = keys.ticks
        self._local = LocalTickBus()
        self._listeners = 0
        self._stop: Callable[[], None] | None = None
        self._malformed = 0

    @property
    def malformed(self) -> int:
        """How many messages were no ticks."""
        return self._malformed

    def publish(self, tick: Tick) -> None:
        """See TickBus."""
        self._local.publish(tick)
        self._channels.send(self._channel, tick_message(tick))

    @contextmanager
    def subscribe(self) -> Iterator[AsyncIterator[Tick]]:
        """See TickBus."""
        with self._local.subscribe() as ticks:
            if self._stop is None:
                self._stop = self._channels.listen(self._channel, self._receive)
            self._listeners += 1
            try:
                yield ticks
            finally:
                self._listeners -= 1
                if not self._listeners:
                    self._stop()
                    self._stop = None

    def _receive(self, message: bytes | None) -> None:
        if message is None:
            return  # whoever missed ticks finds them in the store
        try:
            tick = tick_from(message)
        except MalformedMessageError:
            self._malformed += 1
        else:
            self._local.publish(tick)


class RedisHintBus:
    """The `HintBus` of all processes."""

    def __init__(self, channels: RedisChannels, keys: RedisKeys) -> None:
        self._channels = channels
        self._keys = keys
        self._local = LocalHintBus()
        self._listeners: Counter[str] = Counter()
        self._stops: dict[str, Callable[[], None]] = {}
        self._malformed = 0

    @property
    def malformed(self) -> int:
        """How many messages were no hints."""
        return self._malformed

    def publish(self, topic: str, hint: Hint) -> None:
        """See HintBus."""
        self._local.publish(topic, hint)
        self._channels.send(self._keys.hints(topic), hint_message(hint))

    @contextmanager
    def subscribe(self, topic: str) -> Iterator[AsyncIterator[Hint]]:
        """See HintBus."""
        with self._local.subscribe(topic) as hints:
            if topic not in self._stops:
                channel = self._keys.hints(topic)
                self._stops[topic] = self._channels.listen(channel, self._receiver(topic))
            self._listeners[topic] += 1
            try:
                yield hints
            finally:
                self._listeners[topic] -= 1
                if not self._listeners[topic]:
                    del self._listeners[topic]
                    self._stops.pop(topic)()

    def _receiver(self, topic: str) -> Callable[[bytes | None], None]:
        def receive(message: bytes | None) -> None:
            try:
                hint = LOOK if message is None else hint_from(message)
            except MalformedMessageError:
                self._malformed += 1
            else:
                self._local.publish(topic, hint)

        return receive
