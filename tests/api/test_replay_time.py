"""A market that lives in the time of a recording, while its users live in the world's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.instants import text_of
from tests.api.world import GREETING, Session, World, opened
from tests.domain.identity_world import NOW, SetClock
from web.settings import ReplayMarket

BEGIN = datetime(2017, 12, 17, 22, tzinfo=UTC)
MIDNIGHT = datetime(2017, 12, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)

PLACE = """
mutation ($input: OrderInput!) {
  placeOrder(input: $input) {
    order { id status createdAt expiresAt fill { price at priceAgeMs } }
    errors { code message path }
  }
}"""
ORDER = "query ($id: ID!) { order(id: $id) { status updatedAt fill { price at priceAgeMs } } }"
DEPOSIT = """
mutation ($amount: Decimal!, $key: String) {
  deposit(input: {amount: $amount, idempotencyKey: $key}) {
    transaction { at }
    account { cash depositAllowance { remaining resetsAt } }
    replayed
    errors { code }
  }
}"""
HISTORY = """
{
  portfolio { asOf version cash totalValue dayChange positions { quantity } }
  transactions { nodes { id version kind at cashChange order { id status fill { price } } } }
}"""
LIMIT = {"assetId": "BTC", "side": "BUY", "type": "LIMIT", "quantity": "1", "timeInForce": "DAY"}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "days.csv"
    path.write_text(f"at,asset_id,price\n{text_of(BEGIN)},BTC,100\n")
    return path


@asynccontextmanager
async def replayed(recording: Path, **given: Any) -> AsyncIterator[World]:
    """Serve a market that has not had its first tick yet."""
    market = ReplayMarket(recording, Decimal(1), sets_clock=True)
    async with opened(market=market, prices={}, **given) as world:
        yield world


async def deposit(world: World, who: Session, amount: str, key: str | None = None) -> Any:
    return (await world.run(DEPOSIT, {"amount": amount, "key": key}, as_=who))["deposit"]


async def place(world: World, who: Session, **typed: str) -> Any:
    return (await world.run(PLACE, {"input": LIMIT | typed}, as_=who))["placeOrder"]


async def order(world: World, who: Session, order_id: str) -> Any:
    return (await world.run(ORDER, {"id": order_id}, as_=who))["order"]


async def test_an_account_is_opened_in_the_markets_time_and_a_user_in_the_worlds(
    recording: Path,
) -> None:
    async with replayed(recording) as world:
        who = await world.register()
        found = (await world.run("{ me { createdAt account { createdAt } } }", as_=who))["me"]
        assert found == {"createdAt": text_of(NOW), "account": {"createdAt": text_of(BEGIN)}}


async def test_nothing_is_listed_before_it_has_a_recorded_price(recording: Path) -> None:
    ids = "{ assets { nodes { id name } } }"
    async with replayed(recording) as world:
        assert (await world.run(ids))["assets"]["nodes"] == []
        await world.tick({"BTC": "100"}, BEGIN)
        assert (await world.run(ids))["assets"]["nodes"] == [{"id": "BTC", "name": "The BTC"}]


async def test_orders_fills_and_candles_have_the_time_of_the_ticks(recording: Path) -> None:
    async with replayed(recording) as world:
        who = await world.register()
        await world.tick({"BTC": "100"}, BEGIN)
        await deposit(world, who, "1000")
        placed = await place(world, who, limitPrice="90")
        assert placed["order"] == {
            "id": placed["order"]["id"],
            "status": "OPEN",
            "createdAt": text_of(BEGIN),
            "expiresAt": text_of(MIDNIGHT),
            "fill": None,
        }
        await world.tick({"BTC": "89"}, BEGIN + HOUR)
        assert await order(world, who, placed["order"]["id"]) == {
            "status": "FILLED",
            "updatedAt": text_of(BEGIN + HOUR),
            "fill": {"price": "89", "at": text_of(BEGIN + HOUR), "priceAgeMs": 0},
        }
        query = '{ asset(id: "BTC") { priceUpdatedAt candles(interval: ONE_HOUR) { start } } }'
        assert (await world.run(query))["asset"] == {
            "priceUpdatedAt": text_of(BEGIN + HOUR),
            "candles": [{"start": text_of(BEGIN)}, {"start": text_of(BEGIN + HOUR)}],
        }


async def test_a_days_order_ends_and_its_allowances_begin_anew_at_the_markets_midnight(
    recording: Path,
) -> None:
    async with replayed(recording) as world:
        who = await world.register()
        await world.tick({"BTC": "100"}, BEGIN)
        put_in = await deposit(world, who, "10000")
        assert put_in["account"]["depositAllowance"] == {
            "remaining": "0.00",
            "resetsAt": text_of(MIDNIGHT),
        }
        placed = await place(world, who, limitPrice="50")
        await world.tick({"BTC": "101"}, MIDNIGHT - timedelta(milliseconds=1))
        assert (await deposit(world, who, "0.01"))["errors"] == [{"code": "DAILY_LIMIT_EXCEEDED"}]
        assert (await order(world, who, placed["order"]["id"]))["status"] == "OPEN"
        # A price that would fill it comes when its time is over.
        await world.tick({"BTC": "49"}, MIDNIGHT)
        assert await order(world, who, placed["order"]["id"]) == {
            "status": "EXPIRED",
            "updatedAt": text_of(MIDNIGHT),
            "fill": None,
        }
        assert (await deposit(world, who, "0.01"))["account"]["depositAllowance"] == {
            "remaining": "9999.99",
            "resetsAt": text_of(MIDNIGHT + 24 * HOUR),
        }


async def test_the_days_change_begins_at_the_markets_midnight(recording: Path) -> None:
    async with replayed(recording) as world:
        who = await world.register()
        await world.tick({"BTC": "100"}, BEGIN)
        await deposit(world, who, "1000")
        await place(world, who, limitPrice="100")
        await world.tick({"BTC": "107"}, MIDNIGHT)
        await world.tick({"BTC": "110"}, MIDNIGHT + HOUR)
        portfolio = (await world.run(HISTORY, as_=who))["portfolio"]
        assert (portfolio["asOf"], portfolio["dayChange"]) == (text_of(MIDNIGHT + HOUR), "3.00")


async def test_a_history_has_its_points_in_the_markets_time(recording: Path) -> None:
    async with replayed(recording) as world:
        who = await world.register()
        await world.tick({"BTC": "100"}, BEGIN)
        await deposit(world, who, "1000")
        for minutes in (4, 8, 12):
            await world.tick({"BTC": "100"}, BEGIN + timedelta(minutes=minutes))
        query = "{ portfolioHistory(range: ONE_DAY) { points { at totalValue } } }"
        assert (await world.run(query, as_=who))["portfolioHistory"]["points"] == [
            {"at": text_of(BEGIN), "totalValue": "0.00"},
            {"at": text_of(BEGIN + timedelta(minutes=5)), "totalValue": "1000.00"},
            {"at": text_of(BEGIN + timedelta(minutes=10)), "totalValue": "1000.00"},
        ]


async def test_a_wanted_end_is_an_instant_of_the_market(recording: Path) -> None:
    async with replayed(recording) as world:
        who = await world.register()
        await world.tick({"BTC": "100"}, BEGIN)
        await deposit(world, who, "1000")
        wanted = {"limitPrice": "50", "timeInForce": "GTC"}
        for at in (BEGIN, BEGIN + timedelta(days=30, milliseconds=1), NOW + HOUR):
            refused = await place(world, who, **wanted, expiresAt=text_of(at))
            assert refused["errors"][0]["path"] == ["input", "expiresAt"]
        ends = BEGIN + timedelta(days=30)
        placed = await place(world, who, **wanted, expiresAt=text_of(ends))
        assert placed["order"]["expiresAt"] == text_of(ends)
        await world.tick({"BTC": "100"}, ends)
        assert (await order(world, who, placed["order"]["id"]))["status"] == "EXPIRED"


async def test_prices_age_in_the_markets_time(recording: Path) -> None:
    stale = '{ asset(id: "BTC") { isPriceStale } }'
    async with replayed(recording) as world:
        who = await world.register()
        await world.tick({"BTC": "100"}, BEGIN)
        await deposit(world, who, "1000")
        world.clock.advance(1_000)
        assert (await world.run(stale))["asset"] == {"isPriceStale": False}
        await world.tick({"ETH": "10"}, BEGIN + timedelta(minutes=10, milliseconds=1))
        assert (await world.run(stale))["asset"] == {"isPriceStale": True}
        refused = await place(world, who, limitPrice="90")
        assert [error["code"] for error in refused["errors"]] == ["PRICE_STALE"]


async def test_a_reward_is_paid_once_in_a_day_of_the_market(recording: Path) -> None:
    text = """mutation ($phrase: String!) {
      claimCnyReward(input: {phrase: $phrase}) { errors { code } }
    }"""
    async with replayed(recording) as world:
        who = await world.register()
        codes = []
        for at in (BEGIN, BEGIN + HOUR, MIDNIGHT):
            await world.tick({"BTC": "100"}, at)
            claimed = (await world.run(text, {"phrase": GREETING}, as_=who))["claimCnyReward"]
            codes.append([error["code"] for error in claimed["errors"]])
        assert codes == [[], ["ALREADY_CLAIMED_TODAY"], []]


async def test_tokens_live_in_the_worlds_time(recording: Path) -> None:
    async with replayed(recording) as world:
        who = await world.register()
        await world.tick({"BTC": "100"}, BEGIN + timedelta(days=900))
        assert (await world.run("{ me { username } }", as_=who)).errors == []
        world.clock.advance(2 * 3600)
        assert (await world.run("{ me { username } }", as_=who)).codes == ["UNAUTHENTICATED"]


async def test_idempotency_keys_live_in_the_worlds_time(recording: Path) -> None:
    async with replayed(recording) as world:
        who = await world.register()
        await world.tick({"BTC": "100"}, BEGIN)
        first = await deposit(world, who, "5", "a-key")
        await world.tick({"BTC": "100"}, BEGIN + timedelta(days=30))
        again = await deposit(world, who, "5", "a-key")
        assert (again["replayed"], again["transaction"]) == (True, first["transaction"])
        who = await world.later(who, 8 * 24 * 3600)
        assert (await deposit(world, who, "5", "a-key"))["account"]["cash"] == "10.00"


async def test_a_restart_goes_on_where_the_market_was(recording: Path) -> None:
    async with replayed(recording) as world:
        who = await world.register()
        await world.tick({"BTC": "100"}, BEGIN + HOUR)
        await deposit(world, who, "1000")
    async with replayed(recording, table=world.table, clock=world.clock) as again:
        portfolio = (await again.run(HISTORY, as_=who))["portfolio"]
        assert portfolio["asOf"] == text_of(BEGIN + HOUR)


async def test_the_same_done_between_the_same_ticks_has_the_same_results_at_any_pace(
    recording: Path,
) -> None:
    found = []
    for pace_s in (0.001, 900):
        clock = SetClock(NOW + timedelta(seconds=pace_s))
        async with replayed(recording, clock=clock) as world:
            who = await world.register()
            for number, price in enumerate(("100", "95", "88", "99", "120", "70")):
                await world.tick({"BTC": price}, BEGIN + number * HOUR)
                await deposit(world, who, "900.07")
                await place(world, who, limitPrice=str(92 - number))
                await place(world, who, limitPrice="130", type="STOP_LOSS", timeInForce="GTC")
                who = await world.later(who, pace_s)
            found.append((await world.run(HISTORY, as_=who)).data)
    assert found[0] == found[1]
    assert len(found[0]["transactions"]["nodes"]) > 15
