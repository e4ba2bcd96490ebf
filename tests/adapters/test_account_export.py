"""Accounts that change while they are exported: what is read is of one version all the same."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.account_export import CATCH_UPS_MAX, AccountExport
from adapters.account_items import account_pk
from adapters.audit_reader import audit_store
from adapters.store_export import StoreExport
from adapters.table import Item, Key, Page, Put, Table, TableUnavailableError, Update
from domain.audit import Finding
from domain.ids import AccountId
from tests.adapters.memory_table import MemoryTable
from tests.api.world import Session, World, opened

PLACE = """
mutation ($input: OrderInput!) {
  placeOrder(input: $input) { order { id } errors { code } }
}"""
CANCEL = "mutation ($id: ID!) { cancelOrder(input: {orderId: $id}) { errors { code } } }"

Deed = Callable[[], Awaitable[object]]


@dataclass
class Watched:
    """A table whose readers are interrupted: before each call, the next deed is done."""

    table: Table
    deeds: list[Deed | None] = field(default_factory=list)
    calls: int = 0

    async def _before(self) -> None:
        self.calls += 1
        deed = self.deeds.pop(0) if self.deeds else None
        if deed is not None:
            await deed()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.table, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            await self._before()
            return await method(*args, **kwargs)

        return call

    async def scan(self, prefix: str) -> AsyncIterator[Item]:
        await self._before()
        async for item in self.table.scan(prefix):
            yield item


async def rest(world: World, person: Session, price: str) -> str:
    """Place an order that waits for its price, under a key, and return its id."""
    typed = {
        "side": "BUY",
        "assetId": "BTC",
        "type": "LIMIT",
        "quantity": "1",
        "limitPrice": price,
        "idempotencyKey": f"at-{price}",
    }
    placed = (await world.run(PLACE, {"input": typed}, as_=person))["placeOrder"]
    assert placed["errors"] == []
    return str(placed["order"]["id"])


async def copied(items: Iterable[Item]) -> MemoryTable:
    """Return a table of these items; one that comes twice is a fault."""
    table = MemoryTable()
    for number, item in enumerate(items):
        assert await table.get(item.key) is None, item.key
        await table.transact([Put(item)], token=str(number))
    return table


async def findings(table: Table) -> list[str]:
    return [str(found) async for found in audit_store(table) if isinstance(found, Finding)]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with opened() as made:
        yield made


async def test_a_store_at_rest_is_exported_whole(world: World) -> None:
    alice = await world.trader("1000", "alice_01")
    await world.buy(alice, "DOGE", "10")
    await world.sell(alice, "DOGE", "4")
    await rest(world, await world.trader("5", "bob_0001"), "1")

    exported = [item async for item in StoreExport(world.table).items()]

    assert {item.key: item for item in exported} == world.stored()
    assert len(exported) == len(world.stored())


@pytest.mark.parametrize("step", range(40))
async def test_whenever_people_trade_the_export_is_sound(step: int) -> None:
    """Each call that the export makes is preceded, in one of the runs, by a burst of trades."""
    async with opened() as world:
        alice = await world.trader("1000", "alice_01")
        bob = await world.trader("500", "bob_0001")
        await world.buy(alice, "DOGE", "10")

        waiting = [await rest(world, bob, price) for price in ("1", "2")]

        async def burst() -> None:
            cancelled = await world.run(CANCEL, {"id": waiting[0]}, as_=bob)
            assert cancelled["cancelOrder"] == {"errors": []}
            await rest(world, bob, "3")
            await world.buy(alice, "DOGE", "1")
            await world.buy(alice, "LTC", "1")
            await world.deposit(bob, "5")
            carol = await world.register("carol_01")
            await world.deposit(carol, "7")

        watched = Watched(world.table, [None] * step + [burst])
        exported = [item async for item in StoreExport(watched).items()]

        assert await findings(await copied(exported)) == []


async def test_a_change_at_each_reading_is_caught_up_with(world: World) -> None:
    alice = await world.trader("1000")

    async def buy() -> None:
        await world.buy(alice, "DOGE", "1")

    watched = Watched(world.table, [buy] * 20)
    export = AccountExport(watched, AccountId(alice.account_id))
    items = {item.key.sk: item async for item in export.items()}

    journal = [sk for sk in items if sk.startswith("JOURNAL#")]
    assert items["STATE"].attributes["version"] == export.version == len(journal)
    assert items["STATE#DOGE"].attributes["version"] == export.version
    assert len([sk for sk in items if sk.startswith("ORDER#")]) == export.version - 1


@dataclass
class Torn(Watched):
    """A table whose first queries show what was there before the last transaction.

    DynamoDB may do so for a moment: of what is committed, a query shows each item by itself.
    """

    past: Table = field(default_factory=MemoryTable)
    queries: int = 2

    async def query(self, *asked: Any, **more: Any) -> Page:
        self.queries -= 1
        table = self.past if self.queries >= 0 else self.table
        page: Page = await table.query(*asked, **more)
        return page


async def test_what_a_query_shows_late_is_read_by_key(world: World) -> None:
    alice = await world.trader("1000")
    await world.buy(alice, "DOGE", "2")
    waiting = await rest(world, alice, "2")
    for last in (
        lambda: world.buy(alice, "LTC", "1"),
        lambda: world.sell(alice, "DOGE", "2"),
        lambda: world.run(CANCEL, {"id": waiting}, as_=alice),
    ):
        past = await copied(world.stored().values())
        await last()
        account_id = AccountId(alice.account_id)
        export = AccountExport(Torn(world.table, past=past), account_id)
        exported = {item.key: item async for item in export.items()}

        pk = account_pk(account_id)
        stored = {key: item for key, item in world.stored().items() if key.pk == pk}
        assert {key: item for key, item in exported.items() if key.pk == pk} == stored


async def test_an_account_that_never_rests_is_told(world: World) -> None:
    alice = await world.trader("1000")

    async def buy() -> None:
        await world.buy(alice, "DOGE", "1")

    watched = Watched(world.table, [buy] * (4 * CATCH_UPS_MAX + 10))
    export = AccountExport(watched, AccountId(alice.account_id))

    with pytest.raises(TableUnavailableError, match="faster"):
        [item async for item in export.items()]


async def test_an_account_that_is_not_there_has_nothing(world: World) -> None:
    assert [item async for item in AccountExport(world.table, AccountId("acc_x")).items()] == []


async def test_a_key_whose_order_came_later_is_left_out_with_it(world: World) -> None:
    alice = await world.trader("1000")
    pk = f"ACCOUNT#{alice.account_id}"
    noted = Item(Key(pk, "KEY#k"), {"key": "k", "fingerprint": "f", "at": 1, "order": "later"})
    await world.table.transact([Put(noted)], token="noted")

    export = AccountExport(world.table, AccountId(alice.account_id))
    assert "KEY#k" not in {item.key.sk async for item in export.items()}


async def test_a_user_who_is_erased_or_renamed_meanwhile_has_no_stray_claims() -> None:
    async with opened() as world:
        alice = await world.register("alice_01")
        profile = Key(f"USER#{alice.user_id}", "PROFILE")

        async def touch() -> None:
            stored = await world.table.get(profile)
            assert stored is not None
            version = stored.attributes["version"]
            assert isinstance(version, int)
            await world.table.transact(
                [Update(profile, {"version": version + 1})], token=f"touch-{version}"
            )

        for step in range(12):
            watched = Watched(world.table, [None] * step + [touch])
            items = [item async for item in StoreExport(watched).items()]
            assert await findings(await copied(items)) == []
