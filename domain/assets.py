"""What is traded: an asset with all its figures, its price as an order sees it, and its changes."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from domain.ids import AssetId
from domain.instants import day_start
from domain.money import Money, Percent, Price, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceExtreme:
    """The highest or lowest price ever, and how far the present one lies from it."""

    price: Price
    at: datetime
    change_percent: Percent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFacts:
    """What doesn't move with the price. `symbol` is what people write, `id` never changes."""

    id: AssetId
    symbol: str
    name: str
    category: str
    description: str | None = None
    image_url: str | None = None
    circulating_supply: Quantity | None = None
    total_supply: Quantity | None = None
    max_supply: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """Everything about an asset as of its last price; a new price makes a new one.

    `sequence` counts the asset's own price changes. The rolling figures are as of `price_at`: they
    span the hour it lies in and the 23 before it, and the price when those began.
    """

    id: AssetId
    symbol: str
    name: str
    category: str
    description: str | None = None
    image_url: str | None = None
    is_tradable: bool = True
    price: Price
    price_at: datetime
    price_source: str
    sequence: int = 0
    previous_price: Price | None = None
    market_cap: Money | None = None
    market_cap_rank: int | None = None
    volume_24h: Money | None = None
    high_24h: Price
    low_24h: Price
    price_change_24h: Price
    price_change_percent_24h: Percent | None = None
    price_change_percent_7d: Percent | None = None
    price_change_percent_30d: Percent | None = None
    circulating_supply: Quantity | None = None
    total_supply: Quantity | None = None
    max_supply: Quantity | None = None
    all_time_high: PriceExtreme | None = None
    all_time_low: PriceExtreme | None = None
    day_open_price: Price

    def day_open(self, day: date) -> Price:
        """Return the last price at or before 00:00 UTC of `day`, which is today or later.

        `day_open_price` is that of the day of `price_at`; an older price opened every day since.
        """
        return self.price if self.price_at <= day_start(day) else self.day_open_price


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The price that an order is decided on."""

    asset_id: AssetId
    price: Price
    source: str
    at: datetime
    is_tradable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUpdate:
    """A price change, with the asset as of it."""

    asset: Asset
    price: Price
    previous_price: Price | None
    price_change_percent_24h: Percent | None
    at: datetime
    sequence: int

    @classmethod
    def of(cls, asset: Asset) -> Self:
        """Return the asset's last change."""
        return cls(
            asset=asset,
            price=asset.price,
            previous_price=asset.previous_price,
            price_change_percent_24h=asset.price_change_percent_24h,
            at=asset.price_at,
            sequence=asset.sequence,
        )
