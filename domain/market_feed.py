"""The one path that prices come in by: report, tick, store, board, bus."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.assets import PriceUpdate
from domain.instants import Clock
from domain.market_turns import Turn
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.leases import NotLeaderError
from domain.ports.markets import (
    AssetStore,
    MarketSource,
    MarketSourceError,
    TickBus,
    TickStore,
    TickTakenError,
)
from domain.price_board import PriceBoard
from domain.ticks import PriceReport, Tick
from domain.warm_start import catch_up

CHECKPOINT_EVERY = timedelta(seconds=60)
"""Time between checkpoints: a start reads about a minute of ticks, some milliseconds."""

CHECKPOINT_TICKS_MAX = 1_000
"""Ticks between checkpoints where they come fast, as from a replay: a start stays short."""

TICKS_KEPT = 600
"""Ticks kept behind a checkpoint: ten minutes' worth for a process that fell behind."""

NUMBERS_TRIED_MAX = 12
"""Times that a report may lose its number to another process before that counts as an outage."""

LAST_CHECKPOINT_S_MAX = 3.0
"""Seconds that stopping waits for the last checkpoint; a start can do without it."""

RETRY_S_FIRST = 0.5
RETRY_S_MAX = 30.0
"""Seconds between tries, doubling: soon after a hiccup, rarely during an outage, never given up."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""

TickWork = Callable[[Tick], Awaitable[None]]
"""Does what a tick brings about, before the next one is made.

