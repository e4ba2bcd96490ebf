"""What CoinGecko's list of coins means. Source: CoinGecko API reference, /coins/markets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from domain.assets import PriceExtreme
from domain.ids import AssetId, asset_id
from domain.instants import to_ms
from domain.market_figures import MarketFigures
from domain.money import AmountError, Fixed, Money, Percent, Price, Quantity, nearest
from domain.ports.markets import MarketSourceError
from domain.ticks import PriceMove

COINS_MAX = 250
"""Coins in one answer, as many as are asked for."""

NAME_CHARACTERS_MAX = 100
"""Of a name or of CoinGecko's id; a longer one is cut."""

URL_CHARACTERS_MAX = 500

AmountT = TypeVar("AmountT", bound=Fixed)


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin that can be traded here: its price with all figures."""

    move: PriceMove
    figures: MarketFigures
    at: datetime

    @property
    def asset_id(self) -> AssetId:
        """Its ticker."""
        return self.move.asset_id


@dataclass(frozen=True, slots=True)
class CoinList:
    """The coins of an answer, one of each ticker, and how many were left out."""

    coins: tuple[Coin, ...]
    skipped: int


def exact_json(body: bytes) -> object:
    """Read JSON without losing a digit: every number is a Decimal. Raises MarketSourceError."""
    try:
        return json.loads(
            body, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise MarketSourceError(f"its answer is no JSON: {type(error).__name__}") from None


def coins_in(body: bytes, *, now: datetime, owners: Mapping[AssetId, str]) -> CoinList:
    """Return the coins of an answer. Raises MarketSourceError when it is no list, or holds none.

    A ticker that several coins share goes to the one that has it already, by `owners`, and else to
    the one with the largest market cap. Left out are the others, what has no price, and tickers
    that can't be an asset's id.
    """
    found = exact_json(body)
    if not isinstance(found, list) or len(found) > COINS_MAX:
        raise MarketSourceError(f"its answer is no list of at most {COINS_MAX} coins")
    coins = [coin for one in found if (coin := _coin(one, now)) is not None]
    chosen: dict[AssetId, Coin] = {}
    for coin in sorted(coins, key=_by_market_cap):
        owner = owners.get(coin.asset_id)
        if owner is None or owner == coin.figures.source_id:
            chosen.setdefault(coin.asset_id, coin)
    if not chosen:
        raise MarketSourceError(f"none of its {len(found)} coins has a price")
    return CoinList(tuple(chosen.values()), len(found) - len(chosen))


def amount_of(kind: type[AmountT], number: object) -> AmountT | None:
    """Return a figure, rounded to what its kind holds; None for what is none or beyond it."""
    if not isinstance(number, Decimal):
        return None
    try:
        return nearest(kind, number)
    except AmountError:
        return None


def _coin(value: object, now: datetime) -> Coin | None:
    match value:
        case {"id": str(coin_id), "symbol": str(symbol), "name": str(name), **rest} if coin_id:
            ticker, price = asset_id(symbol.strip()), _positive(Price, rest.get("current_price"))
            if ticker is None or price is None:
                return None
            figures = _figures(coin_id, ticker, name, rest)
            at = min(_instant(rest.get("last_updated")) or now, now)
            return Coin(PriceMove(ticker, price, at=at, figures=figures), figures, at)
    return None


def _figures(coin_id: str, ticker: AssetId, name: str, rest: Mapping[object, Any]) -> MarketFigures:
    def change(days: str) -> Percent | None:
        return amount_of(Percent, rest.get(f"price_change_percentage_{days}_in_currency"))

    return MarketFigures(
        source_id=coin_id[:NAME_CHARACTERS_MAX],
        symbol=ticker,
        name=_line(name) or ticker,
        image_url=_image(rest.get("image")),
        market_cap=_positive(Money, rest.get("market_cap")),
        volume_24h=_positive(Money, rest.get("total_volume")),
        high_24h=_positive(Price, rest.get("high_24h")),
        low_24h=_positive(Price, rest.get("low_24h")),
        price_change_24h=amount_of(Price, rest.get("price_change_24h")),
        price_change_percent_24h=change("24h")
        or amount_of(Percent, rest.get("price_change_percentage_24h")),
        price_change_percent_7d=change("7d"),
        price_change_percent_30d=change("30d"),
        circulating_supply=_positive(Quantity, rest.get("circulating_supply")),
        total_supply=_positive(Quantity, rest.get("total_supply")),
        max_supply=_positive(Quantity, rest.get("max_supply")),
        all_time_high=_extreme(rest.get("ath"), rest.get("ath_date")),
        all_time_low=_extreme(rest.get("atl"), rest.get("atl_date")),
    )


def _positive(kind: type[AmountT], number: object) -> AmountT | None:
    """Return a figure above nothing: CoinGecko writes 0 where it doesn't know."""
    amount = amount_of(kind, number)
    return amount if amount is not None and amount.units > 0 else None


def _extreme(number: object, date: object) -> PriceExtreme | None:
    price, at = _positive(Price, number), _instant(date)
    return None if price is None or at is None else PriceExtreme(price=price, at=at)


def _instant(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if at is None or at.tzinfo is None else to_ms(at)


def _line(text: str) -> str:
    """Return a name as one short line: it is shown to people and to language models."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[
        :NAME_CHARACTERS_MAX
    ]


def _image(url: object) -> str | None:
    """Return the address of a picture; CoinGecko gives a bare file name where there is none."""
    if not isinstance(url, str) or len(url) > URL_CHARACTERS_MAX or not url.isprintable():
        return None
    return url if url.startswith("https://") else None


def _by_market_cap(coin: Coin) -> tuple[int, str]:
    market_cap = coin.figures.market_cap
    return 0 if market_cap is None else -market_cap.units, coin.figures.source_id


def _refuse_constant(name: str) -> Sequence[object]:
    raise ValueError(f"{name} is no number")
