"""CoinGecko as far as we know it: recorded answers, or small ones of the same shape."""

import json
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from adapters.coingecko import CoinGecko, CoinGeckoAccess
from adapters.coingecko_market import CoinGeckoMarket
from domain.asset_state import AssetState
from domain.circuit_breaker import CircuitBreaker
from domain.ids import AssetId
from domain.money import Percent
from tests.domain.market_world import SetClock

RECORDED = Path(__file__).parents[3] / "shared" / "market-data" / "coingecko"
NOW = datetime(2026, 5, 18, 12, 50, tzinfo=UTC)
RECORDED_AT = datetime(2021, 5, 15, 14, 42, 30, tzinfo=UTC)
KEY = "CG-made-up-for-tests"

BITCOIN = """
{"id": "bitcoin", "symbol": "btc", "name": "Bitcoin",
 "image": "https://coin-images.coingecko.com/coins/images/1/large/bitcoin.png?1696501400",
 "current_price": 77671, "market_cap": 1555886872303, "market_cap_rank": 1,
 "fully_diluted_valuation": 1555914058873, "total_volume": 33235034316,
 "high_24h": 78419, "low_24h": 76696, "price_change_24h": -747.3360347281705,
 "price_change_percentage_24h": -0.95302, "circulating_supply": 20030493.0,
 "total_supply": 20030843.0, "max_supply": 21000000.0,
 "ath": 126080, "ath_change_percentage": -38.39571, "ath_date": "2025-10-06T18:57:42.558Z",
 "atl": 67.81, "atl_change_percentage": 114443.23093, "atl_date": "2013-07-06T00:00:00.000Z",
 "roi": null, "last_updated": "2026-05-18T12:49:21.599Z",
 "price_change_percentage_24h_in_currency": -0.9530164743774191,
 "price_change_percentage_7d_in_currency": -4.042267423689584,
 "price_change_percentage_30d_in_currency": 1.9453890367549207}"""
"""One coin in CoinGecko's own shape, with the figures of its own API description."""

ERRORS: Sequence[tuple[int, str, str]] = (
    (429, '{"status": {"error_code": 429, "error_message": "Rate Limit"}}', "Rate Limit"),
    (
        401,
        '{"error": {"status": {"error_code": 10012, "error_message": "Time range"}}}',
        "Time range",
    ),
    (400, '{"error": "invalid vs_currency"}', "invalid vs_currency"),
    (404, '{"error": "coin not found"}', "coin not found"),
    (500, '{"status": 500, "error": "Internal Server Error"}', "Internal Server Error"),
)
"""Status, body, and what it says: the three shapes of an error."""


MINUTES_APART = {"minutely": 5, "hourly": 60, "daily": 1440}
POINTS = {"minutely": 288, "hourly": 722, "daily": 91}


def recorded_chart(kind: str) -> bytes:
    """Return a chart of Bitcoin as it was recorded at RECORDED_AT, or one of the same shape."""
    path = RECORDED / "recorded-2021-05" / f"{kind}_historical_prices_for_one_coin.json"
    if path.exists():
        exchanges: Any = json.loads(path.read_bytes())
        return json.dumps(exchanges[0]["body"]).encode()
    apart_ms, last_ms = MINUTES_APART[kind] * 60_000, int(RECORDED_AT.timestamp() * 1000) - 7_123
    pairs = [
        [last_ms - number * apart_ms, 50_000.25 + number % 7] for number in range(POINTS[kind])
    ]
    return json.dumps({"prices": pairs[::-1], "market_caps": [], "total_volumes": []}).encode()


def coin(symbol: str = "btc", price: object = 100, **changes: Any) -> dict[str, Any]:
    """Return a coin, as CoinGecko lists it."""
    listed: dict[str, Any] = json.loads(BITCOIN)
    return listed | {"id": symbol, "symbol": symbol, "current_price": price} | changes


def seen_at(at: datetime) -> str:
    """Return an instant as CoinGecko writes it."""
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


class Usage:
    """An Activity that lets the clock go on: to the end of a pause, or to when somebody comes."""

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock
        self.used = True
        self.comes_back_after: timedelta | None = None

    def is_used(self) -> bool:
        return self.used

    async def pause(self, least: timedelta, most: timedelta) -> None:
        wait = least if self.used else most
        if self.comes_back_after is not None and not self.used:
            wait = max(least, self.comes_back_after)
        self.clock.at += wait


class Exchange:
    """CoinGecko behind a transport, and a market that asks it; time passes only when it waits."""

    def __init__(
        self, *, states: Sequence[AssetState] = (), access: CoinGeckoAccess | None = None
    ) -> None:
        self.clock = SetClock(NOW)
        self.usage = Usage(self.clock)
        self.requests: list[httpx.Request] = []
        self.asked_at: list[datetime] = []
        self.answers: deque[Callable[[], httpx.Response]] = deque()
        self.moves: list[tuple[AssetId, Percent]] = []
        self.breaker = CircuitBreaker(name="coingecko", monotonic_s=self.clock.now_s)
        self.client = CoinGecko(
            access or CoinGeckoAccess(),
            breaker=self.breaker,
            clock=self.clock,
            monotonic_s=self.clock.now_s,
            transport=httpx.MockTransport(self._respond),
        )
        self.market = self.restarted(*states)

    def restarted(self, *states: AssetState) -> CoinGeckoMarket:
        return CoinGeckoMarket(
            self.client,
            states,
            activity=self.usage,
            clock=self.clock,
            monotonic_s=self.clock.now_s,
            sleep=self.clock.sleep,
            observe_move=lambda asset_id, change: self.moves.append((asset_id, change)),
        )

    def lists(self, *coins: Any) -> None:
        self.says(json.dumps(coins))

    def says(self, body: str | bytes, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(lambda: httpx.Response(status, content=body, headers=named))

    def fails(self, failure: Exception) -> None:
        def respond() -> httpx.Response:
            raise failure

        self.answers.append(respond)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.asked_at.append(self.clock.at)
        return self.answers.popleft()()