A tick may be given again: after an OutageError or OutcomeUnknownError, and the last one by whoever
leads next, under its own fence. Doing it twice must be the same as doing it once. Any other error
stops the feed.
"""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """Whether prices keep coming. `trouble` is what the last try failed with, if it failed."""

    is_healthy: bool
    tick_age: timedelta | None
    has_ended: bool
    trouble: str | None


class MarketFeed:
    """Turns a source's reports into numbered ticks, until it is cancelled or the source ends.

    A tick is made only when the work of the one before it is done. So of all stored ticks, the last
    alone may have work left: `run` does that first, at its recorded prices.
    """

    def __init__(
        self,
        *,
        source: MarketSource,
        board: PriceBoard,
        ticks: TickStore,
        assets: AssetStore,
        bus: TickBus,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        fence: int = 0,
        works: Sequence[TickWork] = (),
        turn: Turn = nullcontext,
    ) -> None:
        """Take the collaborators; `turn` is what a tick is made and worked in."""
        self._source = source
        self._board = board
        self._ticks = ticks
        self._assets = assets
        self._bus = bus
        self._clock = clock
        self._sleep = sleep
        self._fence = fence
        self._works = tuple(works)
        self._turn = turn
        self._heard_at = clock.now()
        self._has_ticked = False
        self._is_running = False
        self._has_ended = False
        self._trouble: str | None = None
        self._checkpointed_at = clock.now()
        self._checkpointed_through = board.next_number - 1

    async def run(self) -> None:
        """Feed the board. Tries again whatever fails; a checkpoint is made at the end."""
        self._is_running, self._heard_at = True, self._clock.now()
        try:
            await self._finish_last()
            while (report := await self._next_report()) is not None:
                await self._take_surely(report)
                if self._is_checkpoint_due():
                    await self._try_checkpoint()
            self._has_ended = True
            _LOG.info("The market source %s has no more prices.", self._source.name)
        except NotLeaderError:
            _LOG.warning("Another process leads the market by now; this one's tick was refused.")
            raise
        except Exception as error:
            self._trouble = repr(error)
            _LOG.exception("The market feed stops at an error that it can't mend.")
            raise
        finally:
            self._is_running = False
            await self._try_checkpoint(LAST_CHECKPOINT_S_MAX)

    async def take(self, report: PriceReport) -> tuple[PriceUpdate, ...]:
        """Store a report as the next tick, show and publish it, do its work; return the changes.

        Raises OutageError or OutcomeUnknownError when it isn't known to be stored; then nobody has
        seen it, and it may be given again.
        """
        async with self._turn():
            return await self._take(report)

    async def checkpoint(self) -> None:
        """Store the whole board, and let go of the ticks that it makes superfluous.

        Raises OutageError or OutcomeUnknownError; the ticks are still there then.
        """
        self._checkpointed_at = self._clock.now()
        checkpoint = self._board.checkpoint()
        await self._assets.save(checkpoint, fence=self._fence)
        self._checkpointed_through = checkpoint.through
        await self._ticks.trim(checkpoint.through - TICKS_KEPT)

    def health(self) -> FeedHealth:
        """Tell whether the feed is running and was not silent for longer than its source may be.

        A source that has come to its end, as a recording does, is no fault.
        """
        age = self._clock.now() - self._heard_at
        is_alive = self._is_running and age <= self._source.silence_max
        return FeedHealth(
            is_healthy=is_alive or self._has_ended,
            tick_age=age if self._has_ticked else None,
            has_ended=self._has_ended,
            trouble=self._trouble,
        )

    async def _take(self, report: PriceReport) -> tuple[PriceUpdate, ...]:
        for _ in range(NUMBERS_TRIED_MAX):
            tick = Tick.of(report, number=self._board.next_number, fence=self._fence)
            try:
                await self._ticks.put(tick)
            except TickTakenError:
                _LOG.warning("Tick %d was made elsewhere; catching up.", tick.number)
                await catch_up(self._board, self._ticks)
            else:
                updates = self._board.apply(tick)
                self._bus.publish(tick)
                self._heard_at, self._has_ticked = self._clock.now(), True
                await self._work_surely(tick)
                return updates
        raise OutageError("another process keeps making ticks")

    async def _next_report(self) -> PriceReport | None:
        retry_s = RETRY_S_FIRST
        while True:
            try:
                report = await self._source.next_report()
            except MarketSourceError as error:
                retry_s = await self._retry(error, "has no prices", retry_s)
            else:
                self._trouble = None
                return report

    async def _take_surely(self, report: PriceReport) -> None:
        retry_s = RETRY_S_FIRST
        while True:
            try:
                await self.take(report)
            except (OutageError, OutcomeUnknownError) as error:
                retry_s = await self._retry(error, "could not store a tick", retry_s)
            else:
                self._trouble = None
                return

    async def _finish_last(self) -> None:
        """Do what may be left of the tick that was made last, by whomever."""
        retry_s = RETRY_S_FIRST
        while self._works:
            try:
                last = await self._ticks.last()
            except OutageError as error:
                retry_s = await self._retry(error, "can't read the last tick", retry_s)
                continue
            if last is not None:
                # What this process writes of it must bear the number that it leads under.
                async with self._turn():
                    await self._work_surely(replace(last, fence=self._fence))
            return

    async def _work_surely(self, tick: Tick) -> None:
        for work in self._works:
            retry_s = RETRY_S_FIRST
            while True:
                try:
                    await work(tick)
                except (OutageError, OutcomeUnknownError) as error:
                    retry_s = await self._retry(error, f"has not finished {tick.number}", retry_s)
                else:
                    self._trouble = None
                    break

    async def _retry(self, error: Exception, what: str, retry_s: float) -> float:
        """Note a failure and wait; returns how long to wait after the next one."""
        self._trouble = f"{what}: {error}"
        _LOG.warning("The market feed %s; next try in %g s: %s", what, retry_s, error)
        await self._sleep(retry_s)
        return min(2 * retry_s, RETRY_S_MAX)

    def _is_checkpoint_due(self) -> bool:
        ticks = self._board.next_number - 1 - self._checkpointed_through
        is_long_ago = self._clock.now() - self._checkpointed_at >= CHECKPOINT_EVERY
        return ticks >= CHECKPOINT_TICKS_MAX or is_long_ago

    async def _try_checkpoint(self, s_max: float | None = None) -> None:
        """Make a checkpoint; one that fails is made up for by the next."""
        try:
            async with asyncio.timeout(s_max):
                await self.checkpoint()
        except (NotLeaderError, OutageError, OutcomeUnknownError, TimeoutError) as error:
            _LOG.warning("No checkpoint of the prices was made: %r", error)
