"""A leader that backfills: charts as the test draws them, a table in memory, and no waiting."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from adapters.backfill_store import BackfillTable
from domain.candle_backfill import CandleBackfill
from domain.candles import Candle, CandleInterval, CandleQuery
from domain.charts import Chart, PricePoint
from domain.filled_candles import FilledCandles
from domain.ids import AssetId
from domain.market_figures import MarketFigures
from domain.money import Money, Price
from domain.ports.candles import NoChartError
from domain.price_board import PriceBoard
from domain.ticks import PriceMove, Tick
from tests.adapters.memory_table import MemoryTable
from tests.domain.history_world import HistoryWorld
from tests.domain.market_world import BTC, NOON

PRICE = Price.of(7)


class DrawnCharts:
    """`PriceCharts` in which every price is $7, but for the times at which nothing is known."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.asked: list[tuple[str, CandleInterval]] = []
        self.asked_at: list[datetime] = []
        self.failures: list[Exception] = []
        self.unknown: set[str] = set()
        self.silent: tuple[datetime, datetime] | None = None

    async def points(self, source_id: str, chart: Chart) -> list[PricePoint]:
        self.asked.append((source_id, chart.interval))
        self.asked_at.append(self.now())
        if self.failures:
            raise self.failures.pop(0)
        if source_id in self.unknown:
            raise NoChartError("coin not found")
        count = chart.span // chart.apart
        drawn = [self.now() - number * chart.apart for number in range(count)]
        return [PricePoint(at, PRICE) for at in drawn if not self._is_silent(at)]

    def _is_silent(self, at: datetime) -> bool:
        return self.silent is not None and self.silent[0] <= at < self.silent[1]


class BackfillWorld:
    """A board of coins, and candles of their own ticks; `history` is the exchange's past."""

    def __init__(self, coins: int = 1, coins_max: int = 10, lease: str | None = None) -> None:
        self.history = HistoryWorld()
        self.clock = self.history.clock
        self.clock.at = NOON
        self.table = MemoryTable(self.clock.now_s)
        self.store = BackfillTable(self.table, clock=self.clock, lease=lease)
        self.charts = DrawnCharts(self.clock.now)
        self.board = PriceBoard()
        self.list(*(coin(f"C{number}", 1000 - number) for number in range(coins)))
        self.coins_max = coins_max
        self.fence: int | None = None
        self.waits: list[float] = []
        self.waits_max = 0
        self.written: list[tuple[CandleInterval, int]] = []
        self.backfill = self.restarted()

    def restarted(self) -> CandleBackfill:
        """Return what a new process has of it."""
        return CandleBackfill(
            board=self.board,
            charts=self.charts,
            own=self.history,
            store=self.store,
            clock=self.clock,
            fence=lambda: self.fence,
            coins_max=self.coins_max,
            sleep=self.sleep,
            observe=lambda interval, count: self.written.append((interval, count)),
        )

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await self.clock.sleep(seconds)
        if len(self.waits) >= self.waits_max:
            raise EndOfTestError

    async def run(self, waits: int) -> None:
        """Let it run for so many waits."""
        self.waits_max = len(self.waits) + waits
        with suppress(EndOfTestError):
            await self.backfill.run()

    def list(self, *moves: PriceMove) -> None:
        """Put coins on the board, as a source lists them."""
        self.board.apply(
            Tick(number=self.board.next_number, fence=0, at=NOON, source="coingecko", moves=moves)
        )

    async def turns(self, count: int = 100) -> None:
        """Let it take turns until none is due."""
        for _ in range(count):
            if not await self.backfill.turn():
                return

    async def shown(
        self, interval: CandleInterval = CandleInterval.ONE_HOUR, asset_id: AssetId = BTC
    ) -> tuple[Candle, ...]:
        query = CandleQuery(asset_id=asset_id, interval=interval, limit=500)
        (found,) = await FilledCandles(self.history, self.store).find([query])
        return found

    def delist(self, asset_id: AssetId) -> None:
        """Take a coin off the source's list."""
        number = self.board.next_number
        self.board.apply(
            Tick(number=number, fence=0, at=NOON, source="coingecko", moves=(), gone=(asset_id,))
        )


class EndOfTestError(Exception):
    """The test has seen enough."""


def coin(name: str, cap: int) -> PriceMove:
    """Return a listed coin of a market cap in dollars; the first one is called BTC here."""
    asset_id = BTC if name == "C0" else AssetId(name)
    figures = MarketFigures(
        source_id=name.lower(), symbol=asset_id, name=name, market_cap=Money.of(cap)
    )
    return PriceMove(asset_id, PRICE, figures=figures)
