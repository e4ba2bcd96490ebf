"""The composition root: everything is made here, once, and let go of in reverse order."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from adapters import jwt_secrets
from adapters.access_tokens import JwtAccessTokens
from adapters.account_store import AccountTable
from adapters.asset_store import AssetTable
from adapters.catalogue import shipped_catalogue
from adapters.lease_store import LeaseTable
from adapters.local_bus import LocalHintBus, LocalTickBus
from adapters.login_guard import MemoryLoginGuard
from adapters.memory_budgets import MemoryBudgets, MemoryMinuteCounts
from adapters.password_hashing import Argon2Hashing
from adapters.session_store import SessionTable
from adapters.system_clock import SystemClock
from adapters.system_ids import SystemIds
from adapters.table import Table
from adapters.tick_store import TickTable
from adapters.user_store import UserTable
from domain.catalogue import CatalogueEntry
from domain.identity import Identity
from domain.ids import Ids
from domain.instants import Clock
from domain.leadership import Leadership
from domain.ledger import Ledger
from domain.market_feed import MarketFeed
from domain.market_leader import MarketLeader
from domain.ports.identity import PasswordHasher
from domain.ports.insights import InsightModel
from domain.ports.markets import MarketSource
from domain.price_board import PriceBoard
from domain.refresh_tokens import RefreshTokens
from domain.warm_start import warm_start
from resolvers.budgets import BudgetRules
from resolvers.context import Services
from subscriptions.accounts import AccountBroadcast
from subscriptions.prices import PriceBroadcast
from web.insights import open_insights
from web.markets import open_market
from web.metrics import Metrics
from web.open_sockets import OpenSockets
from web.pauses import jittered_pause
from web.settings import Settings
from web.stores import open_store

CLOSE_S_MAX = 2.0
"""Seconds that each part has to close; a store that hangs must not keep the process."""

MARKET_LEASE = "market"
"""Who holds it makes the prices that all processes show and trade at."""

ResultT = TypeVar("ResultT")

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the world outside provides, all of it replaceable: tests give fakes."""

    clock: Clock = field(default_factory=SystemClock)
    ids: Ids = field(default_factory=SystemIds)
    pause: Callable[[int], Awaitable[None]] = jittered_pause
    wall_clock_s: Callable[[], float] = time.time
    table: Table | None = None
    """Instead of the settings' store; who gave it closes it."""
    source: MarketSource | None = None
    """Instead of the settings' market."""
    hasher: PasswordHasher | None = None
    catalogue: tuple[CatalogueEntry, ...] | None = None
    insight_model: InsightModel | None = None
    """Instead of the settings' one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Everything that runs: what requests use, and what is watched."""

    settings: Settings
    services: Services
    prices: PriceBroadcast
    entries: AccountBroadcast
    market: MarketLeader
    feed: MarketFeed
    table: Table
    metrics: Metrics
    sockets: OpenSockets
    budgets: BudgetRules | None = None


@asynccontextmanager
async def compose(settings: Settings, parts: Parts | None = None) -> AsyncIterator[Exchange]:
    """Open and start everything; stop and close it in reverse order.

    Raises StoreLockedError, TableUnavailableError, OutageError, MarketSourceError, JwtSecretError
    and OSError when something can't be opened.
    """
    given = parts or Parts()
    async with AsyncExitStack() as stack:
        identity_secrets = settings.jwt_secrets or jwt_secrets.kept(
            settings.data_folder / "jwt_secret"
        )
        table = given.table or await open_store(settings.store, wall_clock_s=given.wall_clock_s)
        if given.table is None:
            stack.push_async_callback(_bounded, "the store", table.close)
        accounts, assets = AccountTable(table), AssetTable(table, lease=MARKET_LEASE)
        ticks = TickTable(table, clock=given.clock, lease=MARKET_LEASE)
        board, metrics = PriceBoard(), Metrics()
        catalogue = given.catalogue or shipped_catalogue()
        await warm_start(board, catalogue, assets=assets, ticks=ticks)
        market = _market(
            given, settings, catalogue, table=table, board=board, ticks=ticks, assets=assets
        )
        prices = PriceBroadcast(board)
        stack.callback(prices.close)
        entries = AccountBroadcast(accounts, LocalHintBus(), look_every=None)
        hasher = given.hasher or _hashing(stack)
        insights = await stack.enter_async_context(
            open_insights(settings.gemini, table, clock=given.clock, model=given.insight_model)
        )
        services = Services(
            identity=_identity(given, table, identity_secrets, hasher),
            ledger=Ledger(
                accounts=accounts,
                quotes=board,
                hints=entries,
                rules=settings.rules,
                clock=given.clock,
                ids=given.ids,
                pause=given.pause,
            ),
            accounts=accounts,
            assets=assets,
            board=board,
            rules=settings.rules,
            market_source=(given.source.name if given.source else settings.market.source_name),
            insights=insights,
            clock=given.clock,
            sign_in_counts=(
                MemoryMinuteCounts(settings.logins_per_minute)
                if settings.logins_per_minute
                else None
            ),
        )
        _watch(metrics, board, market)
        running = asyncio.create_task(market.run(), name="market")
        stack.push_async_callback(_stop, running)
        feed = await _first(market.opened(), running)
        yield Exchange(
            settings=settings,
            services=services,
            prices=prices,
            entries=entries,
            market=market,
            feed=feed,
            table=table,
            metrics=metrics,
            sockets=OpenSockets(per_address_max=settings.sockets_per_address, metrics=metrics),
            budgets=_budgets(settings),
        )


