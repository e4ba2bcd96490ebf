"""A market made of chance: it rises, falls and rests as one, around real prices."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from adapters.seeded_chance import SeededChance
from adapters.simulated_trends import Regime, Trends
from adapters.simulated_walk import MarketMood, SimulatedAsset, Walk
from domain.catalogue import CatalogueEntry
from domain.instants import Clock
from domain.price_board import PriceBoard
from domain.ticks import PriceReport

SOURCE_NAME = "simulated"

SILENCE_TICKS_MAX = 10
SILENCE_S_MIN = 10.0

_WHOLE_MARKET = "/market"
"""A name that no asset can have."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""


def simulated_assets(
    board: PriceBoard, catalogue: Iterable[CatalogueEntry]
) -> tuple[SimulatedAsset, ...]:
    """Return the catalogue's assets, each starting at its price on the board.

    The anchor is the catalogue's price, so that restarts don't let prices stray ever farther.
    """
    return tuple(
        SimulatedAsset(
            asset_id=asset.id,
            price=asset.price,
            anchor=entry.price,
            daily_volatility=entry.daily_volatility,
            circulating_supply=asset.circulating_supply,
        )
        for entry in catalogue
        if (asset := board.asset(entry.facts.id)) is not None and asset.is_tradable
    )


class SimulatedMarket:
    """A `MarketSource` that gives every asset's price at each tick; the same for the same seed.

    `begins_after` is the number of the last tick before: with the same seed and the prices of that
    tick, a restart goes on with the very ticks that would have come without it. With another seed
    it goes on from those prices, and within an hour or two along the ways of that seed. Tests drive
    it by `step`, which doesn't wait.
    """

    def __init__(
        self,
        assets: Iterable[SimulatedAsset],
        *,
        seed: int,
        clock: Clock,
        tick_every: timedelta = timedelta(seconds=1),
        begins_after: int = 0,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._tick_s = tick_every.total_seconds()
        if self._tick_s <= 0:
            raise ValueError(f"a tick every {tick_every}: it must take some time")
        self._number = begins_after
        self._chance = SeededChance(seed, _WHOLE_MARKET)
        self._trends = Trends(seed, _WHOLE_MARKET)
        mood = self._mood()
        self._walks = [
            Walk(asset, seed=seed, number=begins_after, mood=mood, tick_s=self._tick_s)
            for asset in assets
        ]
        self._clock = clock
        self._sleep = sleep
        self._has_begun = False

    @property
    def name(self) -> str:
        return SOURCE_NAME

    @property
    def silence_max(self) -> timedelta:
        return timedelta(seconds=max(SILENCE_S_MIN, SILENCE_TICKS_MAX * self._tick_s))

    @property
    def regime(self) -> Regime:
        """What the market as a whole does at the last tick."""
        return self._mood().regime

    async def next_report(self) -> PriceReport:
        if self._has_begun:
            await self._sleep(self._tick_s)
        return self.step()

    def step(self) -> PriceReport:
        """Return the next prices at once."""
        self._has_begun = True
        self._number += 1
        mood = self._mood()
        moves = tuple(walk.step(self._number, mood) for walk in self._walks)
        return PriceReport(at=self._clock.now(), source=SOURCE_NAME, moves=moves)

    def _mood(self) -> MarketMood:
        seconds = self._number * self._tick_s
        trend = self._trends.at(seconds)
        return MarketMood(trend.regime, trend.level(seconds), self._chance.gauss(self._number))
