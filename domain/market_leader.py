"""The market on every process: one leads and makes the ticks, all others follow them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.duties import Duty
from domain.instants import Clock
from domain.leadership import RENEW_EVERY_S, TAKEN_OVER_AFTER_S, Leadership, Sleep
from domain.market_feed import MarketFeed
from domain.outages import OutageError
from domain.ports.markets import TickStore
from domain.price_board import PriceBoard
from domain.warm_start import catch_up

FOLLOWERS_SILENCE_MAX = timedelta(seconds=TAKEN_OVER_AFTER_S + 4)
"""What a follower allows beyond the source's own silence: a dead leader is replaced within it."""

_LOG = logging.getLogger(__name__)

OpenFeed = Callable[[int], Awaitable[MarketFeed]]
"""Opens the source where the board stands, and returns a feed with this fencing number."""

Follow = Callable[[], Coroutine[Any, Any, None]]
"""Applies the ticks of others to the board, until it is cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketHealth:
    """Whether this process has fresh prices, and whether it is the one that makes them."""

    is_healthy: bool
    is_leader: bool
    tick_age: timedelta | None
    trouble: str | None = None
    has_ended: bool = False
    """Whether its source will never have prices again, as far as this process knows."""


class MarketLeader:
    """Keeps a board's prices moving: makes ticks while it leads, and else follows them."""

    def __init__(
        self,
        *,
        leadership: Leadership,
        board: PriceBoard,
        ticks: TickStore,
        clock: Clock,
        open_feed: OpenFeed,
        follow: Follow | None = None,
        duties: Sequence[Duty] = (),
        quiet_max: timedelta = timedelta(0),
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Take the collaborators; `follow` is None where no other process can make ticks.

        `duties` run beside the feed, and go on when its source has come to an end. `quiet_max` is
        how long a source that isn't asked every few seconds may be silent, also to a follower.
        """
        self._leadership = leadership
        self._board = board
        self._ticks = ticks
        self._clock = clock
        self._open_feed = open_feed
        self._follow = follow
        self._duties = tuple(duties)
        self._quiet_max = quiet_max
        self._sleep = sleep
        self._feed: MarketFeed | None = None
        self._is_open = asyncio.Event()
        self._heard_at = clock.now()
        self._has_ticked = False
        board.listen(self._hear)

    async def run(self) -> None:
        """Lead and follow until it is cancelled. Raises what a feed or its source can't mend."""
        tasks = [asyncio.create_task(self._leadership.run(self._lead))]
        if self._follow is not None:
            tasks.append(asyncio.create_task(self._follow()))
        try:
            await asyncio.gather(*tasks)
        finally:
            await _ended(tasks)

    @property
    def fence(self) -> int | None:
        """The fencing number while this process leads; None while it doesn't."""
        return self._leadership.fence

    @property
    def is_alone(self) -> bool:
        """Whether no other process can lead."""
        return self._leadership.is_alone

    async def opened(self) -> MarketFeed:
        """Wait until this process leads and its source is open; return the feed."""
        await self._is_open.wait()
        assert self._feed is not None  # the event and the feed come and go together
        return self._feed

    def health(self) -> MarketHealth:
        """Tell whether prices keep coming, whoever makes them."""
        if self._feed is not None:
            feed = self._feed.health()
            return MarketHealth(
                is_healthy=feed.is_healthy,
                is_leader=True,
                tick_age=feed.tick_age,
                trouble=feed.trouble,
                has_ended=feed.has_ended,
            )
        age = self._clock.now() - self._heard_at
        return MarketHealth(
            is_healthy=bool(self._has_ticked or self._quiet_max)
            and age <= self._quiet_max + FOLLOWERS_SILENCE_MAX,
            is_leader=False,
            tick_age=age if self._has_ticked else None,
        )

    async def _lead(self, fence: int) -> None:
        """Go on from the last tick that anybody made. What fails is tried again while it leads."""
        self._feed = None
        while self._feed is None:
            try:
                await catch_up(self._board, self._ticks)
                self._feed = await self._open_feed(fence)
            except OutageError as error:
                _LOG.warning("The market can't be opened yet: %s", error)
                await self._sleep(RENEW_EVERY_S)
        self._is_open.set()
        tasks = [asyncio.create_task(run()) for run in (self._feed.run, *self._duties)]
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            self._feed = None
            self._is_open.clear()
            raise
        finally:
            await _ended(tasks)

    def _hear(self, _updates: object) -> None:
        self._heard_at, self._has_ticked = self._clock.now(), True


async def _ended(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel tasks and wait for what that makes them do at their end."""
    for task in tasks:
        # Once only: a second time would interrupt what the first makes it do.
        if not task.cancelling():
            task.cancel()
    await asyncio.wait(tasks)
