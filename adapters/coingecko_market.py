"""The real market: CoinGecko's largest coins, asked for as often as somebody looks."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.coingecko import CoinGecko
from adapters.coingecko_coins import COINS_MAX, Coin, coins_in
from domain.activity import Activity
from domain.asset_state import AssetState
from domain.ids import AssetId
from domain.instants import Clock
from domain.money import Percent, Price, change_percent, is_further_than
from domain.ticks import PriceReport

SOURCE_NAME = "coingecko"

USED_EVERY = timedelta(minutes=5)
"""Between two calls while the exchange is used: CoinGecko's own figures are a minute old or so."""

IDLE_EVERY = timedelta(minutes=30)
"""Between two calls while nobody looks."""

QUIET_MAX = IDLE_EVERY + USED_EVERY
"""How long it may be between two answers while all is well."""

GONE_AFTER = timedelta(hours=24)
"""How long a coin may be missing before it stops trading: coins at the list's end come and go."""

NOTED_MOVE = Percent.of(5)
"""A change between two reports that is worth a line in the log."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""

ObserveMove = Callable[[AssetId, Percent], None]
"""Is told of an asset's change of over 5 %."""

_LOG = logging.getLogger(__name__)

_QUERY = {
    "vs_currency": "usd",
    "order": "market_cap_desc",
    "per_page": str(COINS_MAX),
    "page": "1",
    "price_change_percentage": "24h,7d,30d",
    "precision": "full",
}


@dataclass(frozen=True, slots=True)
class _Known:
    """An asset as it was last heard of; `made_at` is CoinGecko's own time, where it told one."""

    price: Price
    made_at: datetime | None
    listed_at: datetime


class CoinGeckoMarket:
    """A `MarketSource` that reports what is newer than the last report; nothing is stamped anew.

    `states` are the assets on the board: their tickers stay with the coins that have them. A coin
    that has been missing for a day stops trading, until it is listed again.
    """

    def __init__(
        self,
        coingecko: CoinGecko,
        states: Iterable[AssetState] = (),
        *,
        activity: Activity,
        clock: Clock,
        monotonic_s: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        observe_move: ObserveMove | None = None,
    ) -> None:
        self._coingecko = coingecko
        self._activity = activity
        self._clock = clock
        self._monotonic_s = monotonic_s
        self._sleep = sleep
        self._observe_move = observe_move
        self._owners: dict[AssetId, str] = {}
        self._known: dict[AssetId, _Known] = {}
        self._gone: set[AssetId] = set()
        self._skipped = 0
        self._answered_s: float | None = None
        for state in states:
            self._remember(state)

    @property
    def name(self) -> str:
        return SOURCE_NAME

    @property
    def silence_max(self) -> timedelta:
        return QUIET_MAX

    async def next_report(self) -> PriceReport:
        if self._answered_s is not None:
            passed = timedelta(seconds=self._monotonic_s() - self._answered_s)
            least = max(timedelta(0), USED_EVERY - passed)
            await self._activity.pause(least, max(least, IDLE_EVERY - passed))
        while wait_s := self._coingecko.wait_s():
            await self._sleep(wait_s)
        body = await self._coingecko.get("coins/markets", **_QUERY)
        now = self._clock.now()
        found = coins_in(body, now=now, owners=self._owners)
        self._answered_s = self._monotonic_s()
        if found.skipped != self._skipped:
            self._skipped = found.skipped
            _LOG.info("CoinGecko lists %d coins that are not traded here.", found.skipped)
        return self._report(found.coins, now)

    def _report(self, coins: Iterable[Coin], now: datetime) -> PriceReport:
        moves = []
        for coin in coins:
            before = self._known.get(coin.asset_id)
            if before is None or self._is_news(coin, before):
                moves.append(coin.move)
                self._note(coin, before)
                self._known[coin.asset_id] = _Known(coin.move.price, coin.at, now)
            else:
                self._known[coin.asset_id] = replace(before, listed_at=now)
            self._owners[coin.asset_id] = coin.figures.source_id
            self._gone.discard(coin.asset_id)
        return PriceReport(at=now, source=SOURCE_NAME, moves=tuple(moves), gone=self._leave(now))

    def _is_news(self, coin: Coin, before: _Known) -> bool:
        """Tell whether a price is newer, or that of a coin which comes back."""
        is_newer = before.made_at is None or coin.at > before.made_at
        return is_newer or coin.asset_id in self._gone

    def _note(self, coin: Coin, before: _Known | None) -> None:
        """Tell of a large move."""
        price = coin.move.price
        if before is None or not is_further_than(price, before.price, NOTED_MOVE):
            return
        change = change_percent(price, before.price)
        if change is None:
            return
        _LOG.info("%s moved by %s %%, from %s to %s.", coin.asset_id, change, before.price, price)
        if self._observe_move is not None:
            self._observe_move(coin.asset_id, change)

    def _leave(self, now: datetime) -> tuple[AssetId, ...]:
        """Return what has been missing for long, each once."""
        gone = tuple(
            asset_id
            for asset_id, known in self._known.items()
            if now - known.listed_at > GONE_AFTER and asset_id not in self._gone
        )
        self._gone.update(gone)
        return gone

    def _remember(self, state: AssetState) -> None:
        asset = state.asset
        is_own = asset.price_source == SOURCE_NAME
        made_at = asset.price_at if is_own else None
        self._known[state.id] = _Known(asset.price, made_at, asset.price_at)
        if state.source_id is not None:
            self._owners[state.id] = state.source_id
        if not asset.is_tradable:
            self._gone.add(state.id)
