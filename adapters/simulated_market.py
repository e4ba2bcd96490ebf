"""A market made of chance: seeded random walks with trends, around real prices."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from domain.catalogue import CatalogueEntry
from domain.ids import AssetId
from domain.instants import Clock
from domain.money import Percent, Price, Quantity, nearest
from domain.price_board import PriceBoard
from domain.ticks import PriceMove, PriceReport

SOURCE_NAME = "simulated"

SWING_MAX = 0.08
"""Greatest swing of a trend, as a share of the price; the calmest coins swing by some 0.02."""

TREND_S_MIN, TREND_S_MAX = 120.0, 480.0
"""Seconds that a trend lasts, so that a visitor sees prices go somewhere within minutes."""

STRAYING_MAX = math.log(2)
"""Farthest that a price strays from its anchor, as a logarithm: half of it to twice as much."""

STRAYING_SWINGS = 20
"""Swings that a price may stray from its anchor: a stablecoin stays within one percent."""

NOISE_SHARE = 1 / 40
"""Standard deviation of a second's noise, as a share of the swing."""

DAILY_TURNOVER = 0.03
"""Share of the supply that changes hands in a day: about what large coins show."""

_DAY_S = 86_400.0
_SIGNIFICANT_DIGITS = 8
"""As exchanges quote: cents at $100,000, and the twelfth decimal at $0.00001."""

SILENCE_TICKS_MAX = 10
SILENCE_S_MIN = 10.0

Sleep = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAsset:
    """Where a walk starts, and what it strays around."""

    asset_id: AssetId
    price: Price
    anchor: Price
    daily_volatility: Percent
    circulating_supply: Quantity | None = None


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

    `begins_after` is the number of the last tick before, so that a restart goes on with new
    chances. Tests drive it by `step`, which doesn't wait.
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
        self._walks = [
            _Walk(asset, Random(f"{seed}/{begins_after}/{asset.asset_id}"))  # noqa: S311 - no secret
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

    async def next_report(self) -> PriceReport:
        if self._has_begun:
            await self._sleep(self._tick_s)
        return self.step()

    def step(self) -> PriceReport:
        """Return the next prices at once."""
        self._has_begun = True
        moves = tuple(walk.step(self._tick_s) for walk in self._walks)
        return PriceReport(at=self._clock.now(), source=SOURCE_NAME, moves=moves)


class _Walk:
    """One asset's price as a walk of its logarithm around the anchor, from trend to trend."""

    def __init__(self, asset: SimulatedAsset, random: Random) -> None:
        self._asset = asset
        self._random = random
        volatility = asset.daily_volatility.units / (100 * 10**Percent.DECIMALS)
        self._swing = min(volatility, SWING_MAX)
        self._straying_max = min(STRAYING_MAX, STRAYING_SWINGS * self._swing)
        self._anchor = _dollars(asset.anchor)
        self._strayed = math.log(_dollars(asset.price) / self._anchor)
        if abs(self._strayed) > self._straying_max:
            self._anchor, self._strayed = _dollars(asset.price), 0.0
        self._target = self._strayed
        self._trend_s = 0.0

    def step(self, seconds: float) -> PriceMove:
        """Move on by a tick."""
        if self._trend_s <= 0:
            self._begin_trend()
        pull = (self._target - self._strayed) * min(1.0, seconds / self._trend_s)
        noise = self._swing * NOISE_SHARE * math.sqrt(seconds) * self._random.gauss(0, 1)
        strayed = self._strayed + pull + noise
        self._strayed = max(-self._straying_max, min(self._straying_max, strayed))
        self._trend_s -= seconds
        price = price_of(self._anchor * math.exp(self._strayed))
        return PriceMove(self._asset.asset_id, price, self._traded(seconds))

    def _begin_trend(self) -> None:
        """Choose where to go next: the farther the price has strayed, the likelier back."""
        self._trend_s = self._random.uniform(TREND_S_MIN, TREND_S_MAX)
        share = self._strayed / self._straying_max if self._straying_max else 0.0
        is_upwards = self._random.random() > (1 + share) / 2
        change = self._swing * self._random.uniform(0.5, 1)
        self._target = self._strayed + (change if is_upwards else -change)

    def _traded(self, seconds: float) -> Quantity | None:
        supply = self._asset.circulating_supply
        if supply is None:
            return None
        share = DAILY_TURNOVER * seconds / _DAY_S * self._random.uniform(0.2, 1.8)
        amount = supply.units / 10**Quantity.DECIMALS * share
        return nearest(Quantity, Decimal(f"{amount:.{_SIGNIFICANT_DIGITS}g}"))


def price_of(dollars: float) -> Price:
    """Return a simulated price as an exact one: the only way from chance to money."""
    price = nearest(Price, Decimal(f"{dollars:.{_SIGNIFICANT_DIGITS}g}"))
    return max(price, Price(1))


def _dollars(price: Price) -> float:
    return float(price.units / 10**Price.DECIMALS)
