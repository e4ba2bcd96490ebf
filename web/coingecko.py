"""Opening the real market: CoinGecko, as the settings say."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from adapters.coingecko import (
    DEMO_URL,
    PRO_URL,
    CoinGecko,
    CoinGeckoAccess,
    CoinGeckoSettingsError,
)
from adapters.coingecko_market import QUIET_MAX, SOURCE_NAME, CoinGeckoMarket
from domain.activity import Activity
from domain.circuit_breaker import CircuitBreaker
from domain.instants import Clock
from domain.price_board import PriceBoard
from web.metrics import Metrics
from web.variables import Variables

CALLS_PER_MINUTE = 30
"""What CoinGecko allows who has a free key."""

CALLS_PER_MINUTE_MAX = 10_000


@dataclass(frozen=True, slots=True)
class CoinGeckoSettings:
    """The largest coins at their real prices."""

    access: CoinGeckoAccess = field(default_factory=CoinGeckoAccess)
    source_name: ClassVar[str] = SOURCE_NAME
    quiet_max: ClassVar[timedelta] = QUIET_MAX


def read_coingecko(variables: Variables) -> CoinGeckoSettings:
    """Return how to ask CoinGecko, and note what is wrong with it without repeating a key."""
    free, pro = variables.text("COINGECKO_API_KEY"), variables.text("COINGECKO_PRO_API_KEY")
    calls = variables.whole(
        "CNOP_COINGECKO_CALLS_PER_MINUTE", CALLS_PER_MINUTE, least=0, most=CALLS_PER_MINUTE_MAX
    )
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
    return CoinGeckoSettings(access)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCoinGecko:
    """CoinGecko for as long as a process runs, however often that leads the market."""

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
        yield OpenCoinGecko(client=client, activity=activity, clock=clock, metrics=metrics)
    finally:
        await client.close()
