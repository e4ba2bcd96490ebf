"""Recordings that set the market's clock, from the settings to the board, at full speed."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.jwt_secrets import parsed
from domain.instants import instant_of, ms_of, text_of
from domain.order_expiry import LATE_AFTER
from domain.ports.markets import MarketSourceError
from domain.price_board import PriceBoard
from domain.rules import ORDER_LIFETIME
from tests.adapters.memory_table import MemoryTable
from tests.api.world import Seconds, Session, World, cheap_hashing
from tests.domain.identity_world import SetClock
from web.composition import Exchange, Parts, compose
from web.market_time import ids_in, market_time
from web.settings import ReplayMarket, Settings, SqliteStore

BEGIN = datetime(2017, 12, 17, 22, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FULL_SPEED = Decimal(1_000_000_000)
POLL_S = 0.005

PLACE = """
mutation ($input: OrderInput!) {
  placeOrder(input: $input) { order { id createdAt } errors { code message } }
}"""
ORDER = "query ($id: ID!) { order(id: $id) { status fill { price at } } }"


def recorded(path: Path, prices: Mapping[datetime, int | str]) -> Path:
    lines = (f"{text_of(at)},BTC,{price}\n" for at, price in prices.items())
    path.write_text("at,asset_id,price\n" + "".join(lines))
    return path


def replay(path: Path, speed: Decimal = FULL_SPEED, seed: int | None = None) -> Settings:
    return Settings(
        jwt_secrets=parsed("first:" + 32 * "s"),
        store=SqliteStore(path.parent / "cnop.db"),
        market=ReplayMarket(path, speed, sets_clock=True, seed=seed),
        logins_per_minute=0,
    )


@asynccontextmanager
async def serving(
    path: Path, speed: Decimal = FULL_SPEED, seed: int | None = None
) -> AsyncIterator[Exchange]:
    async with compose(replay(path, speed, seed), Parts(hasher=cheap_hashing())) as exchange:
        yield exchange


async def played(exchange: Exchange) -> datetime:
    """Wait for the recording's end, and return the market's time then."""
    while not exchange.market.health().has_ended:  # noqa: ASYNC110 - nobody announces it
        await asyncio.sleep(POLL_S)
    return exchange.services.market_clock.market_now()


async def test_a_recording_is_played_to_its_end_where_time_stands_still(tmp_path: Path) -> None:
    path = recorded(tmp_path / "days.csv", {BEGIN: 100, BEGIN + 3 * MINUTE: 101})
    async with serving(path) as exchange:
        assert await played(exchange) == BEGIN + 3 * MINUTE
        assert exchange.market.health().is_healthy
        (told,) = exchange.degraded()
        assert told == (
            "the recording has come to its end; the market's time stands still at "
            "2017-12-17T22:03:00.000Z"
        )


async def test_before_the_first_price_it_is_the_time_of_that(tmp_path: Path) -> None:
    path = recorded(tmp_path / "days.csv", {BEGIN: 100, BEGIN + MINUTE: 101})
    time = market_time(replay(path), PriceBoard(), SetClock())
    assert time.clock.market_now() == BEGIN


async def test_a_recording_that_goes_on_is_no_reason_to_worry(tmp_path: Path) -> None:
    path = recorded(tmp_path / "days.csv", {BEGIN: 100, BEGIN + MINUTE: 101})
    async with serving(path, Decimal("0.001")) as exchange:
        assert exchange.degraded() == ()
        assert exchange.services.market_clock.market_now() == BEGIN


async def test_a_restart_goes_on_behind_the_last_line_and_a_later_recording_behind_that(
    tmp_path: Path,
) -> None:
    prices: dict[datetime, int | str] = {BEGIN: 100, BEGIN + MINUTE: 101}
    path = recorded(tmp_path / "days.csv", prices)
    async with serving(path) as exchange:
        await played(exchange)
    async with serving(recorded(path, prices | {BEGIN + 2 * MINUTE: 102})) as exchange:
        assert await played(exchange) == BEGIN + 2 * MINUTE
        assert exchange.services.board.number == 3
    later = recorded(tmp_path / "later.csv", {BEGIN + 2 * MINUTE: 103, BEGIN + 9 * MINUTE: 104})
    async with serving(later) as exchange:
        assert await played(exchange) == BEGIN + 9 * MINUTE
    async with serving(later) as exchange:
        assert await played(exchange) == BEGIN + 9 * MINUTE
        assert exchange.services.board.number == 5


async def test_a_recording_of_an_earlier_time_is_refused(tmp_path: Path) -> None:
    async with serving(recorded(tmp_path / "days.csv", {BEGIN + MINUTE: 100})) as exchange:
        await played(exchange)
    early = recorded(tmp_path / "early.csv", {BEGIN: 100})
    with pytest.raises(MarketSourceError, match="time never goes back") as told:
        async with serving(early):
            pass
    assert "2017-12-17T22:00:00.000Z" in str(told.value)
    assert "2017-12-17T22:01:00.000Z" in str(told.value)


async def test_a_store_of_the_present_has_no_time_for_a_recording(tmp_path: Path) -> None:
    path = recorded(tmp_path / "days.csv", {BEGIN: 100})
    clock = SetClock()
    table = MemoryTable(clock.now_s)
    parts = Parts(wall_clock=clock, hasher=cheap_hashing(), table=table)
    now = Settings(jwt_secrets=parsed("first:" + 32 * "s"), market=ReplayMarket(path, FULL_SPEED))
    async with compose(now, parts) as exchange:
        await played(exchange)
        assert exchange.services.market_clock.market_now() == clock.at
        assert exchange.degraded() == ()
    with pytest.raises(MarketSourceError, match="time never goes back"):
        async with compose(replay(path), parts):
            pass


@pytest.mark.parametrize("sets_clock", [True, False])
def test_ticks_of_a_recording_take_turns_with_commands_whatever_time_it_is(
    tmp_path: Path, *, sets_clock: bool
) -> None:
    path = recorded(tmp_path / "days.csv", {BEGIN: 100})
    settings = Settings(market=ReplayMarket(path, FULL_SPEED, sets_clock))
    time = market_time(settings, PriceBoard(), SetClock())
    live = market_time(Settings(), PriceBoard(), SetClock())
    assert nullcontext not in {time.tick_turn, time.command_turn}
    assert {live.tick_turn, live.command_turn} == {nullcontext}


async def test_a_recording_without_prices_has_no_time(tmp_path: Path) -> None:
    with pytest.raises(MarketSourceError, match="no prices, so no time"):
        async with serving(recorded(tmp_path / "none.csv", {})):
            pass


@pytest.mark.parametrize(
    ("speed", "late_after"),
    [("0.5", LATE_AFTER), ("6", 6 * LATE_AFTER), ("1000000000", ORDER_LIFETIME)],
)
def test_the_faster_the_market_the_later_another_process_may_be(
    tmp_path: Path, speed: str, late_after: timedelta
) -> None:
    path = recorded(tmp_path / "days.csv", {BEGIN: 100})
    settings = replay(path, Decimal(speed))
    assert market_time(settings, PriceBoard(), SetClock()).late_after == late_after


async def test_with_a_seed_the_same_run_has_the_same_ids_and_no_run_repeats_one(
    tmp_path: Path,
) -> None:
    found: list[list[list[str]]] = []
    for name in ("one", "another"):
        folder = tmp_path / name
        folder.mkdir()
        path = recorded(folder / "days.csv", {BEGIN: 100, BEGIN + MINUTE: 101})
        runs = []
        for run in range(3):
            async with serving(path, seed=7) as exchange:
                await played(exchange)
                world = World(exchange, SetClock(), Seconds())
                session = await world.trader("1000", f"trader_{run}")
                orders = [await world.buy(session, "BTC", "0.01") for _ in range(3)]
                runs.append([session.account_id, *orders])
        found.append(runs)
    assert found[0] == found[1]
    assert len({name for run in found[0] for name in run}) == 3 * 4
    assert all(run[1:] == sorted(run[1:]) for run in found[0])


@pytest.mark.parametrize("seed", [None, 7])
def test_where_several_processes_serve_a_store_all_ids_are_by_chance(
    tmp_path: Path, seed: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replay(recorded(tmp_path / "days.csv", {BEGIN: 100}), seed=seed)
    ids = [ids_in(settings, is_alone=False, run=lambda: 1).ulid(BEGIN) for _ in range(2)]
    assert ids[0] != ids[1]
    assert len(caplog.messages) == (0 if seed is None else 2)


async def test_every_resting_order_meets_every_line_at_full_speed(tmp_path: Path) -> None:
    # Given a market in which every price is there for one line only
    people, lines = 3, 300
    prices: dict[datetime, int | str] = {
        BEGIN + number * MINUTE: 1_000 - number * 7 % 389 for number in range(lines)
    }
    path = recorded(tmp_path / "days.csv", prices)
    async with serving(path) as exchange:
        world = World(exchange, SetClock(), Seconds())
        sessions = [await world.trader("10000", f"trader_{number}") for number in range(people)]
        # When orders come all the while, each for whatever price comes next below it
        placed = [
            one
            for some in await asyncio.gather(
                *(_placed_meanwhile(world, session, exchange) for session in sessions)
            )
            for one in some
        ]
        await played(exchange)
        # Then each has met the first line after it, as one finds it with a ruler
        assert len(placed) > people
        for session, limit, order in placed:
            found = (await world.run(ORDER, {"id": order["id"]}, as_=session))["order"]
            assert found == _met(prices, order["createdAt"], limit), order


async def _placed_meanwhile(
    world: World, session: Session, exchange: Exchange
) -> list[tuple[Session, int, dict[str, str]]]:
    """Place orders until there are enough, or the recording has come to its end."""
    placed = []
    for number in range(20):
        if exchange.market.health().has_ended:
            break
        limit = 612 + number * 19
        typed = {
            "assetId": "BTC",
            "side": "BUY",
            "type": "LIMIT",
            "quantity": "0.01",
            "limitPrice": str(limit),
        }
        payload = (await world.run(PLACE, {"input": typed}, as_=session))["placeOrder"]
        assert payload["errors"] == []
        placed.append((session, limit, payload["order"]))
    return placed


def _met(prices: Mapping[datetime, int | str], placed_at: str, limit: int) -> dict[str, object]:
    """Return what an order comes to: filled by the line it was placed after, or by a later one."""
    since = datetime.fromisoformat(placed_at)
    for at, price in prices.items():
        if at >= since and int(price) <= limit:
            fill = {"price": str(price), "at": text_of(instant_of(ms_of(at)))}
            return {"status": "FILLED", "fill": fill}
    return {"status": "OPEN", "fill": None}
