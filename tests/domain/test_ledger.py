import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from domain.funds import Deposit
from domain.ids import AssetId
from domain.ledger import Wish
from domain.money import Money, Percent, Quantity
from domain.orders import OrderSide
from domain.outages import OutageError
from domain.refusals import ErrorCode, Refusal
from domain.rewards import ClaimReward
from domain.rules import TradingRules
from tests.adapters.faulty_table import FaultyTable
from tests.domain.ledger_world import (
    ACCOUNT,
    BTC,
    ETH,
    GREETING,
    NOW,
    USER,
    SetClock,
    World,
    codes,
    order,
)

DAY = timedelta(days=1)


async def test_all_that_a_command_changes_is_told_of_one_version() -> None:
    # Given
    world = await World().open("1000")
    # When
    done = await world.buy("0.01")
    # Then
    assert done.entry is not None
    assert done.order is not None
    assert done.position is not None
    versions = {done.account.version, done.entry.version, done.order.version, done.position.version}
    assert versions == {2}
    assert not done.errors
    assert not done.is_replay
    assert world.hints.versions == [1, 2]


async def test_what_was_told_is_what_is_kept() -> None:
    world = await World().open("1000")
    done = await world.buy("0.01")
    assert done.order is not None
    assert await world.account() == done.account
    assert await world.accounts.entry(ACCOUNT, 2) == done.entry
    assert await world.accounts.orders(ACCOUNT, [done.order.id]) == {done.order.id: done.order}
    assert await world.accounts.positions(ACCOUNT, [BTC, ETH]) == {BTC: done.position}


async def test_a_refused_command_leaves_no_trace() -> None:
    world = await World().open("10")
    before = [item async for item in world.table.scan("ACCOUNT#")]
    refused = await world.buy("1", ETH)
    assert codes([refused]) == [ErrorCode.INSUFFICIENT_FUNDS]
    assert refused.account.version == 1
    assert (refused.entry, refused.order, refused.position) == (None, None, None)
    assert [item async for item in world.table.scan("ACCOUNT#")] == before
    assert world.hints.versions == [1]


async def test_an_unknown_asset_is_refused() -> None:
    world = await World().open("10")
    refused = await world.do(order(OrderSide.BUY, AssetId("NONE"), quantity="1"))
    assert codes([refused]) == [ErrorCode.ASSET_NOT_FOUND]


async def test_a_preview_says_what_would_happen_and_does_nothing() -> None:
    world = await World().open("100")
    wish = Wish(user_id=USER, account_id=ACCOUNT, command=order(OrderSide.BUY, notional="25"))
    change = await world.ledger.preview(wish)
    assert change.account.cash == Money(75_00)
    assert (await world.account()).version == 1
    too_much = replace(wish, command=order(OrderSide.BUY, notional="100.01"))
    with pytest.raises(Refusal, match=r"\$100\.01 is needed; \$100\.00 is available"):
        await world.ledger.preview(too_much)


async def test_a_position_bought_sold_and_bought_again_keeps_its_gains() -> None:
    world = await World().open("10000")
    await world.buy("0.1")
    world.prices.set(BTC, "60000")
    sold = await world.sell("0.1")
    assert sold.position is not None
    assert (sold.position.quantity, sold.position.realized_gain) == (Quantity(0), Money(1000_00))
    again = await world.buy("0.05")
    assert again.position is not None
    assert again.position.realized_gain == Money(1000_00)
    assert again.position.cost_basis == Money(3000_00)


async def test_rewards_are_paid_once_a_day_and_kind_beside_a_full_deposit_allowance() -> None:
    world = await World().open("10000")
    paid = [await world.claim(), await world.claim("hello")]
    refused = [await world.claim(), await world.claim("goodbye"), await world.deposit("0.01")]
    assert [done.entry and str(done.entry.cash_change) for done in paid] == ["88.88", "8.88"]
    assert codes(refused) == [
        ErrorCode.ALREADY_CLAIMED_TODAY,
        ErrorCode.ALREADY_CLAIMED_TODAY,
        ErrorCode.DAILY_LIMIT_EXCEEDED,
    ]
    world.clock.advance(DAY)
    assert not (await world.claim()).errors


async def test_a_clock_that_steps_back_over_midnight_opens_nothing_twice() -> None:
    # Given
    world = await World().open()
    await world.deposit("10000")
    await world.claim()
    # When
    world.clock.advance(-DAY)
    again = [await world.deposit("0.01"), await world.claim()]
    # Then
    assert codes(again) == [ErrorCode.DAILY_LIMIT_EXCEEDED, ErrorCode.ALREADY_CLAIMED_TODAY]


async def test_the_journals_time_never_runs_backwards() -> None:
    world = await World().open("100")
    world.clock.advance(-DAY)
    done = await world.deposit("1")
    assert done.entry is not None
    assert done.entry.at == NOW
    assert done.account.changed_at == NOW


