"""The real market, from the settings to the board."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.coingecko import DEMO_URL, PRO_URL, CoinGeckoAccess
from adapters.jwt_secrets import parsed
from domain.circuit_breaker import CircuitState
from domain.ids import AssetId
from domain.money import Price
from tests.adapters.coingecko_world import KEY, coin
from tests.adapters.memory_table import MemoryTable
from tests.domain.market_world import SetClock
from web.coingecko import CoinGeckoSettings
from web.composition import Parts, compose
from web.metrics import Metrics
from web.reception import Caller, Reception
from web.settings import Settings
from web.settings_reading import read_settings, unknown_names
from web.variables import SettingsError

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
    ],
)
def test_a_wrong_setting_is_told_without_the_key(variables: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as told:
        read_settings(COINGECKO | variables)

    (problem,) = told.value.problems
    assert any(name in problem for name in variables)
    assert KEY not in problem


def test_moves_and_the_circuit_are_measured() -> None:
    metrics = Metrics()

    metrics.moved_far(is_up=True)
    metrics.moved_far(is_up=False)
    metrics.coingecko_changed(CircuitState.OPEN)

    text = metrics.text().decode()
    assert 'cnop_large_price_moves_total{direction="up"} 1.0' in text
    assert 'cnop_large_price_moves_total{direction="down"} 1.0' in text
    assert "cnop_coingecko_trusted 0.0" in text


@asynccontextmanager
async def answering(*coins: object) -> AsyncIterator[str]:
    """Serve a list of coins on a port of this machine."""
    body = json.dumps(coins).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
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
        async with compose(settings, Parts(clock=clock, table=MemoryTable(clock.now_s))) as made:
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
