"""A price on its way as plain values, in stored ticks and in messages alike."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TypeVar

from adapters.fields import amount_value
from adapters.table import Value
from domain.assets import PriceExtreme
from domain.ids import AssetId
from domain.instants import instant_of, ms_of
from domain.market_figures import MarketFigures
from domain.money import Fixed, Money, Percent, Price, Quantity
from domain.ticks import PriceMove

AmountT = TypeVar("AmountT", bound=Fixed)

_AMOUNTS: tuple[tuple[str, type[Fixed]], ...] = (
    ("market_cap", Money),
    ("volume_24h", Money),
    ("high_24h", Price),
    ("low_24h", Price),
    ("price_change_24h", Price),
    ("price_change_percent_24h", Percent),
    ("price_change_percent_7d", Percent),
    ("price_change_percent_30d", Percent),
    ("circulating_supply", Quantity),
    ("total_supply", Quantity),
    ("max_supply", Quantity),
)
_TEXTS = ("source_id", "symbol", "name", "image_url")
_EXTREMES = ("all_time_high", "all_time_low")

assert {field.name for field in fields(MarketFigures)} == {
    *_TEXTS,
    *(name for name, _ in _AMOUNTS),
    *_EXTREMES,
}


class MalformedMoveError(ValueError):
    """The values are none that this version would write."""


def move_value(move: PriceMove) -> list[Value]:
    """Return a price as values; what only some sources tell stands at the end, or is left out."""
    values: list[Value] = [move.asset_id, move.price.units, amount_value(move.volume)]
    if move.at is None and move.figures is None:
        return values
    figures = None if move.figures is None else _figures_value(move.figures)
    return [*values, None if move.at is None else ms_of(move.at), figures]


def move_of(value: Value) -> PriceMove:
    """Return the price that values hold. Raises ValueError."""
    match value:
        case [str(asset_id), price, volume, *rest]:
            at_ms, figures = _rest(rest)
            return PriceMove(
                AssetId(asset_id),
                Price(_whole(price)),
                None if volume is None else Quantity(_whole(volume)),
                None if at_ms is None else instant_of(_whole(at_ms)),
                None if figures is None else _figures_of(figures),
            )
    raise MalformedMoveError(f"{value!r} is no move")


def _rest(values: list[Value]) -> tuple[Value, Value]:
    match values:
        case []:
            return None, None
        case [at_ms, figures]:
            return at_ms, figures
    raise MalformedMoveError(f"a move does not end with {values!r}")


def _figures_value(figures: MarketFigures) -> list[Value]:
    return [
        [getattr(figures, name) for name in _TEXTS],
        [amount_value(getattr(figures, name)) for name, _ in _AMOUNTS],
        [_extreme_value(getattr(figures, name)) for name in _EXTREMES],
    ]


def _figures_of(value: Value) -> MarketFigures:
    match value:
        case [
            [str(source_id), str(symbol), str(name), None | str() as image],
            [*units],
            [high, low],
        ]:
            if len(units) != len(_AMOUNTS):
                raise MalformedMoveError(f"{len(units)} figures; there are {len(_AMOUNTS)}")
            amounts = {
                named: None if one is None else kind(_whole(one))
                for (named, kind), one in zip(_AMOUNTS, units, strict=True)
            }
            told: dict[str, object] = {
                **amounts,
                "all_time_high": _extreme_of(high),
                "all_time_low": _extreme_of(low),
            }
            return MarketFigures(
                source_id=source_id,
                symbol=symbol,
                name=name,
                image_url=image,
                **told,  # type: ignore[arg-type] # each by its kind in the table above
            )
    raise MalformedMoveError(f"{value!r} are no figures")


def _extreme_value(extreme: PriceExtreme | None) -> list[Value] | None:
    """Leave the distance out: it is worked out again at each price."""
    return None if extreme is None else [extreme.price.units, ms_of(extreme.at)]


def _extreme_of(value: Value) -> PriceExtreme | None:
    match value:
        case None:
            return None
        case [price, at_ms]:
            return PriceExtreme(price=Price(_whole(price)), at=instant_of(_whole(at_ms)))
    raise MalformedMoveError(f"{value!r} is no all-time extreme")


def _whole(value: Value) -> int:
    if type(value) is not int:
        raise MalformedMoveError(f"{value!r} is no whole number")
    return value


def ids_of(values: Sequence[Value]) -> tuple[AssetId, ...]:
    """Return asset ids. Raises ValueError."""
    if not all(isinstance(value, str) for value in values):
        raise MalformedMoveError(f"{values!r} are no asset ids")
    return tuple(AssetId(str(value)) for value in values)
