"""Where candles are kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.candle_book import BookState, ClosedCandle
from domain.candles import Candle, CandleInterval, CandleQuery
from domain.charts import Chart, PricePoint
from domain.ids import AssetId


class CandleStore(Protocol):
    """Keeps closed candles, and the state from which ticks make the open ones again.

    Every method raises OutageError when the store can't answer, and `save` OutcomeUnknownError when
    the store didn't say.
    """

    async def load(self) -> BookState:
        """Return the last state that was saved, an empty one where there is none."""

    async def save(
        self, closed: Sequence[ClosedCandle], state: BookState, *, fence: int = 0
    ) -> None:
        """Write closed candles and then the state that follows them, durable on return.

        It need not be of one piece: the state is written last, and writing a candle again changes
        nothing. Raises NotLeaderError when the fence is an old leader's.
        """

    async def candles(self, query: CandleQuery) -> Sequence[Candle]:
        """Return the closed candles of a query, oldest first, by one range query."""


class Candles(Protocol):
    """Tells candles, closed and open ones."""

    @property
    def final_until(self) -> datetime | None:
        """The time up to which candles won't change any more; None before the first price."""

    async def find(self, queries: Sequence[CandleQuery]) -> list[tuple[Candle, ...]]:
        """Return the candles of each query, oldest first. Raises OutageError."""


class NoChartError(Exception):
    """The source has no chart of this asset that makes sense; the message says why, for the log."""


class PriceCharts(Protocol):
    """Tells the past of an asset, as far as its source knows it."""

    async def points(self, source_id: str, chart: Chart) -> Sequence[PricePoint]:
        """Return the points of a chart, in no promised order, of the asset with a source's id.

        Waits until a call takes nothing from those that bring prices. Raises NoChartError, and
        MarketSourceError when the source doesn't answer at present.
        """


class BackfillStore(Protocol):
    """Keeps backfilled candles, and when each chart was asked for.

    They lie apart from those of the exchange's own ticks, and never replace one.
    Every method raises OutageError when the store can't answer, and `save` OutcomeUnknownError when
    the store didn't say.
    """

    async def asked(self, asset_id: AssetId) -> Mapping[CandleInterval, datetime]:
        """Return when the chart behind each interval was last asked for."""

    async def save(
        self,
        asset_id: AssetId,
        interval: CandleInterval,
        candles: Sequence[Candle],
        *,
        asked: Mapping[CandleInterval, datetime],
        fence: int,
    ) -> None:
        """Write candles of one interval, and then when charts were asked for, durable on return.

        It need not be of one piece: doing it again changes nothing. Raises NotLeaderError when the
        fence is an old leader's.
        """

    async def candles(self, query: CandleQuery) -> Sequence[Candle]:
        """Return the backfilled candles of a query, oldest first, by one range query."""
