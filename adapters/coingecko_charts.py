"""CoinGecko's charts. Source: CoinGecko API reference, /coins/{id}/market_chart."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from urllib.parse import quote

from adapters.coingecko import RESERVED_CALLS, CoinGecko, CoinGeckoOutageError
from adapters.coingecko_coins import amount_of, exact_json
from domain.charts import Chart, PricePoint
from domain.instants import instant_of
from domain.money import Price
from domain.ports.candles import NoChartError
from domain.ports.markets import MarketSourceError

POINTS_MAX = 10_000
"""Of one chart. A day has 288 and a quarter 2,160; three years of daily ones are 1,096."""

AT_MS_MAX = Decimal(253_402_300_799_999)
"""The end of the year 9999: dates end somewhere."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""


class CoinGeckoCharts:
    """The `PriceCharts` of CoinGecko: a call for each, when the prices don't need it.

    Its rolling 24-hour volumes are left out: no volume of an hour follows from them.
    """

    def __init__(self, coingecko: CoinGecko, *, sleep: Sleep = asyncio.sleep) -> None:
        self._coingecko = coingecko
        self._sleep = sleep

    async def points(self, source_id: str, chart: Chart) -> tuple[PricePoint, ...]:
        while wait_s := self._coingecko.wait_s(reserved=RESERVED_CALLS):
            await self._sleep(wait_s)
        try:
            body = await self._coingecko.get(
                f"coins/{quote(source_id, safe='')}/market_chart",
                vs_currency="usd",
                days=str(chart.span.days),
                precision="full",
            )
            # A quarter's chart takes some 20 ms to read, too long for the event loop.
            return await asyncio.to_thread(points_in, body)
        except CoinGeckoOutageError:
            raise
        except MarketSourceError as error:
            raise NoChartError(str(error)) from error


def points_in(body: bytes) -> tuple[PricePoint, ...]:
    """Return the prices of an answer. Raises MarketSourceError when it is no chart.

    A point without a price, or with one that can't be, is left out.
    """
    match exact_json(body):
        case {"prices": list(pairs)} if len(pairs) <= POINTS_MAX:
            return tuple(point for pair in pairs if (point := _point(pair)) is not None)
    raise MarketSourceError(f"its answer is no chart of at most {POINTS_MAX} points")


def _point(pair: object) -> PricePoint | None:
    match pair:
        case [Decimal() as at_ms, Decimal() as number] if 0 <= at_ms <= AT_MS_MAX:
            price = amount_of(Price, number)
            if price is not None and price.units > 0:
                return PricePoint(instant_of(int(at_ms)), price)
    return None
