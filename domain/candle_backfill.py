"""Backfilling: candles of times at which nobody made ticks, from charts that a source has."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.candles import CANDLES_READ_MAX, CandleInterval, CandleQuery
from domain.charts import (
    CHARTS,
    SETTLED_AFTER,
    Chart,
    PricePoint,
    candles_of,
    intervals_of,
)
from domain.ids import AssetId
from domain.instants import Clock
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.candles import BackfillStore, Candles, NoChartError, PriceCharts
from domain.ports.markets import MarketSourceError
from domain.price_board import PriceBoard

CALL_EVERY_S = 10.0
"""Least seconds between two calls: whoever has no key may make some ten a minute in all."""

LOOK_EVERY_S = 30.0
"""Seconds until coins are looked for again when none is due, and before the first look: whoever has
just begun to lead asks for prices first."""

LOOK_AGAIN_AFTER = timedelta(minutes=30)
"""How long a coin is left alone once it was looked at: two short range queries for each chart."""

ASK_AGAIN_AFTER = timedelta(hours=1)
"""Least time between two calls for one chart of one coin, whatever is missing."""

RETRY_S_FIRST = 60.0
RETRY_S_MAX = 1800.0
"""Seconds after a failure, doubling: five failures in a row stop the calls for prices as well, and
those come in between and succeed, or have failed by themselves."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""

Observe = Callable[[CandleInterval, int], None]
"""Is told how many candles of an interval were written."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class _Coin:
    """An asset that the source tells of; the one with the largest market cap comes first."""

    place: int
    asset_id: AssetId
    source_id: str


class CandleBackfill:
    """Fills the gaps of the most important coins, one call at a time. It is the leader's duty.

    A gap is an interval that is over and has no candle, because the exchange was off, or not there
    yet, or the source silent. A chart is asked for each gap once; what it doesn't tell stays a gap.
    """

    def __init__(
        self,
        *,
        board: PriceBoard,
        charts: PriceCharts,
        own: Candles,
        store: BackfillStore,
        clock: Clock,
        fence: Callable[[], int | None],
        coins_max: int,
        observe: Observe,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Take the collaborators; `fence` tells the fencing number of the process that leads."""
        self._board = board
        self._charts = charts
        self._own = own
        self._store = store
        self._clock = clock
        self._fence = fence
        self._coins_max = coins_max
        self._sleep = sleep
        self._observe = observe
        self._looked_at: dict[AssetId, datetime] = {}

    async def run(self) -> None:
        """Fill gaps until this is cancelled, once the prices have come. Raises NotLeaderError."""
        self._looked_at.clear()
        wait_s, retry_s = LOOK_EVERY_S, RETRY_S_FIRST
        while True:
            await self._sleep(wait_s)
            try:
                wait_s = CALL_EVERY_S if await self.turn() else LOOK_EVERY_S
                retry_s = RETRY_S_FIRST
            except (MarketSourceError, OutageError, OutcomeUnknownError) as error:
                _LOG.warning("Candles can't be backfilled; next try in %g s: %s", retry_s, error)
                wait_s, retry_s = retry_s, min(2 * retry_s, RETRY_S_MAX)

    async def turn(self) -> bool:
        """Look at coins until one has a gap, and ask for that; tell whether a call was made.

        Raises MarketSourceError, OutageError, OutcomeUnknownError and NotLeaderError.
        """
        for coin in self._coins():
            if self._is_looked_at(coin):
                continue
            for chart in CHARTS:
                if await self._fill(coin, chart):
                    return True
            self._looked_at[coin.asset_id] = self._clock.now()
        return False

    def _coins(self) -> list[_Coin]:
        """Return the most important coins, the first one first."""
        coins = []
        for state in self._board.checkpoint():
            asset, source_id = state.asset, state.source_id
            if source_id is not None and asset.is_tradable:
                place = -asset.market_cap.units if asset.market_cap else 0
                coins.append(_Coin(place, asset.id, source_id))
        return sorted(coins)[: self._coins_max]

    def _is_looked_at(self, coin: _Coin) -> bool:
        at = self._looked_at.get(coin.asset_id)
        return at is not None and abs(self._clock.now() - at) < LOOK_AGAIN_AFTER

    async def _fill(self, coin: _Coin, chart: Chart) -> bool:
        """Ask for a chart if it can tell of a gap that it wasn't asked for; tell whether it was."""
        now = self._clock.now()
        asked = dict(await self._store.asked(coin.asset_id))
        last = asked.get(chart.interval)
        if last is not None and now - last < ASK_AGAIN_AFTER:
            return False
        gaps = await self._gaps(coin.asset_id, chart, now)
        span = chart.interval.span
        if not any(last is None or gap + span + SETTLED_AFTER > last for gap in gaps):
            return False
        points = await self._points(coin, chart)
        told = candles_of(points, chart, now=self._clock.now())
        candles = [one for one in told if one.start in gaps]
        asked[chart.interval] = now
        await self._store.save(
            coin.asset_id, chart.interval, candles, asked=asked, fence=self._fence() or 0
        )
        self._tell(coin, chart, len(candles), len(gaps))
        return True

    async def _points(self, coin: _Coin, chart: Chart) -> Sequence[PricePoint]:
        """Return a chart's points, none where there is no chart. Raises MarketSourceError."""
        try:
            return await self._charts.points(coin.source_id, chart)
        except NoChartError as error:
            _LOG.warning("There is no chart of %s: %s", coin.asset_id, error)
            return ()
        except MarketSourceError:
            # If it is this coin that can't be told of, the others come first.
            self._looked_at[coin.asset_id] = self._clock.now()
            raise

    async def _gaps(self, asset_id: AssetId, chart: Chart, now: datetime) -> frozenset[datetime]:
        """Return the beginnings of the intervals that a chart can tell of and that have no candle.

        Of a candle that our own ticks have begun, however late, there is no other.
        """
        starts = intervals_of(chart, now=now)
        query = CandleQuery(
            asset_id=asset_id, interval=chart.interval, since=starts[0], limit=CANDLES_READ_MAX
        )
        (own,) = await self._own.find([query])
        backfilled = await self._store.candles(query)
        return frozenset(starts).difference(one.start for one in (*own, *backfilled))

    def _tell(self, coin: _Coin, chart: Chart, written: int, gaps: int) -> None:
        rest = sum(not self._is_looked_at(one) for one in self._coins()) - 1
        _LOG.info(
            "Backfilled %d of %d missing candles of %s (%s). Coins left: %d.",
            written,
            gaps,
            coin.asset_id,
            chart.interval,
            rest,
        )
        self._observe(chart.interval, written)
