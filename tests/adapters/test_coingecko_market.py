"""The real market asks as often as somebody looks, and makes no price look newer than it is."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.coingecko_market import GONE_AFTER, IDLE_EVERY, USED_EVERY
from domain.asset_state import AssetState
from domain.money import Percent, Price
from domain.ports.markets import MarketSourceError
from domain.price_board import PriceBoard
from domain.ticks import PriceReport, Tick
from tests.adapters.coingecko_world import NOW, Exchange, coin, seen_at
from tests.domain.market_world import BTC, ETH, state

EARLIER = NOW - timedelta(minutes=1)


async def report(exchange: Exchange, *coins: object) -> PriceReport:
    exchange.lists(*coins)
    return await exchange.market.next_report()


async def test_the_largest_coins_come_in_one_call() -> None:
    exchange = Exchange()

    found = await report(exchange, coin("btc", 100), coin("eth", 50))

    (sent,) = exchange.requests
    assert dict(sent.url.params) == {
        "vs_currency": "usd",
        "order": "market_cap_desc",
        "per_page": "250",
        "page": "1",
        "price_change_percentage": "24h,7d,30d",
        "precision": "full",
    }
    assert sent.url.path == "/api/v3/coins/markets"
    assert (found.source, found.at) == ("coingecko", NOW)
    assert [(move.asset_id, str(move.price)) for move in found.moves] == [
        ("BTC", "100"),
        ("ETH", "50"),
    ]


async def test_it_asks_every_5_minutes_while_the_exchange_is_used_and_every_30_else() -> None:
    exchange = Exchange()
    for used in (True, True, False, True):
        exchange.usage.used = used
        await report(exchange, coin())

    waits = [
        later - earlier
        for earlier, later in zip(exchange.asked_at, exchange.asked_at[1:], strict=False)
    ]
    assert waits == [USED_EVERY, IDLE_EVERY, USED_EVERY]


async def test_it_asks_at_once_when_somebody_comes_back() -> None:
    exchange = Exchange()
    await report(exchange, coin())
    exchange.usage.used = False
    exchange.usage.comes_back_after = timedelta(minutes=12)

    await report(exchange, coin())

    assert exchange.asked_at[1] - exchange.asked_at[0] == timedelta(minutes=12)


async def test_who_comes_back_at_once_does_not_make_it_ask_too_often() -> None:
    exchange = Exchange()
    await report(exchange, coin())
    exchange.usage.used = False
    exchange.usage.comes_back_after = timedelta(seconds=1)

    await report(exchange, coin())

    assert exchange.asked_at[1] - exchange.asked_at[0] == USED_EVERY


async def test_a_price_has_the_age_that_coingecko_tells() -> None:
    exchange, board = Exchange(), PriceBoard()
    found = await report(exchange, coin("btc", 100, last_updated=seen_at(EARLIER)))
    board.apply(Tick.of(found, number=1, fence=0))

    again = await report(exchange, coin("btc", 100, last_updated=seen_at(EARLIER)))
    board.apply(Tick.of(again, number=2, fence=0))

    asset = board.asset(BTC)
    assert asset is not None
    assert asset.price_at == EARLIER
    assert again.moves == ()


async def test_an_older_answer_of_a_cache_changes_nothing() -> None:
    exchange = Exchange()
    await report(exchange, coin("btc", 100, last_updated=seen_at(NOW)))

    found = await report(exchange, coin("btc", 90, last_updated=seen_at(EARLIER)))

    assert found.moves == ()


async def test_a_restart_knows_what_it_knew() -> None:
    exchange, board = Exchange(), PriceBoard()
    found = await report(exchange, coin("btc", 100, last_updated=seen_at(EARLIER)))
    board.apply(Tick.of(found, number=1, fence=0))

    exchange.market = exchange.restarted(*board.checkpoint())
    again = await report(
        exchange,
        coin("btc", 100, last_updated=seen_at(EARLIER)),
        coin("btc", 7, id="another", market_cap=10**15, last_updated=seen_at(NOW)),
    )

    assert again.moves == ()


async def test_a_price_of_another_source_is_replaced_whatever_its_age() -> None:
    simulated = state(BTC, 5)
    exchange = Exchange(states=[replace(simulated, asset=replace(simulated.asset, price_at=NOW))])

    found = await report(exchange, coin("btc", 100, last_updated=seen_at(EARLIER)))

    assert [move.price for move in found.moves] == [Price.of(100)]


async def test_a_failure_leaves_all_prices_as_they_are() -> None:
    exchange = Exchange()
    await report(exchange, coin("btc", 100))
    exchange.says("{}", 503)

    with pytest.raises(MarketSourceError):
        await exchange.market.next_report()
    found = await report(exchange, coin("btc", 110, last_updated=seen_at(exchange.clock.at)))

    assert [move.price for move in found.moves] == [Price.of(110)]
    assert exchange.asked_at[2] == exchange.asked_at[1]


async def test_it_waits_as_long_as_it_is_told_to() -> None:
    exchange = Exchange()
    exchange.says("{}", 429, retry_after="45")
    with pytest.raises(MarketSourceError):
        await exchange.market.next_report()

    await report(exchange, coin())

    assert exchange.asked_at[1] - exchange.asked_at[0] == timedelta(seconds=45)


async def test_an_asset_stops_trading_when_it_has_been_missing_for_a_day() -> None:
    exchange, board = Exchange(), PriceBoard()

    async def next_tick(number: int, *coins: object) -> None:
        found = await report(exchange, *coins)
        board.apply(Tick.of(found, number=number, fence=0))

    def is_tradable() -> bool:
        asset = board.asset(ETH)
        assert asset is not None
        return asset.is_tradable

    listed = coin("eth", 50, last_updated=seen_at(EARLIER))
    await next_tick(1, coin("btc"), listed)
    exchange.clock.at = NOW + GONE_AFTER - USED_EVERY
    await next_tick(2, coin("btc"))
    assert is_tradable()
    await next_tick(3, coin("btc"))
    await next_tick(4, coin("btc"))
    assert not is_tradable()
    exchange.market = exchange.restarted(*board.checkpoint())
    assert (await report(exchange, coin("btc"))).gone == ()
    await next_tick(5, coin("btc"), listed)
    assert is_tradable()


async def test_large_moves_are_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    exchange = Exchange()
    await report(exchange, coin("btc", 100), coin("eth", 100), coin("low", 1e-12))
    later = seen_at(NOW + USED_EVERY)

    await report(
        exchange,
        coin("btc", 94, last_updated=later),
        coin("eth", 105, last_updated=later),
        coin("low", 9e11, last_updated=later),
    )

    assert exchange.moves[0] == (BTC, Percent.of(-6))
    assert [asset_id for asset_id, _ in exchange.moves] == ["BTC", "LOW"]
    assert "BTC moved by -6 %, from 100 to 94." in caplog.messages


async def test_skipped_coins_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    exchange = Exchange()
    for _ in range(2):
        await report(exchange, coin("btc"), coin("usd"))

    assert caplog.messages.count("CoinGecko lists 1 coins that are not traded here.") == 1


def test_its_name_and_its_silence_are_known() -> None:
    market = Exchange().market

    assert (market.name, market.silence_max) == ("coingecko", timedelta(minutes=35))


def test_an_asset_that_never_was_with_coingecko_has_no_owner() -> None:
    assert isinstance(state(BTC), AssetState)
    assert state(BTC).source_id is None
