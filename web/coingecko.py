"""Opening the real market: CoinGecko, as the settings say."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from adapters.coingecko import (
    DEMO_URL,
    PRO_URL,
    RESERVED_CALLS,
    CoinGecko,
    CoinGeckoAccess,
    CoinGeckoSettingsError,
)
from adapters.coingecko_charts import CoinGeckoCharts
from adapters.coingecko_coins import COINS_MAX
from adapters.coingecko_market import QUIET_MAX, SOURCE_NAME, CoinGeckoMarket
from domain.activity import Activity
from domain.candle_backfill import CandleBackfill
from domain.circuit_breaker import CircuitBreaker
from domain.duties import Duty, Sleep
from domain.instants import Clock
from domain.ports.candles import BackfillStore, Candles
from domain.price_board import PriceBoard
from web.metrics import Metrics
from web.variables import Variables

CALLS_PER_MINUTE = 30
"""What CoinGecko allows who has a free key."""

CALLS_PER_MINUTE_MAX = 10_000

BACKFILLED_COINS = 50
"""Coins whose charts are asked for: 100 calls once, of the 10,000 that a free key has each month.
The prices take up to 8,900 of those."""


@dataclass(frozen=True, slots=True)
class CoinGeckoSettings:
    """The largest coins at their real prices; of `backfilled_coins` of them, older candles too."""

    access: CoinGeckoAccess = field(default_factory=CoinGeckoAccess)
    backfilled_coins: int = BACKFILLED_COINS
    source_name: ClassVar[str] = SOURCE_NAME
    quiet_max: ClassVar[timedelta] = QUIET_MAX


def read_coingecko(variables: Variables) -> CoinGeckoSettings:
    """Return how to ask CoinGecko, and note what is wrong with it without repeating a key."""
    free, pro = variables.text("COINGECKO_API_KEY"), variables.text("COINGECKO_PRO_API_KEY")
    calls = variables.whole(
        "CNOP_COINGECKO_CALLS_PER_MINUTE", CALLS_PER_MINUTE, least=0, most=CALLS_PER_MINUTE_MAX
    )
    coins = variables.whole("CNOP_COINGECKO_BACKFILL", BACKFILLED_COINS, least=0, most=COINS_MAX)
    if free and pro:
        variables.problem(
            "COINGECKO_API_KEY and COINGECKO_PRO_API_KEY are both given; one of them is allowed."
        )
    try:
        access = CoinGeckoAccess(
            url=variables.text("CNOP_COINGECKO_URL", PRO_URL if pro else DEMO_URL),
            api_key=pro or free,
            is_pro=bool(pro),
            calls_per_minute=calls,
        )
    except CoinGeckoSettingsError as error:
        variables.problem(
            f"COINGECKO_API_KEY, COINGECKO_PRO_API_KEY or CNOP_COINGECKO_URL: {error}."
        )
        return CoinGeckoSettings()
    return CoinGeckoSettings(access, backfilled_coins=coins)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCoinGecko:
    """CoinGecko for as long as a process runs, however often that leads the market."""

    settings: CoinGeckoSettings
    client: CoinGecko
    activity: Activity
    clock: Clock
    metrics: Metrics

    def market(self, board: PriceBoard) -> CoinGeckoMarket:
        """Return a market that goes on where the board stands."""
        return CoinGeckoMarket(
            self.client,
            board.checkpoint(),
            activity=self.activity,
            clock=self.clock,
            observe_move=lambda _, change: self.metrics.moved_far(is_up=change.units > 0),
        )

    def backfill(self, parts: "BackfillParts") -> Duty | None:
        """Return what a leader does to fill gaps in candles; None where it isn't to be done.

        Where so few calls are allowed that the prices need all of them, none is left for charts.
        """
        calls_max = self.settings.access.calls_per_minute
        coins_max = self.settings.backfilled_coins
        if not coins_max or 0 < calls_max <= RESERVED_CALLS:
            return None
        return CandleBackfill(
            board=parts.board,
            charts=CoinGeckoCharts(self.client, sleep=parts.sleep),
            own=parts.own,
            store=parts.store,
            clock=self.clock,
            fence=parts.fence,
            coins_max=coins_max,
            sleep=parts.sleep,
            observe=self.metrics.backfilled,
        ).run


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillParts:
    """What backfilling needs beside CoinGecko."""

    board: PriceBoard
    own: Candles
    store: BackfillStore
    fence: Callable[[], int | None]
    """Tells the fencing number of the process that leads."""
    sleep: Sleep


@asynccontextmanager
async def open_coingecko(
    settings: object, *, activity: Activity, clock: Clock, metrics: Metrics
) -> AsyncIterator[OpenCoinGecko | None]:
    """Open CoinGecko where the settings name it as the market; close its connections at the end."""
    if not isinstance(settings, CoinGeckoSettings):
        yield None
        return
    client = CoinGecko(
        settings.access,
        breaker=CircuitBreaker(
            name="coingecko", monotonic_s=time.monotonic, observe=metrics.coingecko_changed
        ),
        clock=clock,
    )
    try:
        yield OpenCoinGecko(
            settings=settings, client=client, activity=activity, clock=clock, metrics=metrics
        )
    finally:
        await client.close()
