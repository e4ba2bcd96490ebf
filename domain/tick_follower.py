"""Following the ticks that another process makes: in order, and none left out."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

from domain.catalogue import CatalogueEntry
from domain.instants import Clock
from domain.market_feed import RETRY_S_FIRST, RETRY_S_MAX, FeedHealth, Sleep
from domain.outages import OutageError
from domain.ports.markets import AssetStore, TickBus, TickStore
from domain.price_board import PriceBoard
from domain.ticks import Tick
from domain.warm_start import warm_start

LOOK_EVERY = timedelta(seconds=5)
"""How often to look for ticks of which the bus said nothing: one read each time."""

_LOG = logging.getLogger(__name__)


class TickFollower:
    """Keeps a board as the leader's is, until it is cancelled.

    The bus brings ticks at once, but may lose some: those, and all that nobody told, are read from
    the store. While it can't answer, the board stands still, and prices grow old and say so.
    `silence_max` is how long the market may be silent while all is well.
    """

    def __init__(
        self,
        *,
        board: PriceBoard,
        catalogue: Iterable[CatalogueEntry],
        ticks: TickStore,
        assets: AssetStore,
        bus: TickBus,
        clock: Clock,
        silence_max: timedelta,
        has_starting_prices: bool = True,
        look_every: timedelta = LOOK_EVERY,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._board = board
        self._catalogue = tuple(catalogue)
        self._has_starting_prices = has_starting_prices
        self._ticks = ticks
        self._assets = assets
        self._bus = bus
        self._clock = clock
        self._silence_max = silence_max
        self._look_every_s = look_every.total_seconds()
        self._sleep = sleep
        self._heard_at = clock.now()
        self._has_heard = False
        self._is_running = False
        self._trouble: str | None = None

    async def run(self) -> None:
        """Follow. Tries again whatever the store fails with."""
        self._is_running, self._heard_at = True, self._clock.now()
        try:
            with self._bus.subscribe() as heard:
                await self._look_surely()
                while True:
                    tick = await self._next(heard)
                    if tick is not None and tick.number <= self._board.number + 1:
                        self._take(tick)
                    else:
                        await self._look_surely()
        finally:
            self._is_running = False

    def health(self) -> FeedHealth:
        """Tell whether ticks keep coming, from wherever."""
        age = self._clock.now() - self._heard_at
        return FeedHealth(
            is_healthy=self._is_running and age <= self._silence_max,
            tick_age=age if self._has_heard else None,
            has_ended=False,
            trouble=self._trouble,
        )

    async def _next(self, heard: AsyncIterator[Tick]) -> Tick | None:
        """Return the next tick that is told, or None when it is time to look."""
        try:
            async with asyncio.timeout(self._look_every_s):
                return await anext(heard)
        except TimeoutError:
            return None

    async def _look_surely(self) -> None:
        retry_s = RETRY_S_FIRST
        while True:
            try:
                await self._look()
            except OutageError as error:
                self._trouble = f"can't read ticks: {error}"
                _LOG.warning("Ticks can't be read; next try in %g s: %s", retry_s, error)
                await self._sleep(retry_s)
                retry_s = min(2 * retry_s, RETRY_S_MAX)
            else:
                self._trouble = None
                return

    async def _look(self) -> None:
        """Take all stored ticks that come after those on the board."""
        number = self._board.number
        while missed := await self._ticks.after(number):
            if missed[0].number > number + 1:
                _LOG.warning("Ticks from %d on are gone; a checkpoint has them.", number + 1)
                await warm_start(
                    self._board,
                    self._catalogue,
                    assets=self._assets,
                    ticks=self._ticks,
                    has_starting_prices=self._has_starting_prices,
                )
                return
            for tick in missed:
                self._take(tick)
            number = missed[-1].number

    def _take(self, tick: Tick) -> None:
        if tick.number > self._board.number:
            self._heard_at, self._has_heard = self._clock.now(), True
        self._board.apply(tick)