async def test_an_order_after_the_clock_stepped_back_is_not_told_that_prices_are_stale() -> None:
    world = await World().open("100")
    world.clock.advance(-DAY)
    world.prices.set(BTC, "50000", at=world.clock.at)
    done = await world.buy("0.001")
    assert done.order is not None
    assert done.order.fill is not None
    assert done.order.fill.price_age_ms == 0


async def test_after_a_reset_everything_begins_at_zero_but_the_allowances() -> None:
    # Given
    world = await World().open("10000")
    await world.buy("0.1")
    # When
    done = await world.reset()
    # Then
    assert (done.account.cash, done.account.epoch, done.account.day_baseline) == (
        Money(0),
        1,
        Money(0),
    )
    assert (await world.accounts.holdings(ACCOUNT)).positions == ()
    assert codes([await world.deposit("0.01"), await world.sell("0.1")]) == [
        ErrorCode.DAILY_LIMIT_EXCEEDED,
        ErrorCode.INSUFFICIENT_FUNDS,
    ]
    assert await world.findings() == []


async def test_a_position_after_a_reset_knows_nothing_of_the_one_before() -> None:
    world = await World().open("10000")
    await world.buy("0.1")
    await world.reset()
    world.clock.advance(DAY)
    world.prices.set(BTC, "50000", at=world.clock.at)
    await world.deposit("1000")
    done = await world.buy("0.01")
    assert done.position is not None
    assert (done.position.quantity, done.position.epoch) == (Quantity.of("0.01"), 1)
    assert done.position.realized_gain == Money(0)
    assert await world.findings() == []


async def test_fees_stand_in_the_journal() -> None:
    rules = TradingRules(fee=Percent.of("0.25"))
    world = await World(rules=rules).open("1000")
    done = await world.buy("0.01")
    assert done.account.cash == Money(1000_00 - 500_00 - 1_25)
    await world.sell("0.01")
    assert await world.findings() == []


class LookedAt(SetClock):
    """A clock that moves on by a step each time it is looked at, so many times."""

    def __init__(self, at: datetime, step: timedelta, times: int) -> None:
        super().__init__(at)
        self._step, self._times = step, times

    def now(self) -> datetime:
        at = self.at
        if self._times:
            self._times -= 1
            self.advance(self._step)
        return at


async def test_a_day_that_ends_while_it_is_decided_pays_the_reward_of_the_new_one() -> None:
    # Given
    world = await World().open()
    world.clock = LookedAt(NOW, DAY, times=1)
    ledger = world.another_ledger()
    # When
    done = await world.do(ClaimReward.of(GREETING), ledger=ledger)
    # Then
    assert done.account.day == (NOW + DAY).date()
    again = await world.do(ClaimReward.of(GREETING), ledger=ledger)
    assert codes([again]) == [ErrorCode.ALREADY_CLAIMED_TODAY]


async def test_a_clock_that_jumps_a_day_at_each_look_is_an_outage() -> None:
    world = await World().open()
    world.clock = LookedAt(NOW, DAY, times=100)
    with pytest.raises(OutageError, match="the day moved on"):
        await world.do(ClaimReward.of(GREETING), ledger=world.another_ledger())


async def test_accounts_do_not_touch_each_other() -> None:
    one, other = await World().open("100"), await World().open("200")
    await one.withdraw("100")
    assert (await other.account()).cash == Money(200_00)


async def test_amounts_may_pass_sixty_four_bits() -> None:
    rules = TradingRules(daily_deposit_limit=Money(10**18), max_order_value=Money(10**18))
    world = await World(rules=rules).open()
    world.prices.set(BTC, "0.000000000001")
    for _ in range(3):
        await world.do(Deposit.of(Decimal(1_000_000)))
    done = await world.buy("1000000000000000000")
    assert done.position is not None
    assert done.position.quantity == Quantity(10**26)
    assert (await world.accounts.positions(ACCOUNT, [BTC]))[BTC] == done.position
    assert await world.findings() == []


@pytest.mark.parametrize("turns", range(0, 30, 3))
async def test_a_caller_who_goes_away_leaves_a_whole_effect_and_its_hint_or_none(
    turns: int,
) -> None:
    # Given
    world = await World().open("100")
    ledger = world.another_ledger(FaultyTable(world.table, seed=1, turns_max=4))
    asking = asyncio.create_task(world.do(Deposit.of(Decimal(1)), ledger=ledger))
    for _ in range(turns):
        await asyncio.sleep(0)
    # When
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await asyncio.gather(*ledger._settling, return_exceptions=True)
    # Then
    account = await world.account()
    assert world.hints.versions == list(range(1, account.version + 1))
    assert await world.findings() == []


async def test_a_commit_that_ends_with_the_server_is_no_hint() -> None:
    world = await World().open("100")
    ledger = world.another_ledger(FaultyTable(world.table, seed=1, turns_max=9))
    asking = asyncio.create_task(world.do(Deposit.of(Decimal(1)), ledger=ledger))
    for _ in range(100):
        await asyncio.sleep(0)
        if ledger._settling:
            break
    (settling,) = ledger._settling
    settling.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert not ledger._settling
    assert world.hints.versions == [1]
