"""The composition root: everything is made here, once, and let go of in reverse order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from time import time as unix_time_s

from adapters import jwt_secrets
from adapters.access_tokens import JwtAccessTokens
from adapters.account_store import AccountTable
from adapters.asset_store import AssetTable
from adapters.audit_log import AuditLog
from adapters.catalogue import shipped_catalogue
from adapters.password_hashing import Argon2Hashing
from adapters.replay_steps import ReplaySteps
from adapters.system_clock import SystemClock
from adapters.system_ids import SystemIds
from adapters.table import Table
from domain.activity import UsageWatch
from domain.catalogue import CatalogueEntry
from domain.duties import Sleep
from domain.identity import Identity
from domain.ids import Ids
from domain.instants import Clock
from domain.ledger import Ledger
from domain.market_leader import MarketLeader
from domain.ports.audit_trail import AuditTrail
from domain.ports.identity import PasswordHasher
from domain.ports.insights import InsightModel
from domain.ports.markets import MarketSource
from domain.price_board import PriceBoard
from domain.refresh_tokens import RefreshTokens
from domain.reset_sweeps import ResetSweeps
from domain.unattended import Unattended
from resolvers.budgets import BudgetRules
from resolvers.context import Services
from subscriptions.accounts import AccountBroadcast
from subscriptions.prices import PriceBroadcast
from web.candles import make_candles
from web.coingecko import open_coingecko
from web.insights import open_insights
from web.load import Load
from web.market_time import MarketTime, ids_in, market_time
from web.markets import MARKET_LEASE, MarketParts, make_market, running
from web.metrics import Metrics
from web.open_sockets import OpenSockets
from web.pauses import jittered_pause
from web.settings import Settings, SqliteStore
from web.sharing import Shared, open_shared
from web.stores import guarded_store, open_store

CLOSE_S_MAX = 2.0
"""Seconds that each part has to close; a store that hangs must not keep the process."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the world outside provides, all of it replaceable: tests give fakes."""

    wall_clock: Clock = field(default_factory=SystemClock)
    ids: Ids = field(default_factory=SystemIds)
    market_ids: Ids | None = None
    """Of what has the market's time; instead of the settings' ones."""
    pause: Callable[[int], Awaitable[None]] = jittered_pause
    sleep: Sleep = asyncio.sleep
    """Waits between two turns of what a leader does every second."""
    wall_clock_s: Callable[[], float] = unix_time_s
    table: Table | None = None
    """Instead of the settings' store; who gave it closes it."""
    source: MarketSource | None = None
    """Instead of the settings' market."""
    hasher: PasswordHasher | None = None
    catalogue: tuple[CatalogueEntry, ...] | None = None
    audit: AuditTrail = field(default_factory=AuditLog)
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
    table: Table
    metrics: Metrics
    load: Load
    sockets: OpenSockets
    usage: UsageWatch
    steps: ReplaySteps | None = None
    """Of a recording that clients step through."""
    budgets: BudgetRules | None = None
    degraded: Callable[[], tuple[str, ...]] = tuple
    """Tells what goes on worse than it should, in sentences."""


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
        alone = is_alone(settings, has_own_table=given.table is not None)
        metrics = Metrics()
        requests, background = guarded_store(settings.store, table, metrics)
        sockets = OpenSockets(
            per_address_max=settings.sockets_per_address,
            per_user_max=settings.sockets_per_user,
            metrics=metrics,
        )
        shared = await stack.enter_async_context(
            open_shared(
                settings,
                requests,
                clock=given.wall_clock,
                metrics=metrics,
                listeners=lambda: sockets.count,
            )
        )
        accounts = AccountTable(requests)
        entries = AccountBroadcast(accounts, shared.hint_bus, look_every=shared.look_every)
        insights = await stack.enter_async_context(
            open_insights(
                settings.gemini, requests, clock=given.wall_clock, model=given.insight_model
            )
        )
        coingecko = await stack.enter_async_context(
            open_coingecko(
                settings.market, activity=shared.usage, clock=given.wall_clock, metrics=metrics
            )
        )
        catalogue = given.catalogue or shipped_catalogue()
        board = PriceBoard(entry.facts for entry in catalogue)
        time = market_time(settings, board, given.wall_clock)
        market_ids = given.market_ids or ids_in(
            settings, is_alone=alone, run=lambda: market.fence or 0
        )
        ledger = Ledger(
            accounts=accounts,
            quotes=board,
            hints=entries,
            rules=settings.rules,
            market_clock=time.clock,
            wall_clock=given.wall_clock,
            ids=market_ids,
            pause=given.pause,
            audit=given.audit,
        )
        sweeps = ResetSweeps(ledger, accounts)
        stack.push_async_callback(_bounded, "the sweeps", sweeps.close)
        candles = make_candles(
            board=board,
            requests=requests,
            background=background,
            clock=given.wall_clock,
            lease=MARKET_LEASE,
            has_charts=coingecko is not None,
        )
        market = await make_market(
            MarketParts(
                settings=settings,
                table=background,
                board=board,
                unattended=Unattended(ledger, sweeps),
                ids=given.ids,
                sleep=given.sleep,
                bus=shared.tick_bus,
                wall_clock=given.wall_clock,
                time=time,
                owner=given.ids.token(),
                is_alone=alone,
                source=given.source,
                catalogue=catalogue,
                coingecko=coingecko,
                candles=candles,
            )
        )
        stack.callback(await candles.own.begin())
        prices = PriceBroadcast(board)
        stack.callback(prices.close)
        services = Services(
            identity=_identity(
                given,
                shared,
                time,
                market_ids,
                signing=identity_secrets,
                hasher=given.hasher or _hashing(stack),
            ),
            ledger=ledger,
            sweeps=sweeps,
            accounts=accounts,
            assets=AssetTable(requests),
            board=board,
            candles=candles.own,
            shown_candles=candles.shown,
            rules=settings.rules,
            market_source=(given.source.name if given.source else settings.market.source_name),
            insights=insights,
            market_clock=time.clock,
            sign_in_counts=shared.sign_in_counts,
            command_turn=time.command_turn,
        )
        _watch(metrics, board, market)
        await stack.enter_async_context(running(market))
        load = Load(metrics)

        def degraded() -> tuple[str, ...]:
            standstill = time.standstill(has_ended=market.health().has_ended)
            return (*shared.degraded(), *standstill)

        stack.callback(asyncio.create_task(load.watch(), name="load").cancel)
        yield Exchange(
            settings=settings,
            services=services,
            prices=prices,
            entries=entries,
            market=market,
            table=requests,
            metrics=metrics,
            load=load,
            sockets=sockets,
            usage=shared.usage,
            steps=time.steps,
            budgets=shared.budgets,
            degraded=degraded,
        )


