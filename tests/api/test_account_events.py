"""The account's events: each of them once, in order, replayed and live; and the orders' updates."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from adapters.table import TableUnavailableError
from subscriptions.accounts import ENTRIES_AT_ONCE
from tests.api.order_text import waiting
from tests.api.world import Answer, Session, World

EVENTS = """
subscription ($since: Int) {
  accountEvents(since: $since) {
    version at
    transaction { version kind cashAfter orderStatus order { id } asset { id price } }
    order { id status }
    account { version cash }
  }
}"""
ORDERS = """
subscription { orderUpdates { id side status quantity version asset { id price } } }
"""


async def event(stream: AsyncGenerator[Answer, None]) -> dict[str, Any]:
    found: dict[str, Any] = (await anext(stream))["accountEvents"]
    return found


async def listening(
    world: World, session: Session, text: str = EVENTS, **variables: Any
) -> tuple[AsyncGenerator[Answer, None], "asyncio.Task[Answer]"]:
    """Open a stream, and come to where it waits for its first event."""
    stream = world.listen(text, variables, as_=session)
    first = asyncio.ensure_future(anext(stream))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not first.done()
    return stream, first


async def test_without_since_it_is_from_now_on(world: World) -> None:
    alice = await world.trader("1000")
    stream, first = await listening(world, alice)
    order_id = await world.buy(alice, "BTC", "0.01")
    assert (await first)["accountEvents"] == {
        "version": 2,
        "at": "2026-03-01T12:00:00.000Z",
        "transaction": {
            "version": 2,
            "kind": "ORDER_BUY",
            "cashAfter": "500.00",
            "orderStatus": "FILLED",
            "order": {"id": order_id},
            "asset": {"id": "BTC", "price": "50000"},
        },
        "order": {"id": order_id, "status": "FILLED"},
        "account": {"version": 2, "cash": "500.00"},
    }
    await stream.aclose()


async def test_with_since_everything_after_it_comes_first_then_what_happens(world: World) -> None:
    alice = await world.trader("1000")
    await world.buy(alice, "BTC", "0.01")
    await world.sell(alice, "BTC", "0.01")
    stream = world.listen(EVENTS, {"since": 1}, as_=alice)
    replayed = [await event(stream), await event(stream)]
    assert [one["transaction"]["kind"] for one in replayed] == ["ORDER_BUY", "ORDER_SELL"]
    assert replayed[0]["transaction"]["cashAfter"] == "500.00"
    assert replayed[0]["account"] == {"version": 3, "cash": "1000.00"}
    await world.deposit(alice, "1")
    live = await event(stream)
    assert (live["version"], live["order"], live["transaction"]["asset"]) == (4, None, None)
    await stream.aclose()


async def test_since_the_present_version_is_from_now_on(world: World) -> None:
    alice = await world.trader("1000")
    stream, first = await listening(world, alice, since=1)
    await world.deposit(alice, "1")
    assert (await first)["accountEvents"]["version"] == 2
    await stream.aclose()


@pytest.mark.parametrize("readers", [1, 5])
async def test_there_is_no_gap_and_no_repeat_at_the_seam_while_money_moves(
    world: World, readers: int
) -> None:
    alice = await world.trader("1")
    for _ in range(2 * ENTRIES_AT_ONCE):
        await world.deposit(alice, "0.01")
    total = 2 * ENTRIES_AT_ONCE + 1 + 100

    async def move() -> None:
        for _ in range(100):
            await world.deposit(alice, "0.01")

    async def read(since: int) -> list[int]:
        stream = world.listen(EVENTS, {"since": since}, as_=alice)
        versions = [(await event(stream))["version"] for _ in range(total - since)]
        await stream.aclose()
        return versions

    moving = asyncio.create_task(move())
    heard = await asyncio.gather(*(read(37 * number) for number in range(readers)))
    await moving
    for number, versions in enumerate(heard):
        assert versions == list(range(37 * number + 1, total + 1))


@pytest.mark.parametrize(("since", "told"), [(-1, "-1"), (2, "2"), (2**31 - 1, "2147483647")])
async def test_a_version_that_never_was_is_refused(world: World, since: int, told: str) -> None:
    alice = await world.trader("1")
    (answer,) = [one async for one in world.listen(EVENTS, {"since": since}, as_=alice)]
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.message == (f"`since` is {told}; 0 to 1, the account's version, are allowed.")


async def test_a_version_beyond_counting_is_refused(world: World) -> None:
    alice = await world.trader("1")
    (answer,) = [one async for one in world.listen(EVENTS, {"since": 2**31}, as_=alice)]
    assert answer.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("text", [EVENTS, ORDERS])
async def test_a_stranger_hears_nothing(world: World, text: str) -> None:
    (answer,) = [one async for one in world.listen(text)]
    assert (answer.data, answer.codes) == (None, ["UNAUTHENTICATED"])


async def test_nobody_hears_of_somebody_else(world: World) -> None:
    alice, bob = await world.trader("1000"), await world.trader("1000", "bobby_02")
    stream, first = await listening(world, alice)
    orders, update = await listening(world, alice, ORDERS)
    await world.buy(bob, "BTC", "0.01")
    for _ in range(20):
        await asyncio.sleep(0)
    assert not first.done()
    assert not update.done()
    await world.buy(alice, "ETH", "0.1")
    assert (await first)["accountEvents"]["transaction"]["asset"]["id"] == "ETH"
    assert (await update)["orderUpdates"]["asset"]["id"] == "ETH"
    await stream.aclose()
    await orders.aclose()


async def test_orders_come_as_they_change(world: World) -> None:
    alice = await world.trader("1000")
    stream, first = await listening(world, alice, ORDERS)
    await world.deposit(alice, "1")
    order_id = await world.buy(alice, "BTC", "0.01")
    assert (await first)["orderUpdates"] == {
        "id": order_id,
        "side": "BUY",
        "status": "FILLED",
        "quantity": "0.01",
        "version": 3,
        "asset": {"id": "BTC", "price": "50000"},
    }
    await stream.aclose()


@pytest.mark.parametrize(("text", "root"), [(EVENTS, "accountEvents"), (ORDERS, "orderUpdates")])
async def test_what_stands_beside_an_event_is_of_the_moment(
    world: World, text: str, root: str
) -> None:
    alice = await world.trader("1000")
    stream, first = await listening(world, alice, text)
    seen = []
    for price in ("50000", "60000", "70000"):
        await world.tick({"BTC": price})
        await world.buy(alice, "BTC", "0.001")
        event = (await first)[root]
        seen.append((event.get("transaction") or event)["asset"]["price"])
        first = asyncio.ensure_future(anext(stream))
    assert seen == ["50000", "60000", "70000"]
    first.cancel()
    await asyncio.wait([first])


async def test_each_of_the_orders_that_a_reset_cancels_is_an_update_of_its_own(
    world: World,
) -> None:
    alice = await world.trader("1000")
    ids = [await waiting(world, alice) for _ in range(2)]
    stream, first = await listening(world, alice, ORDERS)
    await world.run("mutation { resetAccount(input: {}) { replayed } }", as_=alice)
    one = (await first)["orderUpdates"]
    await world.tick({"BTC": "60000"})
    other = (await anext(stream))["orderUpdates"]
    assert {one["id"], other["id"]} == set(ids)
    assert (one["status"], other["status"]) == ("CANCELLED", "CANCELLED")
    assert (one["asset"]["price"], other["asset"]["price"]) == ("50000", "60000")
    await stream.aclose()


async def test_closed_streams_leave_nothing_behind(world: World) -> None:
    alice = await world.trader("1000")
    await world.buy(alice, "BTC", "0.01")
    before = asyncio.all_tasks()
    streams = [world.listen(EVENTS, {"since": 0}, as_=alice) for _ in range(3)]
    for stream in streams:
        await event(stream)
        await stream.aclose()
    cut_off, first = await listening(world, alice, ORDERS)
    first.cancel()
    await asyncio.wait([first])
    await cut_off.aclose()
    assert topics(world) == {}
    assert asyncio.all_tasks() == before


def topics(world: World) -> object:
    """Return who listens to the bus."""
    return world.exchange.entries._bus._mailboxes  # type: ignore[attr-defined]


async def test_an_outage_ends_the_stream_with_its_code(world: World) -> None:
    alice = await world.trader("1000")
    stream = world.listen(EVENTS, {"since": 0}, as_=alice)
    await event(stream)
    coming = asyncio.ensure_future(anext(stream))
    for _ in range(20):
        await asyncio.sleep(0)
    world.table.fail_next(TableUnavailableError("down"))
    world.exchange.entries.changed(alice.account_id, 2)  # type: ignore[arg-type]
    answer = await coming
    assert answer.codes == ["SERVICE_UNAVAILABLE"]
    assert [one async for one in stream] == []
    assert topics(world) == {}


async def test_a_stream_ends_with_the_event_that_could_not_be_shown(world: World) -> None:
    alice = await world.trader("1000")
    for _ in range(3):
        await world.deposit(alice, "1")
    stream = world.listen(EVENTS, {"since": 0}, as_=alice)
    assert (await event(stream))["version"] == 1
    world.table.fail_next(TableUnavailableError("down"))
    rest = [one async for one in stream]
    assert [one.codes for one in rest] == [["SERVICE_UNAVAILABLE"]]
    assert topics(world) == {}
    again = world.listen(EVENTS, {"since": 1}, as_=alice)
    assert (await event(again))["version"] == 2
    await again.aclose()


async def test_an_account_that_is_gone_has_no_version(world: World) -> None:
    alice = await world.trader("1000")
    for key in [key for key in world.stored() if key.sk == "STATE"]:
        del world.table._items[key]
    (answer,) = [one async for one in world.listen(EVENTS, {"since": 1}, as_=alice)]
    assert answer.codes == ["BAD_USER_INPUT"]
