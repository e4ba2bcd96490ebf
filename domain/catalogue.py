"""The assets that the exchange begins with."""

from dataclasses import dataclass
from datetime import datetime

from domain.asset_state import AssetState
from domain.assets import AssetFacts, PriceExtreme
from domain.money import Percent, Price

CATALOGUE_SOURCE = "catalogue"
"""The source of a starting price: it is of `price_at`, so it is stale until a market moves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """An asset's facts and a real price of a stated time.

    `daily_volatility` is the standard deviation of a day's change, for simulated markets.
    """

    facts: AssetFacts
    price: Price
    price_at: datetime
    daily_volatility: Percent
    all_time_high: PriceExtreme | None = None
    all_time_low: PriceExtreme | None = None

    def first_state(self) -> AssetState:
        """Return the asset with its starting price."""
        return AssetState.first(
            self.facts,
            price=self.price,
            at=self.price_at,
            source=CATALOGUE_SOURCE,
            all_time_high=self.all_time_high,
            all_time_low=self.all_time_low,
        )
