"""What a source tells of an asset beside its price."""

from dataclasses import dataclass, replace

from domain.assets import Asset, PriceExtreme
from domain.money import Money, Percent, Price, Quantity, worth


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFigures:
    """A source's own figures; each that it gives stands in the place of the one worked out here.

    `source_id` is the source's permanent name of the asset, where tickers may be shared.
    """

    source_id: str
    symbol: str
    name: str
    image_url: str | None = None
    market_cap: Money | None = None
    volume_24h: Money | None = None
    high_24h: Price | None = None
    low_24h: Price | None = None
    price_change_24h: Price | None = None
    price_change_percent_24h: Percent | None = None
    price_change_percent_7d: Percent | None = None
    price_change_percent_30d: Percent | None = None
    circulating_supply: Quantity | None = None
    total_supply: Quantity | None = None
    max_supply: Quantity | None = None
    all_time_high: PriceExtreme | None = None
    all_time_low: PriceExtreme | None = None

    def over(self, asset: Asset) -> Asset:
        """Return an asset at its present price, with these figures; it is listed, so it trades.

        A source works its figures out less often than its prices: the highest price of a day is
        never below the present one, nor the lowest above it.
        """
        supply = self.circulating_supply or asset.circulating_supply
        market_cap = self.market_cap or (worth(supply, asset.price) if supply else None)
        change = self.price_change_24h
        return replace(
            asset,
            symbol=self.symbol,
            name=self.name,
            image_url=self.image_url or asset.image_url,
            is_tradable=True,
            market_cap=market_cap,
            volume_24h=asset.volume_24h if self.volume_24h is None else self.volume_24h,
            high_24h=max(self.high_24h or asset.high_24h, asset.price),
            low_24h=min(self.low_24h or asset.low_24h, asset.price),
            price_change_24h=asset.price_change_24h if change is None else change,
            price_change_percent_24h=_either(
                self.price_change_percent_24h, asset.price_change_percent_24h
            ),
            price_change_percent_7d=_either(
                self.price_change_percent_7d, asset.price_change_percent_7d
            ),
            price_change_percent_30d=_either(
                self.price_change_percent_30d, asset.price_change_percent_30d
            ),
            circulating_supply=supply,
            total_supply=self.total_supply or asset.total_supply,
            max_supply=self.max_supply or asset.max_supply,
        )


def _either(told: Percent | None, worked_out: Percent | None) -> Percent | None:
    return worked_out if told is None else told
