"""`cnop serve --clock replay`: two days of a market within seconds, while tokens stay valid."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.instants import text_of
from tests.e2e.people import DEPOSIT, register
from tests.e2e.server import SERVE, command, run, running
from tests.e2e.test_workers import wait_for_workers
from tests.redis_server import RedisServer

BEGIN = datetime(2017, 12, 16, 20, tzinfo=UTC)
MIDNIGHT = datetime(2017, 12, 17, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

STEP = 5 * MINUTE
LINES = 2 * DAY // STEP
POLL_S = 0.05

STANDING = "0.001"
"""A speed at which the next line doesn't come while a test lasts."""

FULL_SPEED = "1000000000"

IN_A_ROW = 20
"""Connections in a row that find the same: that all are one worker's has a chance of 1 in 500,000.
"""

TRAVEL = (*SERVE, "--clock", "replay")

PLACE = """
mutation ($input: OrderInput!) {
  placeOrder(input: $input) {
    order { id status createdAt expiresAt }
    errors { code message }
  }
}"""
ORDERS = "{ orders { nodes { id status updatedAt fill { price at } } } }"
NOW = "{ portfolio { asOf } }"
ACCOUNT = """
{
  account { depositAllowance { used resetsAt } }
  asset(id: "BTC") {
    priceUpdatedAt
    candles(interval: ONE_DAY) { start open high low close }
  }
}"""
LIMIT = {"assetId": "BTC", "side": "BUY", "type": "LIMIT", "quantity": "0.1", "timeInForce": "DAY"}


def price_at(number: int) -> int:
    """Return a price that falls and rises in waves, each line another."""
    return 18_400 + abs(number % 60 - 30) * 20 - number


