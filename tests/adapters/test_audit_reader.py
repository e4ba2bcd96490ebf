"""The audit of a whole store, at rest and in use."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.account_audit import READS_AGAIN_MAX
from adapters.account_items import position_key
from adapters.audit_reader import Progress, audit_store
from adapters.identity_items import (
    claim_item,
    email_claim_key,
    user_item,
    user_key,
    username_claim_key,
)
from adapters.journal_items import entry_key
from adapters.sqlite_table import SqliteTable
from adapters.table import Delete, Item, Key, Put, Value
from domain.orders import OrderSide
from tests.adapters.faulty_table import FaultyTable
from tests.adapters.memory_table import MemoryTable
from tests.adapters.test_audit_damages import EMAIL, OTHER_ACCOUNT, REWARD, changed, lost, put
from tests.domain.history import lived
from tests.domain.ledger_world import ACCOUNT, ALICE, BTC, USER, World, findings_of, order


async def test_a_store_without_damage_is_read_whole_and_nothing_is_found() -> None:
    world, history = await lived()
    told = [told async for told in audit_store(world.table)]
    assert all(isinstance(one, Progress) for one in told)
    assert told[-1] == Progress(accounts=1, entries=len(history.entries), users=1)


async def test_an_empty_store_is_clean() -> None:
    told = [told async for told in audit_store(MemoryTable())]
    assert told == [Progress(accounts=0, entries=0, users=0)]


async def test_the_file_of_a_store_is_audited_beside_the_one_that_writes_it(tmp_path: Path) -> None:
    clock = World().clock
    path = tmp_path / "store.db"
    table = await SqliteTable.open(path, wall_clock_s=clock.now_s)
    world, _ = await lived(World(table))
    reader = await SqliteTable.open_read_only(path, wall_clock_s=clock.now_s)
    try:
        assert await findings_of(reader) == []
        await world.deposit("1")
        assert await findings_of(reader) == []
    finally:
        await reader.close()
        await table.close()


@pytest.mark.parametrize("seed", range(5))
async def test_trading_meanwhile_is_no_damage(seed: int) -> None:
    # Given a store whose reads and writes take their time
    world = await World().open("1000")
    world.prices.set(BTC, "1")
    slow = FaultyTable(world.table, seed, turns_max=5)
    ledger = world.another_ledger(slow, seed)
    audits = 0

    async def trade() -> None:
        for number in range(40):
            side = OrderSide.SELL if number % 3 == 2 else OrderSide.BUY
            await world.do(order(side, notional="2"), f"key-{number}", ledger=ledger)

    # When it is audited as long as somebody trades
    trading = asyncio.create_task(trade())
    while not trading.done():
        assert await findings_of(slow) == []
        audits += 1
    await trading
    # Then
    assert audits > 1


async def test_a_user_who_changes_the_address_meanwhile_is_no_damage() -> None:
    # Given a reader that sees the old record, and then the new claims
    world, _ = await lived()
    moved = replace(ALICE, email="Elsewhere@Example.com", version=2)

    class Moving(FaultyTable):
        reads = 0

        async def get(self, key: Key, *, strong: bool = True) -> Item | None:
            found = await super().get(key, strong=strong)
            if key == user_key(USER):
                self.reads += 1
                if self.reads == 2:
                    claim = claim_item(email_claim_key(moved.email_key), USER)
                    await world.table.transact(
                        [Put(user_item(moved)), Put(claim), Delete(EMAIL)], token="move"
                    )
            return found

    # Then
    assert await findings_of(Moving(world.table)) == []


async def test_a_claim_that_is_given_up_meanwhile_is_no_damage() -> None:
    world, _ = await lived()
    stray = username_claim_key("bob")
    await put(world.table, claim_item(stray, USER))

    class GivingUp(FaultyTable):
        async def get(self, key: Key, *, strong: bool = True) -> Item | None:
            if key == stray:
                await world.table.transact([Delete(stray)], token="give up")
            return await super().get(key, strong=strong)

    assert await findings_of(GivingUp(world.table)) == []


async def test_long_journals_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.account_audit.PAGE", 3)
    world, _ = await lived()
    assert await world.findings() == []
    await lost(entry_key(ACCOUNT, 7))(world.table)
    assert f"{ACCOUNT} entry 8: versions 7 to 7 are missing" in map(str, await world.findings())


async def test_a_position_that_stays_newer_than_its_account_is_looked_at_again_and_told() -> None:
    world, _ = await lived()
    await changed(position_key(ACCOUNT, BTC), version=99)(world.table)
    assert isinstance(world.table, MemoryTable)
    world.table.calls.clear()
    await world.findings()
    assert world.table.calls.count("query") >= READS_AGAIN_MAX


async def test_a_user_erased_while_it_is_read_is_no_damage_of_its_record() -> None:
    world, _ = await lived()

    class Erased(FaultyTable):
        async def get(self, key: Key, *, strong: bool = True) -> Item | None:
            return None if key == user_key(USER) else await super().get(key, strong=strong)

    found = [str(finding) for finding in await findings_of(Erased(world.table))]
    assert all("is missing" in finding or "a claim" in finding for finding in found), found


async def test_sessions_and_rewards_of_accounts_unseen_are_passed_over() -> None:
    world, _ = await lived()
    await put(world.table, Item(Key(f"USER#{USER}", "SESSION#1"), {}))
    reward: dict[str, Value] = {"account": OTHER_ACCOUNT, "version": 1}
    await put(world.table, Item(replace(REWARD, sk="REWARD#2026-03-05#RED_POCKET"), reward))
    (found,) = await world.findings()
    assert found.message == f"its entry 1 of {OTHER_ACCOUNT} is missing"


async def test_expired_keys_are_not_missed() -> None:
    world, _ = await lived()
    world.clock.advance(timedelta(days=30))
    assert await world.findings() == []
