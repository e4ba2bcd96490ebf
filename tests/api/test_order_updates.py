"""Updates of orders: each that changes, however it does, once for each state that it comes to."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.account_items import order_item, order_of
from adapters.table import Put, TableUnavailableError
from domain.ids import AssetId, OrderId, ulid_text
from domain.instants import ms_of
from subscriptions.orders import CLOCKS_APART_MAX, ENDED_AT_ONCE
from tests.api.order_text import placed, waiting
from tests.api.world import Answer, Session, World

UPDATES = "subscription { orderUpdates { id status statusReason version updatedAt } }"
RESET = "mutation { resetAccount(input: {}) { transaction { version at } } }"
CANCEL = "mutation ($id: ID!) { cancelOrder(input: {orderId: $id}) { errors { code } } }"


class Updates:
    """A stream of updates that is being read."""

    def __init__(self, stream: AsyncGenerator[Answer, None]) -> None:
        self._stream = stream
        self._next: asyncio.Future[Answer] | None = None

    async def told(self) -> list[dict[str, Any]]:
        """Return what has come meanwhile, until there is nothing more."""
        found: list[dict[str, Any]] = []
        while True:
            if self._next is None:
                self._next = asyncio.ensure_future(anext(self._stream))
            for _ in range(50):
                await asyncio.sleep(0)
            if not self._next.done():
                return found
            found.append(self._next.result()["orderUpdates"])
            self._next = None

    async def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
            await asyncio.wait([self._next])
        await self._stream.aclose()


async def following(world: World, session: Session) -> Updates:
    """Listen, from now on."""
    updates = Updates(world.listen(UPDATES, as_=session))
    assert await updates.told() == []
    return updates


async def at_once_or_never(world: World, session: Session, force: str = "IOC") -> str:
    """Place an order whose price isn't there, and return its id."""
    payload = await placed(
        world, session, type="LIMIT", limitPrice="40000", quantity="0.01", timeInForce=force
    )
    assert payload["order"]["status"] == "CANCELLED"
    return str(payload["order"]["id"])


