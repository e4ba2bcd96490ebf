"""An asset with its figures and its history as an item, and back."""

from collections.abc import Mapping, Sequence

from adapters.fields import Fields, StoredWronglyError, amount_value
from adapters.table import Item, Key, Value
from domain.asset_state import AssetState
from domain.assets import Asset, PriceExtreme
from domain.ids import AssetId
from domain.instants import ms_of
from domain.money import Money, Percent, Price, Quantity
from domain.price_history import Day, Hour, PriceHistory


def asset_key(asset_id: str) -> Key:
    """Return where an asset is kept."""
    return Key(f"ASSET#{asset_id}", "ASSET")


def asset_attributes(state: AssetState) -> dict[str, Value]:
    """Return what is stored of an asset: every figure, so that a start shows the same ones."""
    asset, history = state.asset, state.history
    return {
        "id": asset.id,
        "symbol": asset.symbol,
        "name": asset.name,
        "category": asset.category,
        "description": asset.description,
        "image_url": asset.image_url,
        "is_tradable": asset.is_tradable,
        "price": asset.price.units,
        "price_at": ms_of(asset.price_at),
        "price_source": asset.price_source,
        "sequence": asset.sequence,
        "previous_price": amount_value(asset.previous_price),
        "market_cap": amount_value(asset.market_cap),
        "market_cap_rank": asset.market_cap_rank,
        "volume_24h": amount_value(asset.volume_24h),
        "high_24h": asset.high_24h.units,
        "low_24h": asset.low_24h.units,
        "price_change_24h": asset.price_change_24h.units,
        "price_change_percent_24h": amount_value(asset.price_change_percent_24h),
        "price_change_percent_7d": amount_value(asset.price_change_percent_7d),
        "price_change_percent_30d": amount_value(asset.price_change_percent_30d),
        "circulating_supply": amount_value(asset.circulating_supply),
        "total_supply": amount_value(asset.total_supply),
        "max_supply": amount_value(asset.max_supply),
        "all_time_high": _extreme_attributes(asset.all_time_high),
        "all_time_low": _extreme_attributes(asset.all_time_low),
        "day_open_price": asset.day_open_price.units,
        "opening": history.opening.units,
        "hours": [
            [
                hour.number,
                hour.high.units,
                hour.low.units,
                hour.close.units,
                amount_value(hour.traded),
            ]
            for hour in history.hours
        ],
        "days": [[day.number, day.close.units] for day in history.days],
        "through": state.through,
        "fence": state.fence,
        "source_id": state.source_id,
    }


def asset_state(item: Item) -> AssetState:
    """Return the asset that an item holds. Raises StoredWronglyError."""
    fields = Fields(item)
    history = PriceHistory(
        opening=fields.amount(Price, "opening"),
        hours=tuple(_hour(item.key, row) for row in _rows(item, "hours")),
        days=tuple(_day(item.key, row) for row in _rows(item, "days")),
    )
    return AssetState(
        asset=_asset(fields),
        history=history,
        through=fields.whole("through"),
        fence=fields.whole("fence"),
        source_id=fields.text_or_none("source_id"),
    )


def _asset(fields: Fields) -> Asset:
    return Asset(
        id=AssetId(fields.text("id")),
        symbol=fields.text("symbol"),
        name=fields.text("name"),
        category=fields.text("category"),
        description=fields.text_or_none("description"),
        image_url=fields.text_or_none("image_url"),
        is_tradable=fields.flag_or_none("is_tradable") is not False,
        price=fields.amount(Price, "price"),
        price_at=fields.instant("price_at"),
        price_source=fields.text("price_source"),
        sequence=fields.whole("sequence"),
        previous_price=fields.amount_or_none(Price, "previous_price"),
        market_cap=fields.amount_or_none(Money, "market_cap"),
        market_cap_rank=fields.whole_or_none("market_cap_rank"),
        volume_24h=fields.amount_or_none(Money, "volume_24h"),
        high_24h=fields.amount(Price, "high_24h"),
        low_24h=fields.amount(Price, "low_24h"),
        price_change_24h=fields.amount(Price, "price_change_24h"),
        price_change_percent_24h=fields.amount_or_none(Percent, "price_change_percent_24h"),
        price_change_percent_7d=fields.amount_or_none(Percent, "price_change_percent_7d"),
        price_change_percent_30d=fields.amount_or_none(Percent, "price_change_percent_30d"),
        circulating_supply=fields.amount_or_none(Quantity, "circulating_supply"),
        total_supply=fields.amount_or_none(Quantity, "total_supply"),
        max_supply=fields.amount_or_none(Quantity, "max_supply"),
        all_time_high=_extreme(fields.nested("all_time_high")),
        all_time_low=_extreme(fields.nested("all_time_low")),
        day_open_price=fields.amount(Price, "day_open_price"),
    )


def _extreme_attributes(extreme: PriceExtreme | None) -> Mapping[str, Value] | None:
    if extreme is None:
        return None
    return {
        "price": extreme.price.units,
        "at": ms_of(extreme.at),
        "change_percent": amount_value(extreme.change_percent),
    }


def _extreme(fields: Fields | None) -> PriceExtreme | None:
    if fields is None:
        return None
    return PriceExtreme(
        price=fields.amount(Price, "price"),
        at=fields.instant("at"),
        change_percent=fields.amount_or_none(Percent, "change_percent"),
    )


def _rows(item: Item, name: str) -> Sequence[Value]:
    rows = item.attributes.get(name)
    if isinstance(rows, Sequence) and not isinstance(rows, str | bytes):
        return rows
    raise StoredWronglyError(f"{item.key}: {name} should be a list")


def _hour(key: Key, row: Value) -> Hour:
    match row:
        case [int(number), int(high), int(low), int(close), int() | None as traded]:
            turnover = None if traded is None else Money(traded)
            return Hour(number, Price(high), Price(low), Price(close), turnover)
    raise StoredWronglyError(f"{key}: {row!r} is no hour")


def _day(key: Key, row: Value) -> Day:
    match row:
        case [int(number), int(close)]:
            return Day(number, Price(close))
    raise StoredWronglyError(f"{key}: {row!r} is no day")