def _market(
    given: Parts,
    settings: Settings,
    catalogue: tuple[CatalogueEntry, ...],
    *,
    table: Table,
    board: PriceBoard,
    ticks: TickTable,
    assets: AssetTable,
) -> MarketLeader:
    bus = LocalTickBus()

    async def open_feed(fence: int) -> MarketFeed:
        source = given.source or await open_market(
            settings.market, board, catalogue, clock=given.clock, ticks=ticks
        )
        return MarketFeed(
            source=source,
            board=board,
            ticks=ticks,
            assets=assets,
            bus=bus,
            clock=given.clock,
            fence=fence,
        )

    leadership = Leadership(
        name=MARKET_LEASE,
        owner=given.ids.token(),
        leases=LeaseTable(table),
        monotonic=time.monotonic,
        is_alone=True,
    )
    return MarketLeader(
        leadership=leadership, board=board, ticks=ticks, clock=given.clock, open_feed=open_feed
    )


def _identity(
    given: Parts,
    table: Table,
    signing: tuple[jwt_secrets.JwtSecret, ...],
    hasher: PasswordHasher,
) -> Identity:
    return Identity(
        users=UserTable(table),
        sessions=SessionTable(table),
        hasher=hasher,
        guard=MemoryLoginGuard(given.clock),
        access_tokens=JwtAccessTokens(signing, given.ids),
        refresh_tokens=RefreshTokens(tuple(one.secret for one in signing)),
        ids=given.ids,
        clock=given.clock,
        pause=given.pause,
    )


def _budgets(settings: Settings) -> BudgetRules | None:
    bucket = settings.query_budget
    return BudgetRules(budgets=MemoryBudgets(bucket), bucket=bucket) if bucket else None


def _hashing(stack: AsyncExitStack) -> Argon2Hashing:
    hashing = Argon2Hashing()
    stack.callback(hashing.close)
    return hashing


async def _first(wanted: Awaitable[ResultT], running: asyncio.Task[None]) -> ResultT:
    """Wait for something that a running task brings about; raise what ended the task instead."""
    waiting = asyncio.ensure_future(wanted)
    await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        waiting.cancel()
        running.result()
    return await waiting


def _watch(metrics: Metrics, board: PriceBoard, market: MarketLeader) -> None:
    def count(updates: tuple[object, ...]) -> None:
        metrics.ticks.inc()
        metrics.price_changes.inc(len(updates))

    board.listen(count)
    metrics.watch_market(lambda: market.health().tick_age)


async def _stop(running: asyncio.Task[None]) -> None:
    """Stop the feed, which makes its last checkpoint; a failure of it was logged as it happened."""
    running.cancel()
    await asyncio.wait([running], timeout=CLOSE_S_MAX)
    if running.done() and not running.cancelled():
        running.exception()


async def _bounded(what: str, close: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(CLOSE_S_MAX):
            await close()
    except TimeoutError:
        _LOG.warning("It took too long to close %s; going on without.", what)
