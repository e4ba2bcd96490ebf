"""The market of a process: opened as the settings say, led by one process at a time."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from time import monotonic

from adapters.asset_store import AssetTable
from adapters.book_store import BookTable
from adapters.lease_store import LeaseTable
from adapters.replay_files import recorded_prices
from adapters.replay_market import ReplayMarket as RecordedMarket
from adapters.simulated_market import SimulatedMarket as MarketOfChance
from adapters.simulated_market import simulated_assets
from adapters.table import Table
from adapters.tick_store import TickTable
from domain.catalogue import CatalogueEntry
from domain.duties import Duty, Sleep, repeated
from domain.ids import Ids
from domain.instants import Clock
from domain.leadership import Leadership
from domain.market_feed import MarketFeed, TickWork
from domain.market_leader import FOLLOWERS_SILENCE_MAX, MarketLeader
from domain.order_expiry import LATE_AFTER, OrderExpiry
from domain.ports.markets import MarketSource, TickBus, TickStore
from domain.price_board import PriceBoard
from domain.tick_follower import TickFollower
from domain.trigger_engine import TriggerEngine
from domain.unattended import Unattended
from domain.warm_start import warm_start
from web.candles import CandleParts
from web.coingecko import BackfillParts, CoinGeckoSettings, OpenCoinGecko
from web.market_time import MarketTime
from web.settings import ReplayMarket, Settings, SimulatedMarket

MARKET_LEASE = "market"
"""Who holds it makes the prices that all processes show and trade at."""

STOP_S_MAX = 2.0
"""Seconds for the last checkpoint; a start can do without it."""

_LOG = logging.getLogger(__name__)

SEED_BITS = 63


async def open_market(
    market: SimulatedMarket | ReplayMarket | CoinGeckoSettings,
    board: PriceBoard,
    catalogue: tuple[CatalogueEntry, ...],
    *,
    wall_clock: Clock,
    time: MarketTime,
    ticks: TickStore,
    coingecko: OpenCoinGecko | None = None,
) -> MarketSource:
    """Return a market that goes on where the board and the last tick stand.

    Recorded prices are stamped with the present time, so that they can be traded at, unless the
    market lives in theirs. Raises MarketSourceError and OutageError.
    """
    if isinstance(market, CoinGeckoSettings):
        assert coingecko is not None  # it is open where the settings name it
        return coingecko.market(board)
    if isinstance(market, ReplayMarket):
        with closing(recorded_prices(market.path)) as prices:
            next(prices, None)  # a file that is no recording is told now, not when it is played
        stamp = None if market.sets_clock else wall_clock
        recorded = RecordedMarket(
            market.path, speed=float(market.speed), stamp=stamp, steps=time.steps
        )
        recorded.resume(await ticks.last())
        time.check(recorded)
        return recorded
    return MarketOfChance(
        simulated_assets(board, catalogue),
        seed=secrets.randbits(SEED_BITS) if market.seed is None else market.seed,
        clock=wall_clock,
        tick_every=market.tick_every,
        begins_after=board.number,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketParts:
    """What a market is made of."""

    settings: Settings
    table: Table
    board: PriceBoard
    unattended: Unattended
    """What fills and ends open orders."""
    ids: Ids
    sleep: Sleep
    """Waits between two turns of a leader's duties."""
    bus: TickBus
    wall_clock: Clock
    time: MarketTime
    owner: str
    """Names this process among those that want to lead."""
    is_alone: bool
    """Whether no other process can be on the store."""
    source: MarketSource | None
    """Instead of the settings' market."""
    catalogue: tuple[CatalogueEntry, ...]
    coingecko: OpenCoinGecko | None
    candles: CandleParts