def states(updates: list[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
    return [(one["id"], one["status"], one["statusReason"]) for one in updates]


@pytest.mark.parametrize("force", ["IOC", "FOK"])
async def test_an_order_that_ends_on_arrival_is_told_once(world: World, force: str) -> None:
    alice = await world.trader("1000")
    await at_once_or_never(world, alice)
    updates = await following(world, alice)
    one = await at_once_or_never(world, alice, force)
    assert states(await updates.told()) == [(one, "CANCELLED", "UNFILLABLE")]
    await world.deposit(alice, "1")
    assert await updates.told() == []
    another = await at_once_or_never(world, alice, force)
    world.clock.advance(CLOCKS_APART_MAX.total_seconds() * 3)
    later = await at_once_or_never(world, alice, force)
    assert [one["id"] for one in await updates.told()] == [another, later]
    await updates.close()


async def test_many_that_end_on_arrival_while_nobody_reads_are_all_told(world: World) -> None:
    alice = await world.trader("1000")
    updates = await following(world, alice)
    placed_ids = [await at_once_or_never(world, alice) for _ in range(ENDED_AT_ONCE + 5)]
    assert [one["id"] for one in await updates.told()] == placed_ids
    await updates.close()


async def test_many_that_ended_just_before_are_no_updates(world: World) -> None:
    alice = await world.trader("1000")
    for _ in range(ENDED_AT_ONCE + 5):
        await at_once_or_never(world, alice)
    updates = await following(world, alice)
    later = await at_once_or_never(world, alice)
    assert [one["id"] for one in await updates.told()] == [later]
    await updates.close()


async def test_one_whose_process_has_a_clock_that_is_behind_is_told_too(world: World) -> None:
    alice = await world.trader("1000")
    updates = await following(world, alice)
    first = await at_once_or_never(world, alice)
    assert [one["id"] for one in await updates.told()] == [first]
    (item,) = [item for key, item in world.stored().items() if key.sk == f"ORDER#{first}"]
    behind = order_of(item).created_at - CLOCKS_APART_MAX + timedelta(milliseconds=1)
    early = replace(
        order_of(item), id=OrderId(f"ord_{ulid_text(ms_of(behind), 1)}"), created_at=behind
    )
    await world.table.transact([Put(order_item(early))], token="early")
    world.exchange.entries.changed(early.account_id, early.version)
    assert [one["id"] for one in await updates.told()] == [early.id]
    world.exchange.entries.changed(early.account_id, early.version)
    assert await updates.told() == []
    await updates.close()


async def test_an_order_that_changes_twice_while_nobody_reads_comes_once_as_it_is(
    world: World,
) -> None:
    alice = await world.trader("1000")
    updates = await following(world, alice)
    one, other = await waiting(world, alice), await waiting(world, alice)
    await world.tick({"BTC": "39000"})
    assert states(await updates.told()) == [
        (one, "OPEN", None),
        (one, "FILLED", None),
        (other, "FILLED", None),
    ]
    await updates.close()


@pytest.mark.parametrize(
    ("price", "seconds", "ending"),
    [
        ("39000", 0, ("FILLED", None)),
        ("50000", 86_400, ("EXPIRED", "EXPIRED")),
    ],
)
async def test_each_change_is_told_of_an_order_that_waits(
    world: World, price: str, seconds: int, ending: tuple[str, str | None]
) -> None:
    alice = await world.trader("1000")
    updates = await following(world, alice)
    order_id = await waiting(world, alice, expiresAt="2026-03-02T12:00:00Z")
    assert states(await updates.told()) == [(order_id, "OPEN", None)]
    world.clock.advance(seconds)
    await world.tick({"BTC": price})
    await world.seconds.pass_one()
    assert states(await updates.told()) == [(order_id, *ending)]
    await updates.close()


async def test_a_cancelled_order_is_told_once_though_it_is_looked_for_twice(world: World) -> None:
    alice = await world.trader("1000")
    updates = await following(world, alice)
    order_id = await waiting(world, alice)
    await updates.told()
    await world.run(CANCEL, {"id": order_id}, as_=alice)
    assert states(await updates.told()) == [(order_id, "CANCELLED", "USER_CANCELLED")]
    await updates.close()


async def test_one_that_could_not_be_paid_is_told_as_rejected(world: World) -> None:
    alice = await world.trader("1000")
    updates = await following(world, alice)
    order_id = await waiting(
        world, alice, type="STOP_LOSS", limitPrice=None, triggerPrice="60000", quantity="0.016"
    )
    await updates.told()
    await world.tick({"BTC": "90000"})
    assert states(await updates.told()) == [(order_id, "REJECTED", "INSUFFICIENT_FUNDS")]
    await updates.close()


async def test_all_that_a_reset_ends_is_told_in_the_version_of_the_reset(world: World) -> None:
    alice = await world.trader("1000")
    ids = {await waiting(world, alice, quantity="0.001") for _ in range(20)}
    updates = await following(world, alice)
    before = len(world.table.calls)
    reset = (await world.run(RESET, as_=alice))["resetAccount"]["transaction"]
    told = await updates.told()
    assert {one["id"] for one in told} == ids
    assert len(told) == len(ids)
    assert {(one["status"], one["statusReason"]) for one in told} == {
        ("CANCELLED", "ACCOUNT_RESET")
    }
    assert {(one["version"], one["updatedAt"]) for one in told} == {(reset["version"], reset["at"])}
    await world.exchange.services.sweeps.close()
    assert await updates.told() == []
    assert world.table.calls[before:].count("get_many") <= len(ids) + 2  # each sweep reads its own
    await updates.close()


async def test_the_stream_ends_with_an_update_that_could_not_be_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await world.trader("1000")
    stream = world.listen("subscription { orderUpdates { asset { id } } }", as_=alice)
    first = asyncio.ensure_future(anext(stream))
    for _ in range(50):
        await asyncio.sleep(0)
    for _ in range(3):
        await world.buy(alice, "BTC", "0.001")
    assert (await first)["orderUpdates"] == {"asset": {"id": "BTC"}}

    async def down(*_: object, **__: object) -> None:
        raise TableUnavailableError("down")

    monkeypatch.setattr(world.table, "get", down)
    del world.exchange.services.board._states[AssetId("BTC")]
    assert [one.codes for one in [told async for told in stream]] == [["SERVICE_UNAVAILABLE"]]
