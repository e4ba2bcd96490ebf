"""The store of accounts: what is read together, what is written together, what is refused."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.account_items import account_item, order_item
from adapters.fields import StoredWronglyError
from adapters.journal_items import entry_key
from adapters.table import (
    Delete,
    Item,
    Put,
    Table,
    TableOutcomeUnknownError,
    TableUnavailableError,
)
from domain.accounts import no_position
from domain.commands import Command, Needs, Terms
from domain.funds import Deposit
from domain.idempotency import KeyRecord
from domain.ids import AccountId, CommandId, IdempotencyKey, OrderId
from domain.journal import Change, OrderNote, RewardSlot
from domain.money import Money, Quantity
from domain.orders import OrderStatus, cancelled_by_reset, seen_from
from domain.outages import OutageError, OutcomeUnknownError
from domain.pages import EntryFilter, OrderFilter, Stretch
from domain.ports.accounts import ChangeConflictError
from domain.rewards import ClaimReward
from tests.adapters.memory_table import MemoryTable
from tests.domain.ledger_world import ACCOUNT, BTC, ETH, GREETING, NOW, RULES, USER, World
from tests.domain.resting_orders import buy_order, placed

KEY = IdempotencyKey("a-key")
NOBODY = AccountId("acc_00000000000000000000000009")
RED_POCKET = RewardSlot(USER, f"{NOW.date()}#RED_POCKET")


@pytest.fixture
async def world(table: Table) -> World:
    """Return a user with money, on each engine."""
    return await World(table).open("1000")


async def next_change(world: World, command: Command = Deposit(Money(1))) -> Change:  # noqa: B008 - frozen
    reading = await world.accounts.read(ACCOUNT, Needs())
    terms = Terms(
        now=world.clock.now(),
        rules=RULES,
        user_id=USER,
        command_id=CommandId("command"),
        order_id=OrderId("none"),
    )
    change = command.decide(reading.state, terms)
    assert isinstance(change, Change)
    return change


def record(key: IdempotencyKey = KEY) -> KeyRecord:
    # The tables of these tests have a clock of their own, some months later.
    return KeyRecord(key=key, fingerprint="f", at=NOW + timedelta(days=365), version=2)


async def put(table: Table, *items: Item) -> None:
    for start in range(0, len(items), 100):
        writes = [Put(item) for item in items[start : start + 100]]
        await table.transact(writes, token=f"{items[start].key.sk}"[-36:])


async def test_a_reading_has_all_that_a_command_needs(world: World) -> None:
    await world.buy("0.01")
    await world.claim()
    await world.accounts.commit(await next_change(world), record(), token="1")
    needs = Needs(asset_id=BTC, reward_slots=(RED_POCKET, RewardSlot(USER, "another")))
    reading = await world.accounts.read(ACCOUNT, needs, KEY)
    assert reading.state.account == await world.account()
    assert reading.state.position is not None
    assert reading.state.position.quantity == Quantity.of("0.01")
    assert reading.state.used_rewards == {RED_POCKET}
    assert reading.record == record()


async def test_what_is_not_there_reads_as_nothing(world: World) -> None:
    reading = await world.accounts.read(ACCOUNT, Needs(asset_id=ETH), KEY)
    assert (reading.state.position, reading.record) == (None, None)
    assert await world.accounts.account(NOBODY) is None
    assert await world.accounts.entry(ACCOUNT, 2) is None
    assert await world.accounts.orders(ACCOUNT, [OrderId("ord_1")]) == {}
    assert await world.accounts.positions(ACCOUNT, [BTC]) == {}


async def test_an_account_without_its_state_is_damage_and_no_empty_account(world: World) -> None:
    with pytest.raises(StoredWronglyError, match=f"ACCOUNT#{NOBODY} has no STATE"):
        await world.accounts.read(NOBODY, Needs())
    with pytest.raises(StoredWronglyError):
        await world.accounts.holdings(NOBODY)


async def test_a_change_of_an_older_version_is_a_conflict_and_writes_nothing(world: World) -> None:
    late = await next_change(world)
    await world.deposit("1")
    with pytest.raises(ChangeConflictError):
        await world.accounts.commit(late, record(), token="late")
    assert (await world.account()).version == 2
    assert (await world.accounts.read(ACCOUNT, Needs(), KEY)).record is None


async def test_version_and_entry_each_stop_a_late_change_alone(world: World) -> None:
    # Given a store where one of the two guards was damaged
    late = await next_change(world)
    before = await world.account()
    await world.deposit("1")
    made = await world.table.get(entry_key(ACCOUNT, 2))
    assert made is not None
    await world.table.transact([Delete(made.key)], token="no entry")
    # Then the version stops it
    with pytest.raises(ChangeConflictError):
        await world.accounts.commit(late, None, token="late")
    # And the entry does
    await world.table.transact([Put(made), Put(account_item(before))], token="no version")
    with pytest.raises(ChangeConflictError):
        await world.accounts.commit(late, None, token="later")


async def test_a_note_of_an_order_rests_on_the_account_as_it_was_read(world: World) -> None:
    # Given an order that is written beside the account, or would be
    account = await world.account()
    order = replace(
        cancelled_by_reset(buy_order(account, 1, NOW, cash=Money(1))), version=account.version
    )
    await world.accounts.commit(OrderNote(account=account, order=order), None, token="first")
    other = OrderNote(account=account, order=replace(order, id=OrderId(f"ord_{2:026}")))
    # When the same id is new once more, or the account has moved on
    with pytest.raises(ChangeConflictError):
        await world.accounts.commit(OrderNote(account=account, order=order), None, token="again")
    await world.deposit("1")
    with pytest.raises(ChangeConflictError):
        await world.accounts.commit(other, None, token="late")
    # Then
    assert await world.accounts.orders(ACCOUNT, [order.id, other.order.id]) == {order.id: order}


async def test_a_key_that_is_taken_is_a_conflict_and_writes_nothing(world: World) -> None:
    await world.accounts.remember(ACCOUNT, record(), token="first")
    with pytest.raises(ChangeConflictError):
        await world.accounts.commit(await next_change(world), record(), token="second")
    with pytest.raises(ChangeConflictError):
        await world.accounts.remember(ACCOUNT, record(), token="third")
    assert (await world.account()).version == 1


async def test_a_reward_that_is_used_up_is_a_conflict_and_writes_nothing(world: World) -> None:
    await world.claim()
    again = await next_change(world, ClaimReward(GREETING))
    with pytest.raises(ChangeConflictError):
        await world.accounts.commit(again, None, token="again")
    assert (await world.account()).version == 2


async def test_the_same_change_under_the_same_token_has_one_effect(world: World) -> None:
    change = await next_change(world)
    await world.accounts.commit(change, record(), token="one")
    await world.accounts.commit(change, record(), token="one")
    assert (await world.account()).version == 2


async def test_a_reset_finds_the_open_orders_of_its_epoch_among_older_ones(world: World) -> None:
    # Given orders that earlier resets left open, older and newer by their ids, and two of now
    await world.reset()
    await world.reset()
    account = await world.account()
    stale = [buy_order(account, n, NOW, cash=Money(1)) for n in (*range(1, 120), *range(300, 420))]
    await put(world.table, *(order_item(replace(order, epoch=1)) for order in stale))
    world.clock.advance(timedelta(days=1))
    await world.deposit("100")
    for number in (200, 201):
        account = await world.account()
        position = no_position(account, BTC)
        order = buy_order(account, number, world.clock.at, cash=Money(10_00))
        await world.accounts.commit(placed(account, position, order), None, token=f"{number}")
    # When
    done = await world.reset()
    # Then
    assert done.entry is not None
    assert set(done.entry.cancelled_orders) == {f"ord_{200:026}", f"ord_{201:026}"}
    assert done.account.available == Money(0)
    left = await world.accounts.orders(ACCOUNT, done.entry.cancelled_orders)
    assert {order.status for order in left.values()} == {OrderStatus.OPEN}
    seen = [seen_from(order, done.account) for order in left.values()]
    assert {order.status for order in seen} == {OrderStatus.CANCELLED}


async def test_a_reset_that_an_order_overtakes_is_decided_anew(world: World) -> None:
    reading = await world.accounts.read(ACCOUNT, Needs(everything=True))
    await world.buy("0.001")
    assert reading.state.positions == ()
    again = await world.accounts.read(ACCOUNT, Needs(everything=True))
    assert [held.asset_id for held in again.state.positions] == [BTC]


async def test_a_used_key_spares_a_reset_the_reading_of_everything() -> None:
    world = await World().open("10")
    await world.accounts.remember(ACCOUNT, record(), token="1")
    assert isinstance(world.table, MemoryTable)
    world.table.calls.clear()
    await world.accounts.read(ACCOUNT, Needs(everything=True), KEY)
    assert world.table.calls == ["snapshot"]


async def test_an_order_takes_one_reading_and_one_transaction() -> None:
    world = await World().open("1000")
    assert isinstance(world.table, MemoryTable)
    world.table.calls.clear()
    await world.buy("0.001", key="k")
    assert world.table.calls == ["snapshot", "transact"]
    world.table.calls.clear()
    await world.accounts.holdings(ACCOUNT)
    assert world.table.calls == ["query"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TableUnavailableError("gone"), OutageError),
        (TableOutcomeUnknownError("?"), OutcomeUnknownError),
    ],
)
async def test_what_the_table_raises_is_told_in_the_domains_words(
    error: TableUnavailableError, told: type[Exception]
) -> None:
    world = await World().open("10")
    change = await next_change(world, Deposit.of(Decimal(1)))
    assert isinstance(world.table, MemoryTable)
    world.table.fail_next(error)
    with pytest.raises(told):
        await world.accounts.commit(change, None, token="1")


async def test_a_table_that_is_away_is_an_outage_to_every_reader() -> None:
    world = await World().open("10")
    await world.table.close()
    store = world.accounts
    for reading in (
        store.read(ACCOUNT, Needs()),
        store.account(ACCOUNT),
        store.holdings(ACCOUNT),
        store.positions(ACCOUNT, [BTC]),
        store.entry(ACCOUNT, 1),
        store.entries(ACCOUNT, EntryFilter(), Stretch(limit=1)),
        store.orders(ACCOUNT, [OrderId("ord_1")]),
        store.orders_where(ACCOUNT, OrderFilter(), Stretch(limit=1)),
    ):
        with pytest.raises(OutageError):
            await reading