async def make_market(parts: MarketParts) -> MarketLeader:
    """Fill the board from the store, and return what keeps it moving. Raises OutageError."""
    wall_clock, time = parts.wall_clock, parts.time
    ticks = TickTable(parts.table, clock=wall_clock, lease=MARKET_LEASE)
    assets = AssetTable(parts.table, lease=MARKET_LEASE)
    await warm_start(
        parts.board,
        parts.catalogue,
        assets=assets,
        ticks=ticks,
        has_starting_prices=not time.is_replayed,
    )
    time.tell()

    leadership = Leadership(
        name=MARKET_LEASE,
        owner=parts.owner,
        leases=LeaseTable(parts.table),
        monotonic=monotonic,
        is_alone=parts.is_alone,
    )
    books = BookTable(parts.table, ids=parts.ids)
    engine = TriggerEngine(
        books=books,
        unattended=parts.unattended,
        quotes=parts.board,
        clock=wall_clock,
        confirm=leadership.confirm,
    )
    expiry = OrderExpiry(
        books=books,
        unattended=parts.unattended,
        market_clock=time.clock,
        late_after=LATE_AFTER if parts.is_alone else time.late_after,
    )
    duties = [repeated(engine.look_again, "The second look at the book", sleep=parts.sleep)]
    works: tuple[TickWork, ...] = (engine.work, parts.candles.own.work)
    if time.is_replayed:
        # A second of the world may be a week of the market: what ends, ends at its tick.
        works = (expiry.work, *works)
    else:
        sweep = "The sweep of orders whose time is over"
        duties.append(repeated(expiry.sweep, sweep, sleep=parts.sleep))

    async def open_feed(fence: int) -> MarketFeed:
        engine.begin(parts.board.quotes())
        source = parts.source or await open_market(
            parts.settings.market,
            parts.board,
            parts.catalogue,
            wall_clock=wall_clock,
            time=time,
            ticks=ticks,
            coingecko=parts.coingecko,
        )
        return MarketFeed(
            source=source,
            board=parts.board,
            ticks=ticks,
            assets=assets,
            bus=parts.bus,
            clock=wall_clock,
            fence=fence,
            works=works,
            turn=time.tick_turn,
        )

    follower = TickFollower(
        board=parts.board,
        catalogue=parts.catalogue,
        ticks=ticks,
        assets=assets,
        bus=parts.bus,
        clock=wall_clock,
        has_starting_prices=not time.is_replayed,
        silence_max=parts.settings.market.quiet_max + FOLLOWERS_SILENCE_MAX,
    )
    return MarketLeader(
        leadership=leadership,
        board=parts.board,
        ticks=ticks,
        clock=wall_clock,
        open_feed=open_feed,
        follow=None if parts.is_alone else follower.run,
        quiet_max=parts.settings.market.quiet_max,
        duties=(*duties, *_backfill(parts, leadership)),
    )


def _backfill(parts: MarketParts, leadership: Leadership) -> tuple[Duty, ...]:
    """Return what fills gaps in candles, where CoinGecko is the market and that is wanted."""
    if parts.coingecko is None or parts.source is not None:
        return ()
    duty = parts.coingecko.backfill(
        BackfillParts(
            board=parts.board,
            own=parts.candles.own,
            store=parts.candles.backfilled,
            fence=lambda: leadership.fence,
            sleep=parts.sleep,
        )
    )
    return () if duty is None else (duty,)


@asynccontextmanager
async def running(market: MarketLeader) -> AsyncIterator[None]:
    """Keep the market moving until the context is left, with a last checkpoint at the end.

    Where no other process can lead, waits until this one does. Raises MarketSourceError.
    """
    task = asyncio.create_task(market.run(), name="market")
    task.add_done_callback(_tell)
    try:
        if market.is_alone:
            await _opened(market, task)
        yield
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=STOP_S_MAX)


async def _opened(market: MarketLeader, task: asyncio.Task[None]) -> None:
    """Wait for the market to be open; raise what ended it instead."""
    opened = asyncio.ensure_future(market.opened())
    await asyncio.wait({opened, task}, return_when=asyncio.FIRST_COMPLETED)
    if not opened.done():
        opened.cancel()
        task.result()


def _tell(task: asyncio.Task[None]) -> None:
    """Say why a market ended by itself: nobody awaits it."""
    if not task.cancelled() and task.exception() is not None:
        _LOG.critical("The market has ended: %s", task.exception())
