import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.account_items import record_key
from domain.commands import Command
from domain.funds import Deposit, Withdraw
from domain.ids import IdempotencyKey
from domain.market_orders import PlaceOrder
from domain.money import Money, Quantity
from domain.orders import OrderSide, OrderStatusReason, OrderType
from domain.refusals import ErrorCode, LimitExceededError
from domain.resets import Reset
from domain.rewards import ClaimReward
from domain.rules import IDEMPOTENCY_DAYS
from tests.adapters.faulty_table import FaultyTable
from tests.domain.ledger_world import ACCOUNT, BTC, GREETING, NOW, World, codes, order, resting

KEY = "a-key"
COMMANDS: list[Command] = [
    Deposit.of(Decimal(1)),
    Withdraw.of(Decimal(1)),
    order(OrderSide.BUY, notional="1"),
    ClaimReward.of(GREETING),
    Reset(),
]
"""One of each kind."""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
async def test_the_same_key_gives_the_first_entry_word_for_word(command: Command) -> None:
    # Given
    world = await World().open("100")
    first = await world.do(command, KEY)
    # When
    world.clock.advance(timedelta(hours=1))
    world.prices.set(BTC, "1", at=world.clock.at)
    second = await world.do(command, KEY)
    # Then
    assert not first.is_replay
    assert second.is_replay
    assert second.entry == first.entry
    assert second.account == first.account
    assert (second.order, second.position) == (first.order, first.position)
    assert (await world.account()).version == 2
    assert await world.findings() == []


async def test_a_replay_tells_account_and_position_as_they_are_now() -> None:
    world = await World().open("100")
    first = await world.buy("0.0002", key=KEY)
    await world.buy("0.0003")
    second = await world.buy("0.0002", key=KEY)
    assert second.entry == first.entry
    assert second.account.version == 3
    assert second.position is not None
    assert second.position.quantity == Quantity.of("0.0005")


async def test_a_replay_after_a_reset_tells_of_an_empty_position() -> None:
    world = await World().open("100")
    await world.buy("0.0002", key=KEY)
    await world.reset()
    second = await world.buy("0.0002", key=KEY)
    assert second.position is not None
    assert (second.position.quantity, second.position.epoch) == (Quantity(0), 1)


async def test_a_replay_after_a_reset_tells_that_its_order_has_ended() -> None:
    world = await World().open("100")
    command = resting(OrderType.LIMIT, OrderSide.BUY, "0.001", "40000")
    first = await world.do(command, KEY)
    await world.reset()
    second = await world.do(command, KEY)
    assert second.entry == first.entry is not None
    assert second.order is not None
    assert second.order.status_reason is OrderStatusReason.ACCOUNT_RESET
    assert second.order.held_cash == Money(0)


async def test_the_first_refusal_is_given_again_even_where_it_would_be_taken_now() -> None:
    # Given
    world = await World().open("10")
    first = await world.buy("1", key=KEY)
    # When
    world.prices.set(BTC, "1")
    second = await world.buy("1", key=KEY)
    # Then
    assert codes([first]) == [ErrorCode.ORDER_VALUE_EXCEEDED]
    assert isinstance(first.errors[0], LimitExceededError)
    assert second.errors == first.errors
    assert (first.is_replay, second.is_replay) == (False, True)
    assert not (await world.buy("1")).errors


async def test_another_input_under_the_key_is_refused_and_changes_nothing() -> None:
    world = await World().open("100")
    await world.deposit("1", KEY)
    refused = [
        await world.deposit("2", KEY),
        await world.withdraw("1", KEY),
        await world.reset(KEY),
    ]
    assert codes(refused) == [ErrorCode.IDEMPOTENCY_MISMATCH] * 3
    assert [error.path for done in refused for error in done.errors] == [
        ("input", "idempotencyKey")
    ] * 3
    assert (await world.account()).version == 2


