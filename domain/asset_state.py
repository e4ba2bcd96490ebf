"""An asset together with what its next figures are worked out from."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from domain.assets import Asset, AssetFacts, PriceExtreme
from domain.ids import AssetId
from domain.market_figures import MarketFigures
from domain.money import Money, Price, change_percent, worth
from domain.price_history import DAYS_MAX, WEEK_DAYS, PriceHistory
from domain.ticks import PriceMove, Tick

UNKNOWN_CATEGORY = "Other"
"""Of an asset that a source knows and the catalogue doesn't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetState:
    """An asset, its history, and the tick and fence that it has seen everything up to.

    `source_id` is the name that a source with figures of its own has for it: a ticker stays with
    who had it first, or its holders would find themselves with another coin.
    """

    asset: Asset
    history: PriceHistory
    through: int = 0
    fence: int = 0
    source_id: str | None = None

    @classmethod
    def first(
        cls,
        facts: AssetFacts,
        *,
        price: Price,
        at: datetime,
        source: str,
        all_time_high: PriceExtreme | None = None,
        all_time_low: PriceExtreme | None = None,
    ) -> "AssetState":
        """Return an asset that enters with a first price."""
        asset = Asset(
            id=facts.id,
            symbol=facts.symbol,
            name=facts.name,
            category=facts.category,
            description=facts.description,
            image_url=facts.image_url,
            price=price,
            price_at=at,
            price_source=source,
            market_cap=_market_cap(facts, price),
            high_24h=price,
            low_24h=price,
            price_change_24h=Price(0),
            price_change_percent_24h=change_percent(price, price),
            circulating_supply=facts.circulating_supply,
            total_supply=facts.total_supply,
            max_supply=facts.max_supply,
            all_time_high=_highest(all_time_high, price, at),
            all_time_low=_lowest(all_time_low, price, at),
            day_open_price=price,
        )
        return cls(asset=asset, history=PriceHistory(opening=price))

    @classmethod
    def entering(cls, move: PriceMove, tick: Tick, facts: AssetFacts | None = None) -> "AssetState":
        """Return an asset that had no price before, after a tick; without facts it has a name."""
        name, at = str(move.asset_id), tick.at_of(move)
        if facts is None:
            facts = AssetFacts(id=move.asset_id, symbol=name, name=name, category=UNKNOWN_CATEGORY)
        return cls.first(facts, price=move.price, at=at, source=tick.source).after(move, tick)

    @property
    def id(self) -> AssetId:
        """The asset's id."""
        return self.asset.id

    def described(self, facts: AssetFacts) -> "AssetState":
        """Return the same prices of an asset about which other facts are known now.

        Where a source has told of it, only what sources don't tell is taken.
        """
        if self.source_id is not None:
            asset = replace(self.asset, category=facts.category, description=facts.description)
            return replace(self, asset=asset)
        asset = replace(
            self.asset,
            symbol=facts.symbol,
            name=facts.name,
            category=facts.category,
            description=facts.description,
            image_url=facts.image_url,
            circulating_supply=facts.circulating_supply,
            total_supply=facts.total_supply,
            max_supply=facts.max_supply,
            market_cap=_market_cap(facts, self.asset.price),
        )
        return replace(self, asset=asset)

    def ranked(self, rank: int | None) -> "AssetState":
        """Return the state with another rank by market cap."""
        return replace(self, asset=replace(self.asset, market_cap_rank=rank))

    def after(self, move: PriceMove, tick: Tick) -> "AssetState":
        """Return the state after one price. The same price again is no change, but is newer."""
        at, figures = tick.at_of(move), move.figures
        traded = worth(move.volume, move.price) if move.volume is not None else None
        history = self.history.after(move.price, at, traded)
        known = _with_extremes(self.asset, figures) if figures else self.asset
        asset = _moved(known, move.price, tick, at, history)
        return AssetState(
            asset=figures.over(asset) if figures else asset,
            history=history,
            through=tick.number,
            fence=tick.fence,
            source_id=figures.source_id if figures else self.source_id,
        )

    def withdrawn(self, tick: Tick) -> "AssetState":
        """Return the state of an asset that its source has stopped listing."""
        asset = replace(self.asset, is_tradable=False)
        return replace(self, asset=asset, through=tick.number, fence=tick.fence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Assets that are current through one tick; some may have seen later ones already."""

    states: tuple[AssetState, ...] = ()
    through: int = 0

    def __iter__(self) -> Iterator[AssetState]:
        return iter(self.states)


def _moved(asset: Asset, price: Price, tick: Tick, at: datetime, history: PriceHistory) -> Asset:
    is_change = price != asset.price
    week, month = history.before_days(WEEK_DAYS), history.before_days(DAYS_MAX)
    return Asset(
        id=asset.id,
        symbol=asset.symbol,
        name=asset.name,
        category=asset.category,
        description=asset.description,
        image_url=asset.image_url,
        is_tradable=asset.is_tradable,
        price=price,
        price_at=at,
        price_source=tick.source,
        sequence=asset.sequence + is_change,
        previous_price=asset.price if is_change else asset.previous_price,
        market_cap=_market_cap(asset, price),
        market_cap_rank=asset.market_cap_rank,
        volume_24h=history.traded,
        high_24h=history.high,
        low_24h=history.low,
        price_change_24h=price - history.opening,
        price_change_percent_24h=change_percent(price, history.opening),
        price_change_percent_7d=None if week is None else change_percent(price, week),
        price_change_percent_30d=None if month is None else change_percent(price, month),
        circulating_supply=asset.circulating_supply,
        total_supply=asset.total_supply,
        max_supply=asset.max_supply,
        all_time_high=_highest(asset.all_time_high, price, at),
        all_time_low=_lowest(asset.all_time_low, price, at),
        day_open_price=history.day_opening,
    )


def _with_extremes(asset: Asset, figures: MarketFigures) -> Asset:
    return replace(
        asset,
        all_time_high=figures.all_time_high or asset.all_time_high,
        all_time_low=figures.all_time_low or asset.all_time_low,
    )


def _market_cap(asset: Asset | AssetFacts, price: Price) -> Money | None:
    supply = asset.circulating_supply
    return None if supply is None else worth(supply, price)


def _highest(known: PriceExtreme | None, price: Price, at: datetime) -> PriceExtreme | None:
    if known is None:
        return None
    return _seen_from(price, PriceExtreme(price=price, at=at) if price > known.price else known)


def _lowest(known: PriceExtreme | None, price: Price, at: datetime) -> PriceExtreme | None:
    if known is None:
        return None
    return _seen_from(price, PriceExtreme(price=price, at=at) if price < known.price else known)


def _seen_from(price: Price, extreme: PriceExtreme) -> PriceExtreme:
    return PriceExtreme(
        price=extreme.price, at=extreme.at, change_percent=change_percent(price, extreme.price)
    )
