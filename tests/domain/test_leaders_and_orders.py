"""Whatever dies when: an order that the ticks set off is filled once, at its tick's price."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.table import Key, Put, TableUnavailableError, Write
from adapters.table_calls import TableCall
from adapters.tick_store import TickTable
from domain.money import Price
from domain.order_ends import CancelOrder
from domain.orders import Order, OrderSide, OrderStatus, OrderType
from domain.outages import OutageError, OutcomeUnknownError
from domain.pages import EntryFilter, Stretch
from domain.ports.leases import NotLeaderError
from domain.trigger_engine import LOOKED_AGAIN_AFTER, RECENT
from tests.adapters.faulty_table import FaultyTable
from tests.domain.book_world import LEASE, BookWorld, account_id
from tests.domain.ledger_world import BTC, order, resting
from tests.domain.market_world import usd
from tests.passing_table import AnswerT

BUY, SELL = OrderSide.BUY, OrderSide.SELL
LIMIT, STOP, TAKE = OrderType.LIMIT, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT
DEATHS = 20
PEOPLE = 4


class MortalTable(FaultyTable):
    """What a process sees of the table: it dies at a transaction, before or after it is written."""

    def __init__(self, world: BookWorld, transactions_left: int, *, is_written: bool) -> None:
        super().__init__(world.table)
        self.left = transactions_left
        self._is_written = is_written

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        self.left -= 1
        if self.left < -1 or (self.left < 0 and not self._is_written):
            raise asyncio.CancelledError
        await super().transact(writes, token=token)
        if self.left < 0:
            raise asyncio.CancelledError

    async def pass_on(self, call: TableCall, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        if self.left < 0:
            raise asyncio.CancelledError  # there is nobody any more who could read
        return await super().pass_on(call, ask)


async def until_dead(*steps: Awaitable[None]) -> None:
    """Take steps until one of them is the last."""
    with suppress(asyncio.CancelledError):
        for step in steps:
            await step


async def crowd(world: BookWorld) -> dict[str, list[Order]]:
    """Let everybody place orders that one tick to 120 sets off, and some that it doesn't."""
    await world.tick(100, ETH=10)
    fired, waiting = [], []
    for number in range(1, PEOPLE + 1):
        await world.do(order(BUY, quantity="1"), number)
        fired.append(await world.placed(resting(TAKE, SELL, "0.5", "110"), number))
        fired.append(await world.placed(resting(STOP, BUY, "0.5", "115"), number))
        waiting.append(await world.placed(resting(STOP, SELL, "0.5", "90"), number))
        waiting.append(await world.placed(resting(LIMIT, BUY, "0.5", "90"), number))
    return {"fired": fired, "waiting": waiting}


async def check_filled_once(world: BookWorld, placed: dict[str, list[Order]], price: Price) -> None:
    for one in placed["fired"]:
        now = await world.order(one)
        assert now.fill is not None, now
        assert now.fill.price == price
    for one in placed["waiting"]:
        assert (await world.order(one)).status is OrderStatus.OPEN
    for number in range(1, PEOPLE + 1):
        page = await world.accounts.entries(
            account_id(number), EntryFilter(), Stretch(limit=100, is_ascending=True)
        )
        fills = [entry.order_id for entry in page.items if entry.order_status == "FILLED"]
        assert len(fills) == len(set(fills)) == 3
    await world.check()


@pytest.mark.parametrize("death", range(DEATHS))
@pytest.mark.parametrize("is_written", [False, True])
async def test_a_leader_that_dies_between_a_trigger_and_its_fill_is_made_up_for(
    death: int, *, is_written: bool
) -> None:
    # Given a leader that dies at some transaction after it has stored the tick
    world = await BookWorld().open(*["1000"] * PEOPLE)
    placed = await crowd(world)
    fills = death % (len(placed["fired"]) + 1)
    mortal = MortalTable(world, 1 + fills, is_written=is_written)
    dying = await world.start(mortal, seed=death)
    await until_dead(dying.tick({BTC: 120}, world.clock))
    # When another leads, at another price
    successor = await world.start(seed=death)
    await successor.finish()
    await successor.tick({BTC: 100}, world.clock)
    # Then
    await check_filled_once(world, placed, usd(120))


@pytest.mark.parametrize("death", range(DEATHS))
async def test_a_leader_that_dies_between_a_tick_and_its_triggers_is_made_up_for(
    death: int,
) -> None:
    # Given a tick that is stored, and of which nobody has heard
    world = await BookWorld().open(*["1000"] * PEOPLE)
    placed = await crowd(world)
    price = 116 + death
    mortal = MortalTable(world, 0, is_written=True)
    dying = await world.start(mortal)
    await until_dead(dying.tick({BTC: price}, world.clock))
    assert [one for one in placed["fired"] if (await world.order(one)).fill] == []
    # When the next leader dies too, at some point of finishing it
    second = await world.start(MortalTable(world, death % 9, is_written=bool(death % 2)))
    await until_dead(second.finish())
    await (await world.start()).finish()
    # Then
    await check_filled_once(world, placed, usd(price))