async def test_a_mismatch_with_a_refusal_is_refused_too() -> None:
    world = await World().open("1")
    await world.withdraw("2", KEY)
    assert codes([await world.withdraw("1", KEY)]) == [ErrorCode.IDEMPOTENCY_MISMATCH]


async def test_invalid_input_is_not_remembered_under_its_key() -> None:
    # Given a sale that would come to nothing
    world = await World().open("100")
    await world.buy("0.001")
    refused = await world.sell("0.00000001", key=KEY)
    # When
    world.prices.set(BTC, "2000000")
    done = await world.sell("0.00000001", key=KEY)
    # Then
    assert codes([refused]) == [ErrorCode.INVALID_INPUT]
    assert done.entry is not None
    assert done.entry.cash_change == Money(2)


@pytest.mark.parametrize("amount", ["1", "200"])
async def test_a_key_is_forgotten_after_seven_days_and_not_before(amount: str) -> None:
    world = await World().open("100")
    world.clock.at = NOW + timedelta(milliseconds=601)
    first = await world.withdraw(amount, KEY)
    world.clock.at = NOW + timedelta(days=IDEMPOTENCY_DAYS, milliseconds=600)
    assert (await world.withdraw(amount, KEY)).is_replay
    world.clock.at = NOW + timedelta(days=IDEMPOTENCY_DAYS, seconds=1)
    again = await world.withdraw(amount, KEY)
    assert not again.is_replay
    assert codes([again]) == codes([first])


async def test_keys_live_by_the_wall_clock_while_a_market_clock_replays_the_past() -> None:
    # Given
    world = await World().open("100")
    wall = world.clock
    world.clock = type(wall)(NOW - timedelta(days=400))
    ledger = world.another_ledger(wall_clock=wall)
    # When
    first = await world.do(Withdraw.of(Decimal(1)), KEY, ledger=ledger)
    second = await world.do(Withdraw.of(Decimal(1)), KEY, ledger=ledger)
    # Then
    assert second.is_replay
    assert second.entry == first.entry


@pytest.mark.parametrize("ledgers", [1, 2, 32])
@pytest.mark.parametrize("cash", ["100", "1"])
async def test_one_key_thirty_two_times_at_once_has_one_effect_and_one_answer(
    ledgers: int, cash: str
) -> None:
    # Given processes that share nothing but a slow table
    world = await World().open(cash)
    table = FaultyTable(world.table, seed=ledgers, turns_max=4)
    processes = [world.another_ledger(table, seed) for seed in range(ledgers)]
    command = order(OrderSide.BUY, notional="50")
    # When
    done = await asyncio.gather(
        *(world.do(command, KEY, ledger=processes[i % ledgers]) for i in range(32))
    )
    # Then
    assert sum(not outcome.is_replay for outcome in done) == 1
    assert {(outcome.entry, outcome.errors) for outcome in done} == {
        (done[0].entry, done[0].errors)
    }
    assert (await world.account()).version == (2 if cash == "100" else 1)
    assert bool(done[0].errors) is (cash == "1")
    assert await world.findings() == []


async def test_different_inputs_racing_for_one_key_have_one_effect() -> None:
    world = await World().open("100")
    table = FaultyTable(world.table, seed=1, turns_max=4)
    processes = [world.another_ledger(table, seed) for seed in range(8)]
    done = await asyncio.gather(
        *(
            world.do(Withdraw.of(Decimal(i + 1)), KEY, ledger=process)
            for i, process in enumerate(processes)
        )
    )
    assert sum(not outcome.errors for outcome in done) == 1
    assert codes(done) == [ErrorCode.IDEMPOTENCY_MISMATCH] * 7
    assert (await world.account()).version == 2


async def test_a_command_without_a_key_is_done_each_time() -> None:
    world = await World().open("100")
    command: PlaceOrder = order(OrderSide.BUY, notional="1")
    await world.do(command)
    await world.do(command)
    assert (await world.account()).version == 3
    assert await world.table.get(record_key(ACCOUNT, IdempotencyKey(KEY))) is None
