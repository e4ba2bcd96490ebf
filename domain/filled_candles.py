"""Candles as they are shown: those of the exchange's own ticks, and backfilled ones in the gaps."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from domain.candle_keeper import READ_AT_ONCE
from domain.candles import Candle, CandleQuery, merged
from domain.ports.candles import BackfillStore, Candles


class FilledCandles:
    """The `Candles` of charts. A candle of our own ticks always comes before a backfilled one.

    What must never change, such as portfolioHistory, asks for our own candles alone: a gap may be
    filled at any time.
    """

    def __init__(self, own: Candles, backfilled: BackfillStore) -> None:
        self._own = own
        self._backfilled = backfilled

    @property
    def final_until(self) -> datetime | None:
        """See Candles."""
        return self._own.final_until

    async def find(self, queries: Sequence[CandleQuery]) -> list[tuple[Candle, ...]]:
        """See Candles; one range query more for each."""
        own = await self._own.find(queries)
        filled: list[Sequence[Candle]] = []
        for start in range(0, len(queries), READ_AT_ONCE):
            some = queries[start : start + READ_AT_ONCE]
            filled += await asyncio.gather(*map(self._backfilled.candles, some))
        return [
            merged(query, older, newer)
            for query, older, newer in zip(queries, filled, own, strict=True)
        ]
