"""A market in memory: assets with plain prices, ticks at set times, stores on a table in memory."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from adapters.asset_store import AssetTable
from adapters.local_bus import LocalTickBus
from adapters.table import TableUnavailableError, Write
from adapters.tick_store import TickTable
from domain.asset_state import AssetState, Checkpoint
from domain.assets import AssetFacts
from domain.catalogue import CatalogueEntry
from domain.ids import AssetId
from domain.market_feed import MarketFeed, TickWork
from domain.money import Percent, Price, Quantity
from domain.ports.markets import MarketSourceError
from domain.price_board import PriceBoard
from domain.ticks import PriceMove, PriceReport, Tick
from domain.warm_start import warm_start
from tests.adapters.memory_table import MemoryTable

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
BTC, ETH, LTC, DOGE = AssetId("BTC"), AssetId("ETH"), AssetId("LTC"), AssetId("DOGE")


def usd(dollars: int | str) -> Price:
    return Price.of(dollars)


def facts(asset_id: AssetId, supply: int | None = None, **changes: str) -> AssetFacts:
    told = {"symbol": str(asset_id), "name": f"The {asset_id}", "category": "Layer 1"} | changes
    return AssetFacts(
        id=asset_id,
        symbol=told["symbol"],
        name=told["name"],
        category=told["category"],
        circulating_supply=None if supply is None else Quantity.of(supply),
    )


def entry(asset_id: AssetId, dollars: int | str = 100, supply: int | None = None) -> CatalogueEntry:
    return CatalogueEntry(
        facts=facts(asset_id, supply),
        price=usd(dollars),
        price_at=NOON - timedelta(days=90),
        daily_volatility=Percent.of(3),
    )


CATALOGUE = (entry(BTC, 1000, 20), entry(ETH, 100, 120), entry(LTC, 50), entry(DOGE, "0.2", 1000))


def state(asset_id: AssetId, dollars: int | str = 100, supply: int | None = None) -> AssetState:
    return entry(asset_id, dollars, supply).first_state()


def board_of(*states: AssetState) -> PriceBoard:
    board = PriceBoard()
    board.load(Checkpoint(states=states))
    return board


def moves(prices: Mapping[AssetId, int | str]) -> tuple[PriceMove, ...]:
    return tuple(PriceMove(asset_id, usd(price)) for asset_id, price in prices.items())


def tick(
    number: int, prices: Mapping[AssetId, int | str], at: datetime = NOON, fence: int = 0
) -> Tick:
    return Tick(number=number, fence=fence, at=at, source="test", moves=moves(prices))


def report(prices: Mapping[AssetId, int | str], at: datetime = NOON) -> PriceReport:
    return PriceReport(at=at, source="test", moves=moves(prices))


class SetClock:
    """A Clock that stands still until it is set."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def now_s(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.at += timedelta(seconds=seconds)


class ListedSource:
    """A MarketSource that gives what it was told to, and fails where it was told to."""

    name = "test"
    silence_max = timedelta(seconds=10)

    def __init__(self, given: Iterable[PriceReport | MarketSourceError]) -> None:
        self.given = deque(given)

    async def next_report(self) -> PriceReport | None:
        if not self.given:
            return None
        following = self.given.popleft()
        if isinstance(following, MarketSourceError):
            raise following
        return following


class KeptTicks(LocalTickBus):
    """A TickBus that remembers what was published."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[Tick] = []

    def publish(self, tick: Tick) -> None:
        self.published.append(tick)
        super().publish(tick)


class DyingTable(MemoryTable):
    """A table whose process dies after so many transactions: from then on nothing is written."""

    transactions_left: int | None = None

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        if self.transactions_left is not None:
            if self.transactions_left == 0:
                raise TableUnavailableError("dead")
            self.transactions_left -= 1
        await super().transact(writes, token=token)


class MarketWorld:
    """One process after the other on the same stores."""

    def __init__(self, catalogue: Iterable[CatalogueEntry] = CATALOGUE) -> None:
        self.clock = SetClock()
        self.table = DyingTable(self.clock.now_s)
        self.ticks = TickTable(self.table, clock=self.clock)
        self.assets = AssetTable(self.table, items_at_once=1)
        self.catalogue = tuple(catalogue)
        self.bus = KeptTicks()
        self.board = PriceBoard()

    async def start(self) -> PriceBoard:
        """Begin a new process: all that the last one had in memory is lost."""
        self.board = PriceBoard()
        await warm_start(self.board, self.catalogue, assets=self.assets, ticks=self.ticks)
        return self.board

    def feed(
        self,
        *given: PriceReport | MarketSourceError,
        fence: int = 0,
        works: Sequence[TickWork] = (),
    ) -> MarketFeed:
        return MarketFeed(
            source=ListedSource(given),
            board=self.board,
            ticks=self.ticks,
            assets=self.assets,
            bus=self.bus,
            clock=self.clock,
            sleep=self.clock.sleep,
            fence=fence,
            works=works,
        )
