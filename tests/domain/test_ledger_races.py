"""Many at once: nobody gets what another has, nobody fails for being late."""

import asyncio
from collections import Counter
from decimal import Decimal

import pytest

from adapters.table import Table
from domain.funds import Deposit
from domain.ledger import Ledger, Outcome
from domain.money import Money
from domain.orders import OrderSide
from domain.refusals import ErrorCode
from domain.resets import Reset
from domain.rewards import ClaimReward
from tests.adapters.faulty_table import FaultyTable
from tests.adapters.memory_table import MemoryTable
from tests.domain.ledger_world import ACCOUNT, BTC, World, codes, order

CONTENDERS = 64
BUY = order(OrderSide.BUY, quantity="1")


def processes(world: World, table: Table, count: int, seed: int = 0) -> list[Ledger]:
    """Return ledgers that share nothing but the table, each with a chance of its own."""
    return [world.another_ledger(table, seed * CONTENDERS + i) for i in range(count)]


async def race(world: World, ledgers: list[Ledger]) -> list[Outcome]:
    return await asyncio.gather(
        *(world.do(BUY, ledger=ledgers[i % len(ledgers)]) for i in range(CONTENDERS))
    )


async def check(world: World, done: list[Outcome]) -> None:
    """Ten were filled, and all others were told why not."""
    assert Counter(codes(done)) == {ErrorCode.INSUFFICIENT_FUNDS: CONTENDERS - 10}
    filled = [outcome for outcome in done if not outcome.errors]
    assert sorted(outcome.account.version for outcome in filled) == list(range(2, 12))
    assert len({outcome.order.id for outcome in filled if outcome.order}) == 10
    holdings = await world.accounts.holdings(ACCOUNT)
    assert holdings.account.cash == Money(0)
    assert [str(held.quantity) for held in holdings.positions] == ["10"]
    assert await world.findings() == []


@pytest.mark.parametrize("ledgers", [1, 2, CONTENDERS])
async def test_of_64_buys_at_once_with_cash_for_ten_exactly_ten_are_filled(ledgers: int) -> None:
    world = await World().open("1000")
    world.prices.set(BTC, "100")
    slow = FaultyTable(world.table, turns_max=4)
    await check(world, await race(world, processes(world, slow, ledgers)))


@pytest.mark.parametrize("seed", range(3))
async def test_64_processes_that_change_one_account_all_come_to_their_turn(seed: int) -> None:
    # Given contenders that are never refused, so that all of them contend until the last
    world = await World().open("1")
    slow = FaultyTable(world.table, seed, turns_max=4)
    ledgers = processes(world, slow, CONTENDERS, seed)
    # When each wants its share four times in a row
    wishes = [(ledger, Deposit.of(Decimal("0.01"))) for ledger in ledgers] * 4
    done = await asyncio.gather(*(world.do(wish, ledger=ledger) for ledger, wish in wishes))
    # Then
    assert codes(done) == []
    assert (await world.account()).cash == Money(100 + len(wishes))
    assert (await world.account()).version == 1 + len(wishes)


async def test_a_reward_claimed_by_many_at_once_is_paid_once() -> None:
    world = await World().open()
    slow = FaultyTable(world.table, turns_max=4)
    claim = ClaimReward.of("hello")
    ledgers = processes(world, slow, 8)
    done = await asyncio.gather(*(world.do(claim, ledger=ledger) for ledger in ledgers))
    assert codes(done) == [ErrorCode.ALREADY_CLAIMED_TODAY] * 7
    assert (await world.account()).cash == Money(8_88)


async def test_a_reset_among_buys_leaves_nothing_behind() -> None:
    world = await World().open("1000")
    world.prices.set(BTC, "100")
    slow = FaultyTable(world.table, turns_max=4)
    ledgers = processes(world, slow, 4)
    jobs = [world.do(BUY, ledger=ledgers[i % 4]) for i in range(6)]
    jobs.insert(3, world.do(Reset(), ledger=ledgers[3]))
    await asyncio.gather(*jobs)
    holdings = await world.accounts.holdings(ACCOUNT)
    assert holdings.account.epoch == 1
    assert holdings.account.cash == Money(0)
    assert holdings.positions == ()
    assert await world.findings() == []


async def test_a_process_never_loses_to_itself() -> None:
    world = await World().open("100")
    assert isinstance(world.table, MemoryTable)
    ledger = world.another_ledger(FaultyTable(world.table, turns_max=3))
    world.table.calls.clear()
    deposits = (world.do(Deposit.of(Decimal(1)), ledger=ledger) for _ in range(20))
    done = await asyncio.gather(*deposits)
    assert codes(done) == []
    assert world.table.calls.count("transact") == 20
