"""Redis for a whole process: many callers, few round trips, and no waiting in vain."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta

from adapters.redis_pool import (
    Command,
    RedisBounds,
    RedisLine,
    RedisPool,
    RedisRefusedError,
    RedisUnavailableError,
    Reply,
    Word,
)
from adapters.redis_scripts import Script
from domain.circuit_breaker import CircuitBreaker, CircuitOpenError, CircuitRules, CircuitState

RETRY_AFTER = timedelta(seconds=5)
"""A Redis that is back should be used again soon, and one attempt costs one round trip's time."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """A command that waits to be sent, or for its answer."""

    command: Command
    in_full: Command | None = None
    """What to send if Redis doesn't know the script."""
    answer: asyncio.Future[Reply] | None = None

    def settle(self, reply: Reply) -> None:
        """Tell whoever still waits; a refusal is raised there."""
        if self.answer is None or self.answer.done():
            return
        if isinstance(reply, RedisUnavailableError):
            self.answer.set_exception(reply)
        else:
            self.answer.set_result(reply)


class RedisConnection:
    """Asks Redis, or raises RedisUnavailableError: within two round trips' time, or at once.

    What is called in one turn of the event loop goes in one round trip, which is three times
    cheaper than one each. A caller that is cancelled disturbs nobody else's answer. After five
    round trips in a row that failed, Redis isn't asked for five seconds. `observe` is told when
    that begins and ends.
    """

    def __init__(
        self,
        url: str,
        *,
        bounds: RedisBounds | None = None,
        rules: CircuitRules | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
        observe: Callable[[CircuitState], None] | None = None,
    ) -> None:
        self._bounds = bounds or RedisBounds()
        self._pool = RedisPool(url, self._bounds)
        self._observe = observe
        self._breaker = CircuitBreaker(
            name="Redis",
            monotonic_s=monotonic_s,
            rules=rules or CircuitRules(retry_after=RETRY_AFTER),
            observe=self._turned,
        )
        self._waiting: deque[_Call] = deque()
        self._round_trips: set[asyncio.Task[None]] = set()
        self._is_scheduled = False
        self._is_closed = False

    @property
    def state(self) -> CircuitState:
        """How much Redis is trusted at present."""
        return self._breaker.state

    @property
    def is_degraded(self) -> bool:
        """Whether it is out of reach, or was until a moment ago."""
        return self._breaker.state is not CircuitState.CLOSED

    async def command(self, *words: Word) -> Reply:
        """Return the reply to a command."""
        return await self._answered(words)

    async def run(self, script: Script, keys: Sequence[str], *arguments: Word) -> Reply:
        """Return what a script returns."""
        return await self._answered(*_forms(script, keys, arguments))

    def post(self, script: Script, keys: Sequence[str], *arguments: Word) -> None:
        """Run a script for its effect, if that can be: without waiting and without failing."""
        if not (self._breaker.is_refusing or self._is_closed or self._is_crowded()):
            self._enqueue(_Call(*_forms(script, keys, arguments)))

    def line(self) -> AbstractAsyncContextManager[RedisLine]:
        """Keep a connection for messages; the circuit breaker has no say in it."""
        return self._pool.line()

    async def close(self) -> None:
        """Give up what is under way and close all connections. Closing twice is allowed."""
        self._is_closed = True
        for round_trip in self._round_trips:
            round_trip.cancel()
        if self._round_trips:
            await asyncio.wait(self._round_trips)
        while self._waiting:
            self._waiting.popleft().settle(RedisUnavailableError("the connection is closed"))
        await self._pool.close()

    async def _answered(self, command: Command, in_full: Command | None = None) -> Reply:
        if self._breaker.is_refusing:
            raise RedisUnavailableError("Redis has failed too often lately")
        if self._is_closed or self._is_crowded():
            raise RedisUnavailableError("it is closed, or too many calls wait")
        call = _Call(command, in_full, asyncio.get_running_loop().create_future())
        self._enqueue(call)
        assert call.answer is not None
        return await call.answer

    def _is_crowded(self) -> bool:
        return len(self._waiting) >= self._bounds.calls_waiting_max

    def _enqueue(self, call: _Call) -> None:
        self._waiting.append(call)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self._is_scheduled = False
        while self._waiting and len(self._round_trips) < self._bounds.connections_max:
            size = min(len(self._waiting), self._bounds.calls_at_once_max)
            calls = [self._waiting.popleft() for _ in range(size)]
            round_trip = asyncio.get_running_loop().create_task(self._settle(calls))
            self._round_trips.add(round_trip)
            round_trip.add_done_callback(self._ended)

    def _ended(self, round_trip: asyncio.Task[None]) -> None:
        self._round_trips.discard(round_trip)
        if not round_trip.cancelled() and (error := round_trip.exception()) is not None:
            _LOG.error("A round trip to Redis failed at a bug.", exc_info=error)
        if not self._is_closed:
            self._send()

    async def _settle(self, calls: Sequence[_Call]) -> None:
        """Settle each call, whatever happens."""
        replies: Sequence[Reply] = [RedisUnavailableError("given up")] * len(calls)
        try:
            replies = await self._attempt(calls)
        except (RedisUnavailableError, CircuitOpenError) as error:
            replies = [RedisUnavailableError(str(error))] * len(calls)
        finally:
            for call, reply in zip(calls, replies, strict=True):
                call.settle(reply)

    async def _attempt(self, calls: Sequence[_Call]) -> list[Reply]:
        attempt = self._breaker.admit()
        try:
            replies = await self._exchange(calls)
        except RedisUnavailableError:
            attempt.failed()
            raise
        except BaseException:
            attempt.given_up()
            raise
        if any(isinstance(reply, RedisUnavailableError) for reply in replies):
            attempt.failed()
        else:
            attempt.succeeded()
        return replies

    async def _exchange(self, calls: Sequence[_Call]) -> list[Reply]:
        replies = await self._pool.exchange([call.command for call in calls])
        unknown = [
            (index, call.in_full)
            for index, (call, reply) in enumerate(zip(calls, replies, strict=True))
            if call.in_full and isinstance(reply, RedisRefusedError) and reply.is_unknown_script
        ]
        if unknown:
            again = await self._pool.exchange([in_full for _, in_full in unknown])
            for (index, _), reply in zip(unknown, again, strict=True):
                replies[index] = reply
        return replies

    def _turned(self, state: CircuitState) -> None:
        if state is CircuitState.OPEN:
            _LOG.warning("Redis does not answer; going on without it.")
        elif state is CircuitState.CLOSED:
            _LOG.info("Redis answers again.")
        if self._observe is not None:
            self._observe(state)


def _forms(
    script: Script, keys: Sequence[str], arguments: Sequence[Word]
) -> tuple[Command, Command]:
    """Return the command that names a script, and the one that brings it along."""
    rest = (len(keys), *keys, *arguments)
    return ("EVALSHA", script.sha, *rest), ("EVAL", script.text, *rest)