PRICES = {BEGIN + number * STEP: price_at(number) for number in range(LINES)}
END = max(PRICES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = (f"{text_of(at)},BTC,{price}\n" for at, price in PRICES.items())
    (tmp_path / "days.csv").write_text("at,asset_id,price\n" + "".join(lines))
    return tmp_path


def filled(limit: int, *, until: datetime) -> dict[str, Any]:
    """Return what comes of a limit order that was placed at the beginning."""
    for at, price in PRICES.items():
        if at < until and price <= limit:
            return {
                "status": "FILLED",
                "updatedAt": text_of(at),
                "fill": {"price": str(price), "at": text_of(at)},
            }
    return {"status": "EXPIRED", "updatedAt": text_of(until), "fill": None}


async def came_to(client: httpx.AsyncClient, token: str, at: datetime) -> None:
    """Wait until the market has come to an instant."""
    while (await run(client, NOW, token))["portfolio"]["asOf"] != text_of(at):  # noqa: ASYNC110
        await asyncio.sleep(POLL_S)


async def test_two_days_pass_in_seconds_and_everything_has_the_recordings_time(
    folder: Path,
) -> None:
    replay = {"CNOP_MARKET": "replay:days.csv"}
    limits = (18_700, 18_380, 18_300)
    # Given a market that stands at its first line, and orders for that day
    with running(folder, TRAVEL, **replay, CNOP_REPLAY_SPEED=STANDING) as server:
        async with server.client() as client:
            ada = await register(client, "ada_lovelace")
            token = ada.access_token
            await came_to(client, token, BEGIN)
            await run(client, DEPOSIT, token, amount="10000.00")
            refused = await run(client, DEPOSIT, token, amount="0.01")
            placed = {}
            for limit in limits:
                given = LIMIT | {"limitPrice": str(limit)}
                payload = (await run(client, PLACE, token, input=given))["placeOrder"]
                assert payload["errors"] == []
                placed[limit] = payload["order"]
    assert refused["deposit"]["errors"][0]["code"] == "DAILY_LIMIT_EXCEEDED"
    for one in placed.values():
        assert (one["status"], one["createdAt"]) == ("OPEN", text_of(BEGIN))
        assert one["expiresAt"] == text_of(MIDNIGHT)

    # When two days pass at once
    with running(folder, TRAVEL, **replay, CNOP_REPLAY_SPEED=FULL_SPEED) as server:
        async with server.client() as client:
            await came_to(client, token, END)
            nodes = (await run(client, ORDERS, token))["orders"]["nodes"]
            found = {node.pop("id"): node for node in nodes}
            account = await run(client, ACCOUNT, token)
            again = await run(client, DEPOSIT, token, amount="10000.00")
            ready = (await client.get("/health/ready")).json()
        log = server.err

    # Then each order has met each line of its day, and ended at midnight otherwise
    for limit, one in placed.items():
        assert found[one["id"]] == filled(limit, until=MIDNIGHT)
    assert {node["status"] for node in found.values()} == {"FILLED", "EXPIRED"}
    # And days, allowances and candles are the market's
    tomorrow = datetime.combine(END.date() + DAY, MIDNIGHT.time(), UTC)
    assert account["account"]["depositAllowance"] == {
        "used": "0.00",
        "resetsAt": text_of(tomorrow),
    }
    assert again["deposit"]["errors"] == []
    assert account["asset"] == {"priceUpdatedAt": text_of(END), "candles": daily_candles()}
    # And the end is told, where time stands still
    assert ready["status"] == "degraded"
    assert "stands still" in ready["degraded"][0]
    assert "replay:days.csv has come to its end" in log
    assert command(folder, "audit").code == 0


@pytest.mark.usefixtures("dynamodb_endpoint")
async def test_every_worker_lives_in_the_time_of_the_ticks(
    tmp_path: Path, redis: RedisServer
) -> None:
    few = [BEGIN, BEGIN + HOUR, MIDNIGHT, MIDNIGHT + DAY]
    lines = (f"{text_of(at)},BTC,{PRICES[BEGIN]}\n" for at in few)
    (tmp_path / "days.csv").write_text("at,asset_id,price\n" + "".join(lines))
    settings = {
        "CNOP_MARKET": "replay:days.csv",
        "CNOP_STORE": f"dynamodb:replay-{uuid4().hex}",
        "CNOP_REDIS_URL": redis.url,
        "CNOP_WORKERS": "2",
        "CNOP_REPLAY_SPEED": FULL_SPEED,
    }
    with running(tmp_path, TRAVEL, **settings) as server:
        async with server.client() as client:
            ada = await register(client, "ada_lovelace")
            wait_for_workers(server, 2)
            workers, right = set[str](), 0
            # Whichever worker takes a connection must have come to the end of the recording.
            while len(workers) < 2 or right < IN_A_ROW:
                async with server.client() as another:
                    metrics = (await another.get("/metrics")).text
                    found = await run(another, NOW, ada.access_token)
                is_right = found["portfolio"]["asOf"] == text_of(few[-1])
                right = right + 1 if is_right else 0
                workers |= set(re.findall(r'worker="(\d)"', metrics))


def daily_candles() -> list[dict[str, str]]:
    candles = []
    for day in sorted({at.date() for at in PRICES}):
        prices = [price for at, price in PRICES.items() if at.date() == day]
        first, last = prices[0], prices[-1]
        shown = {"open": first, "high": max(prices), "low": min(prices), "close": last}
        start = datetime.combine(day, MIDNIGHT.time(), UTC)
        candles.append(
            {"start": text_of(start), **{name: str(price) for name, price in shown.items()}}
        )
    return candles


@pytest.mark.parametrize("market", ["simulated", "coingecko"])
def test_without_a_recording_there_is_no_time_to_travel_in(tmp_path: Path, market: str) -> None:
    ended = command(tmp_path, "serve", "--clock", "replay", CNOP_MARKET=market)

    assert ended.code == 2
    assert ended.err == (
        f"cnop: CNOP_CLOCK (--clock) is 'replay', but CNOP_MARKET is '{market}', which has no "
        "recorded time; CNOP_MARKET=replay:PATH is required.\n"
    )


async def test_a_store_of_the_present_is_refused(folder: Path) -> None:
    with running(folder):
        pass

    ended = command(folder, "serve", "--clock", "replay", CNOP_MARKET="replay:days.csv")

    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith("cnop: replay:days.csv goes on at 2017-12-16T20")
    assert "time never goes back" in ended.err


def test_the_help_tells_of_the_clock(tmp_path: Path) -> None:
    ended = command(tmp_path, "serve", "--help")

    assert ended.code == 0
    assert "--clock {wall,replay}" in ended.out
    assert "stands still" in ended.out
