"""The real market, from the settings to the board."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from adapters.coingecko import DEMO_URL, PRO_URL, CoinGeckoAccess
from adapters.jwt_secrets import parsed
from domain.activity import UsageWatch
from domain.candle_backfill import CALL_EVERY_S
from domain.candles import CandleInterval, CandleQuery
from domain.circuit_breaker import CircuitState
from domain.ids import AssetId
from domain.money import Price
from domain.price_board import PriceBoard
from tests.adapters.coingecko_world import KEY, RECORDED_AT, coin, recorded_chart
from tests.adapters.memory_table import MemoryTable
from tests.domain.market_world import SetClock
from web.candles import make_candles
from web.coingecko import BackfillParts, CoinGeckoSettings, open_coingecko
from web.composition import Parts, compose
from web.metrics import Metrics
from web.reception import Caller, Reception
from web.settings import Settings
from web.settings_reading import read_settings, unknown_names
from web.variables import SettingsError

POLL_S = 0.005
COINGECKO = {"CNOP_MARKET": "coingecko"}


@pytest.mark.parametrize(
    ("variables", "access"),
    [
        ({}, CoinGeckoAccess(url=DEMO_URL)),
        ({"COINGECKO_API_KEY": KEY}, CoinGeckoAccess(url=DEMO_URL, api_key=KEY)),
        (
            {"COINGECKO_PRO_API_KEY": KEY},
            CoinGeckoAccess(url=PRO_URL, api_key=KEY, is_pro=True),
        ),
        (
            {"CNOP_COINGECKO_URL": "http://x.test", "CNOP_COINGECKO_CALLS_PER_MINUTE": "5"},
            CoinGeckoAccess(url="http://x.test", calls_per_minute=5),
        ),
    ],
)
def test_the_settings_say_how_to_ask(variables: dict[str, str], access: CoinGeckoAccess) -> None:
    assert read_settings(COINGECKO | variables).market == CoinGeckoSettings(access)
    assert unknown_names(variables) == ()


@pytest.mark.parametrize(
    "variables",
    [
        {"COINGECKO_API_KEY": KEY, "COINGECKO_PRO_API_KEY": KEY},
        {"COINGECKO_API_KEY": f"{KEY} {KEY}"},
        {"CNOP_COINGECKO_URL": "x"},
        {"CNOP_COINGECKO_CALLS_PER_MINUTE": "-1"},
        {"CNOP_COINGECKO_BACKFILL": "251"},
    ],
)
def test_a_wrong_setting_is_told_without_the_key(variables: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as told:
        read_settings(COINGECKO | variables)

    (problem,) = told.value.problems
    assert any(name in problem for name in variables)
    assert KEY not in problem


def test_the_settings_say_how_many_coins_are_backfilled() -> None:
    some = read_settings(COINGECKO | {"CNOP_COINGECKO_BACKFILL": "7"}).market
    none = read_settings(COINGECKO | {"CNOP_COINGECKO_BACKFILL": "0"}).market

    assert (some, none) == (
        CoinGeckoSettings(backfilled_coins=7),
        CoinGeckoSettings(backfilled_coins=0),
    )
    assert unknown_names({"CNOP_COINGECKO_BACKFILL": "7"}) == ()


@pytest.mark.parametrize(
    ("coins", "calls_per_minute", "is_done"),
    [(1, 30, True), (1, 0, True), (1, 4, True), (1, 3, False), (0, 30, False)],
)
async def test_nothing_is_backfilled_where_it_is_not_wanted_or_takes_calls_from_the_prices(
    coins: int, calls_per_minute: int, is_done: bool
) -> None:
    clock = SetClock()
    access = CoinGeckoAccess(calls_per_minute=calls_per_minute)
    settings = CoinGeckoSettings(access, backfilled_coins=coins)
    table = MemoryTable(clock.now_s)
    board = PriceBoard()
    candles = make_candles(
        board=board, requests=table, background=table, clock=clock, lease="m", has_charts=True
    )
    parts = BackfillParts(
        board=board,
        own=candles.own,
        store=candles.backfilled,
        fence=lambda: 1,
        sleep=clock.sleep,
    )
    async with open_coingecko(
        settings, activity=UsageWatch(clock), clock=clock, metrics=Metrics()
    ) as opened:
        assert opened is not None
        assert (opened.backfill(parts) is not None) == is_done


def test_moves_and_the_circuit_are_measured() -> None:
    metrics = Metrics()

    metrics.moved_far(is_up=True)
    metrics.moved_far(is_up=False)
    metrics.coingecko_changed(CircuitState.OPEN)

    metrics.backfilled(CandleInterval.ONE_HOUR, 22)

    text = metrics.text().decode()
    assert 'cnop_candles_backfilled_total{interval="ONE_HOUR"} 22.0' in text
    assert 'cnop_large_price_moves_total{direction="up"} 1.0' in text
    assert 'cnop_large_price_moves_total{direction="down"} 1.0' in text
    assert "cnop_coingecko_trusted 0.0" in text


@asynccontextmanager
async def answering(*coins: object, chart: bytes = b"{}") -> AsyncIterator[str]:
    """Serve a list of coins on a port of this machine, and a chart of each."""
    listed = json.dumps(coins).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        body = chart if b"/market_chart?" in asked else listed
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_real_prices_reach_the_board_and_requests_count_as_use() -> None:
    clock = SetClock()
    async with answering(coin("btc", 77671, name="Bitcoin"), coin("new", 3)) as url:
        settings = Settings(
            jwt_secrets=parsed("first:" + 32 * "s"),
            market=CoinGeckoSettings(CoinGeckoAccess(url=url)),
        )
        async with compose(
            settings, Parts(wall_clock=clock, table=MemoryTable(clock.now_s))
        ) as made:
            board, ticked = made.services.board, asyncio.Event()
            board.listen(lambda _: ticked.set())
            if board.asset(AssetId("NEW")) is None:
                await ticked.wait()
            bitcoin = board.asset(AssetId("BTC"))
            assert bitcoin is not None
            assert (bitcoin.price, bitcoin.price_source) == (Price.of(77671), "coingecko")
            assert board.asset(AssetId("NEW")) is not None
            assert made.services.market_source == "coingecko"
            assert not made.usage.is_used()
            reception = Reception(
                made.services, prices=made.prices, entries=made.entries, used=made.usage.touch
            )
            await reception.context(Caller("203.0.113.7"))
            assert made.usage.is_used()


async def test_a_fresh_server_shows_the_hours_before_its_start() -> None:
    clock = SetClock(RECORDED_AT)
    day = recorded_chart("minutely")
    slept = asyncio.Event()

    async def sleep(seconds: float) -> None:
        if seconds == CALL_EVERY_S:
            slept.set()
        await asyncio.sleep(POLL_S)

    async with answering(coin("btc", 50_000, id="bitcoin"), chart=day) as url:
        settings = Settings(
            jwt_secrets=parsed("first:" + 32 * "s"),
            market=CoinGeckoSettings(CoinGeckoAccess(url=url)),
        )
        parts = Parts(wall_clock=clock, sleep=sleep, table=MemoryTable(clock.now_s))
        async with compose(settings, parts) as made:
            await slept.wait()
            query = CandleQuery(asset_id=AssetId("BTC"), limit=500)
            (shown,) = await made.services.shown_candles.find([query])
            (own,) = await made.services.candles.find([query])

            filled = [one.start for one in shown if one.is_backfilled]
            first = datetime(2021, 5, 14, 15, tzinfo=UTC)
            assert filled == [first + timedelta(hours=number) for number in range(23)]
            assert not any(one.is_backfilled for one in own)
            text = made.metrics.text().decode()
            assert 'cnop_candles_backfilled_total{interval="ONE_HOUR"} 23.0' in text
