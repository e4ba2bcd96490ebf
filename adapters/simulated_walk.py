"""One asset's simulated price: it follows the market by its beta, and goes ways of its own."""

import math
from dataclasses import dataclass
from decimal import Decimal

from adapters.seeded_chance import SeededChance
from adapters.simulated_trends import Regime, Trends
from domain.ids import AssetId
from domain.money import Percent, Price, Quantity, nearest
from domain.ticks import PriceMove

SWING_MAX = 0.08
"""Greatest swing, as a share of the price; that of an asset is the volatility of its day."""

FOLLOWING = 0.8
"""Correlation of an asset with the market while that rises: 0.64 between two of them.

In a calm market it is less, and more in a falling one, as on real markets.
"""

FOLLOWING_FROM = 0.01
"""Daily volatility below which an asset doesn't follow: dollars and gold don't go with coins."""

STRAYING_MAX = math.log(2)
"""Farthest that a price strays from its anchor, as a logarithm: half of it to twice as much."""

STRAYING_SWINGS = 20
"""Swings that a price may stray from its anchor: a stablecoin stays within one percent."""

NOISE_SHARE = 1 / 45
"""Standard deviation of a second's noise, as a share of the swing."""

SETTLED_S = 3_600.0
"""Seconds in which noise falls to the e-th part: the price comes back to its trends."""

DAILY_TURNOVER = 0.03
"""Share of the supply that changes hands in a day: about what large coins show."""

TURNOVER_LEAST = 0.2
"""Least share of that in a tick; on average it is all of it."""

_DAY_S = 86_400.0
_SIGNIFICANT_DIGITS = 8
"""As exchanges quote: cents at $100,000, and the twelfth decimal at $0.00001."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAsset:
    """Where a walk starts, and what it strays around."""

    asset_id: AssetId
    price: Price
    anchor: Price
    daily_volatility: Percent
    circulating_supply: Quantity | None = None


@dataclass(frozen=True, slots=True)
class MarketMood:
    """What all assets have in common at a tick."""

    regime: Regime
    level: float
    """Where the market's trends have come to, in swings."""
    noise: float
    """What it does by chance at this tick, normally distributed."""


class Walk:
    """An asset's price, as its logarithm around the anchor, in ticks of some seconds.

    The next price follows from the last one, the market and the tick's number. Nothing else is
    remembered, so a walk that is taken up again goes where it would have gone.
    """

    def __init__(
        self, asset: SimulatedAsset, *, seed: int, number: int, mood: MarketMood, tick_s: float
    ) -> None:
        """Take the number of the last tick, and what the market was like then."""
        self._asset = asset
        self._tick_s = tick_s
        self._noises = SeededChance(seed, f"{asset.asset_id}/noise")
        self._volumes = SeededChance(seed, f"{asset.asset_id}/volume")
        self._trends = Trends(seed, asset.asset_id)
        volatility = float(asset.daily_volatility.units / (100 * 10**Percent.DECIMALS))
        swing = min(volatility, SWING_MAX)
        following = FOLLOWING if volatility >= FOLLOWING_FROM else 0.0
        self._beta = swing * following
        self._own = swing * math.sqrt(1 - following**2)
        self._settling = math.exp(-tick_s / SETTLED_S)
        self._noise = NOISE_SHARE * math.sqrt((1 - self._settling**2) * SETTLED_S / 2)
        self._straying_max = min(STRAYING_MAX, STRAYING_SWINGS * swing)
        self._anchor = _dollars(asset.anchor)
        self._strayed = math.log(_dollars(asset.price) / self._anchor)
        if abs(self._strayed) > self._straying_max:
            self._anchor, self._strayed = _dollars(asset.price), 0.0
        self._trend = self._trend_at(number, mood)

    def step(self, number: int, mood: MarketMood) -> PriceMove:
        """Move on to a tick, the one after the last."""
        trend = self._trend_at(number, mood)
        common = mood.regime.value * mood.noise
        noise = self._beta * common + self._own * self._noises.gauss(number)
        off = self._settling * (self._strayed - self._trend) + self._noise * noise
        strayed = max(-self._straying_max, min(self._straying_max, trend + off))
        price = price_of(self._anchor * math.exp(strayed))
        # From the exact price, for that is all that somebody who takes the walk up again knows.
        self._strayed = math.log(_dollars(price) / self._anchor)
        self._trend = trend
        return PriceMove(self._asset.asset_id, price, self._traded(number, mood))

    def _trend_at(self, number: int, mood: MarketMood) -> float:
        seconds = number * self._tick_s
        own = self._trends.at(seconds).level(seconds)
        return self._beta * mood.level + self._own * own

    def _traded(self, number: int, mood: MarketMood) -> Quantity | None:
        """Return what changed hands: the more, the more restless the market is."""
        supply = self._asset.circulating_supply
        if supply is None:
            return None
        share = DAILY_TURNOVER * self._tick_s / _DAY_S * mood.regime.value
        by_chance = TURNOVER_LEAST + 2 * (1 - TURNOVER_LEAST) * self._volumes.pair(number)[0]
        amount = supply.units / 10**Quantity.DECIMALS * share * by_chance
        return nearest(Quantity, Decimal(f"{amount:.{_SIGNIFICANT_DIGITS}g}"))


def price_of(number: float) -> Price:
    """Return simulated dollars as an exact price: the only way from chance to money."""
    price = nearest(Price, Decimal(f"{number:.{_SIGNIFICANT_DIGITS}g}"))
    return max(price, Price(1))


def _dollars(price: Price) -> float:
    return float(price.units / 10**Price.DECIMALS)