@pytest.mark.parametrize("seed", range(DEATHS))
async def test_faults_of_the_table_fill_nothing_twice_and_forget_nothing(seed: int) -> None:
    world = await BookWorld().open(*["1000"] * PEOPLE)
    placed = await crowd(world)
    faulty = FaultyTable(world.table, seed, faults=0.3, outages=0.1, turns_max=3)
    leader = await world.start(faulty, seed=seed)
    while True:
        try:
            await leader.tick({BTC: 120}, world.clock)
            break
        except (OutageError, OutcomeUnknownError):
            continue
    await faulty.settle()
    await check_filled_once(world, placed, usd(120))


@pytest.mark.parametrize("seed", range(DEATHS))
async def test_two_leaders_at_once_fill_each_order_once(seed: int) -> None:
    # Given a leader that is held up in the middle of its tick
    world = await BookWorld().open(*["1000"] * PEOPLE)
    placed = await crowd(world)
    chance = random.Random(seed)
    slow = FaultyTable(world.table, seed, turns_max=4)
    first = await world.start(slow, seed=seed)
    working = asyncio.create_task(first.tick({BTC: 120}, world.clock))
    for _ in range(chance.randint(1, 60)):
        await asyncio.sleep(0)
    # When another takes over
    second = await world.start(seed=seed + 1)
    await second.finish()
    last = await TickTable(world.table, clock=world.clock).last()
    was_stored = last is not None and last.moves[0].price == usd(120)
    if not was_stored:
        await second.tick({BTC: 120}, world.clock)
    await asyncio.gather(working, return_exceptions=True)
    error = working.exception()
    assert error is None or isinstance(error, NotLeaderError | OutageError)
    # Then
    await second.tick({BTC: 100}, world.clock)
    await check_filled_once(world, placed, usd(120))


@pytest.mark.parametrize("seed", range(DEATHS))
async def test_a_cancel_and_a_fill_race_and_exactly_one_of_them_wins(seed: int) -> None:
    world = await BookWorld().open("1000")
    await world.tick(100)
    placed = [await world.placed(resting(LIMIT, BUY, "1", "90")) for _ in range(5)]
    slow = FaultyTable(world.table, seed, turns_max=4)
    leader = await world.start(slow, seed=seed)
    elsewhere = (await world.start(slow, seed=seed + 1)).ledger
    world.fence -= 1
    leases = world.table._items[Key(f"LEASE#{LEASE}", "LEASE")]
    fenced = replace(leases, attributes={**leases.attributes, "fence": world.fence})
    await world.table.transact([Put(fenced)], token="back")
    filling = asyncio.create_task(leader.tick({BTC: 80}, world.clock))
    done = await asyncio.gather(
        *(world.do(CancelOrder(order_id=one.id, asset_id=BTC), ledger=elsewhere) for one in placed)
    )
    await filling
    for one, cancel in zip(placed, done, strict=True):
        status = (await world.order(one)).status
        assert status is (OrderStatus.FILLED if cancel.errors else OrderStatus.CANCELLED)
    await world.check()


@pytest.mark.parametrize(("away", "is_found"), [(timedelta(0), True), (RECENT * 2, False)])
async def test_an_order_that_came_beside_a_tick_of_the_leader_before_is_found(
    away: timedelta, *, is_found: bool
) -> None:
    # Given an order that was decided on the price before a tick, which is not the last one
    world = await BookWorld().open("1000")
    await world.tick(100, ETH=10)
    behind = await world.start()
    world.process = await world.start()
    await world.tick(80)
    await world.tick(ETH=11)
    done = await world.do(resting(LIMIT, BUY, "1", "90"), ledger=behind.ledger)
    assert done.order is not None
    # When its leader dies
    world.clock.advance(away)
    world.process = await world.start()
    await world.process.finish()
    world.clock.advance(LOOKED_AGAIN_AFTER)
    await world.process.engine.look_again()
    # Then the next one looks too, while the price is new
    now = await world.order(done.order)
    assert (now.fill and now.fill.price) == (usd(80) if is_found else None)


async def test_what_crossed_while_nobody_ran_fills_at_the_first_fresh_price() -> None:
    world = await BookWorld().open(*["1000"] * PEOPLE)
    placed = await crowd(world)
    successor = await world.start()
    await successor.finish()
    assert [one for one in placed["fired"] if (await world.order(one)).fill] == []
    await successor.tick({BTC: 130}, world.clock)
    await check_filled_once(world, placed, usd(130))


async def test_finishing_a_tick_that_was_done_changes_nothing() -> None:
    world = await BookWorld().open(*["1000"] * PEOPLE)
    placed = await crowd(world)
    await world.tick(120)
    before = dict(world.table._items)
    await world.process.feed._finish_last()
    assert world.table._items == before
    await check_filled_once(world, placed, usd(120))


async def test_a_last_tick_that_cannot_be_read_is_tried_again() -> None:
    world = await BookWorld().open(*["1000"] * PEOPLE)
    placed = await crowd(world)
    mortal = MortalTable(world, 0, is_written=True)
    dying = await world.start(mortal)
    await until_dead(dying.tick({BTC: 120}, world.clock))
    successor = await world.start()
    for _ in range(3):
        world.table.fail_next(TableUnavailableError("away"))
    await successor.finish()
    await check_filled_once(world, placed, usd(120))