def is_alone(settings: Settings, *, has_own_table: bool) -> bool:
    """Tell whether no other process can be on the store: SQLite's lock file sees to that."""
    return has_own_table or isinstance(settings.store, SqliteStore)


def _identity(
    given: Parts,
    shared: Shared,
    time: MarketTime,
    market_ids: Ids,
    *,
    signing: tuple[jwt_secrets.JwtSecret, ...],
    hasher: PasswordHasher,
) -> Identity:
    return Identity(
        users=shared.users,
        sessions=shared.sessions,
        admissions=shared.admissions,
        hasher=hasher,
        guard=shared.guard,
        access_tokens=JwtAccessTokens(signing, given.ids),
        refresh_tokens=RefreshTokens(tuple(one.secret for one in signing)),
        ids=given.ids,
        market_ids=market_ids,
        wall_clock=given.wall_clock,
        market_clock=time.clock,
        pause=given.pause,
        audit=given.audit,
    )


def _hashing(stack: AsyncExitStack) -> Argon2Hashing:
    hashing = Argon2Hashing()
    stack.callback(hashing.close)
    return hashing


def _watch(metrics: Metrics, board: PriceBoard, market: MarketLeader) -> None:
    def count(updates: tuple[object, ...]) -> None:
        metrics.ticks.inc()
        metrics.price_changes.inc(len(updates))

    board.listen(count)
    metrics.watch_market(lambda: market.health().tick_age)


async def _bounded(what: str, close: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(CLOSE_S_MAX):
            await close()
    except TimeoutError:
        _LOG.warning("It took too long to close %s; going on without.", what)
