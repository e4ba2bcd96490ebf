"""Connections: pages forwards and backwards, and cursors that belong to one list."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from adapters.account_items import order_item, order_of
from adapters.table import Put
from domain.ids import OrderId
from domain.pages import EXAMINED_MAX, Slice
from resolvers.cursors import Cursors
from resolvers.pages import PageArgs, Paging
from tests.api.world import Session, World

LISTS = {"assets": "AssetFilter", "orders": "OrderFilter", "transactions": "TransactionFilter"}
FOREIGN = "is no cursor of this list"


async def page(
    world: World, session: Session | None, name: str, /, **variables: Any
) -> Mapping[str, Any]:
    text = f"""
    query ($first: Int, $after: String, $last: Int, $before: String, $filter: {LISTS[name]}) {{
      {name}(first: $first, after: $after, last: $last, before: $before, filter: $filter) {{
        nodes {{ id }}
        edges {{ cursor node {{ id }} }}
        pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
      }}
    }}"""
    answer = await world.run(text, variables, as_=session)
    if answer.errors:
        (error,) = answer.errors
        assert answer.data in ({name: None}, None)
        return {"code": error["extensions"]["code"], "message": error["message"]}
    found: dict[str, Any] = answer[name]
    assert [edge["node"] for edge in found["edges"]] == found["nodes"]
    return found


async def trader(world: World, username: str = "alice_01") -> Session:
    """Give every list four things."""
    session = await world.trader("1000", username)
    for asset in ("BTC", "ETH", "LTC", "BTC"):
        await world.buy(session, asset, "0.001")
    return session


def ids(found: Mapping[str, Any]) -> list[str]:
    return [node["id"] for node in found["nodes"]]


def info(found: Mapping[str, Any]) -> tuple[bool, bool]:
    return found["pageInfo"]["hasPreviousPage"], found["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_is_walked_forwards_and_backwards(world: World, name: str) -> None:
    alice = await trader(world)
    everything = await page(world, alice, name)
    cursors = [edge["cursor"] for edge in everything["edges"]]
    assert len(set(cursors)) == len(cursors) >= 4
    assert info(everything) == (False, False)
    assert everything["pageInfo"]["startCursor"] == cursors[0]
    assert everything["pageInfo"]["endCursor"] == cursors[-1]

    first = await page(world, alice, name, first=2)
    assert (ids(first), info(first)) == (ids(everything)[:2], (False, True))
    middle = await page(world, alice, name, first=1, after=first["pageInfo"]["endCursor"])
    assert (ids(middle), info(middle)) == (ids(everything)[2:3], (True, True))
    rest = await page(world, alice, name, after=middle["pageInfo"]["endCursor"])
    assert (ids(rest), info(rest)) == (ids(everything)[3:], (True, False))

    last = await page(world, alice, name, last=2)
    assert (ids(last), info(last)) == (ids(everything)[-2:], (True, False))
    before = await page(world, alice, name, before=last["pageInfo"]["startCursor"])
    assert (ids(before), info(before)) == (ids(everything)[:-2], (False, True))
    assert ids(await page(world, alice, name, last=1, before=cursors[1])) == ids(everything)[:1]


@pytest.mark.parametrize("name", LISTS)
async def test_behind_the_end_and_before_the_start_there_is_nothing(
    world: World, name: str
) -> None:
    alice = await trader(world)
    everything = await page(world, alice, name)
    behind = await page(world, alice, name, after=everything["pageInfo"]["endCursor"])
    assert (ids(behind), info(behind)) == ([], (True, False))
    before = await page(world, alice, name, before=everything["pageInfo"]["startCursor"])
    assert (ids(before), info(before)) == ([], (False, True))


@pytest.mark.parametrize("name", ["orders", "transactions"])
async def test_an_empty_list_has_no_cursors(world: World, name: str) -> None:
    alice = await world.register()
    for arguments in ({}, {"last": 5}):
        found = await page(world, alice, name, **arguments)
        assert found["pageInfo"] == {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        }


async def test_twenty_come_when_nothing_is_said_and_at_most_a_hundred(world: World) -> None:
    alice = await world.trader("10000")
    for _ in range(101):
        await world.buy(alice, "DOGE", "1")
    assert len(ids(await page(world, alice, "transactions"))) == 20
    assert len(ids(await page(world, alice, "orders", before=None))) == 20
    full = await page(world, alice, "orders", first=100)
    assert (len(ids(full)), info(full)) == (100, (False, True))
    backwards = await page(world, alice, "orders", last=100)
    assert (len(ids(backwards)), info(backwards)) == (100, (True, False))
    assert ids(full)[1:] == ids(backwards)[:-1]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"first": 0}, "`first` is 0; 1 to 100 are allowed."),
        ({"first": -1}, "`first` is -1; 1 to 100 are allowed."),
        ({"first": 101}, "`first` is 101; 1 to 100 are allowed."),
        ({"last": 0}, "`last` is 0; 1 to 100 are allowed."),
        ({"last": -(2**31)}, "`last` is -2147483648; 1 to 100 are allowed."),
        ({"last": 101}, "`last` is 101; 1 to 100 are allowed."),
        ({"first": 2**31}, "Int cannot represent non 32-bit signed integer value"),
        ({"last": 2**63}, "Int cannot represent non 32-bit signed integer value"),
        ({"first": "1"}, "Int cannot represent non-integer value"),
        ({"first": 1, "last": 1}, "Give one of `first` and `last`; both were given."),
        ({"first": 1, "before": "x"}, "`before` goes with `last`, and `after` with `first`."),
        ({"last": 1, "after": "x"}, "`before` goes with `last`, and `after` with `first`."),
        ({"after": "x", "before": "y"}, "`before` goes with `last`, and `after` with `first`."),
    ],
)
async def test_impossible_pages_are_refused(
    world: World, name: str, arguments: dict[str, Any], told: str
) -> None:
    alice = await world.register()
    refused = await page(world, alice, name, **arguments)
    assert refused["code"] == "BAD_USER_INPUT"
    assert told in refused["message"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("argument", ["after", "before"])
async def test_a_cursor_that_was_tampered_with_is_refused(
    world: World, name: str, argument: str
) -> None:
    alice = await trader(world)
    cursor = (await page(world, alice, name))["edges"][1]["cursor"]
    doctored = "A" if cursor[0] != "A" else "B"
    for bad in (
        "",
        "=",
        " ",
        "\x00",
        "é",
        "\ud800",
        cursor[:-1],
        cursor[1:],
        cursor + "A",
        cursor + "=",
        f" {cursor}",
        doctored + cursor[1:],
        cursor[:-2] + doctored + cursor[-1],
        "x" * 10_000,
        cursor * 100,
    ):
        refused = await page(world, alice, name, **{argument: bad})
        assert refused["code"] == "BAD_USER_INPUT"
        assert f"`{argument}` {FOREIGN}" in refused["message"]
        assert len(refused["message"]) < 200


async def test_a_cursor_of_another_user_list_or_filter_is_refused(world: World) -> None:
    alice, bob = await trader(world), await trader(world, "bobby_02")
    own = {name: (await page(world, alice, name))["edges"][1]["cursor"] for name in LISTS}
    foreign: list[tuple[Session, str, dict[str, Any]]] = [
        (bob, "orders", {"after": own["orders"]}),
        (bob, "transactions", {"after": own["transactions"]}),
        (alice, "orders", {"after": own["transactions"]}),
        (alice, "transactions", {"after": own["assets"]}),
        (alice, "assets", {"before": own["orders"]}),
        (alice, "orders", {"after": own["orders"], "filter": {"side": "BUY"}}),
        (alice, "transactions", {"after": own["transactions"], "filter": {"assetId": "BTC"}}),
        (alice, "assets", {"after": own["assets"], "filter": {"search": "t"}}),
    ]
    for session, name, arguments in foreign:
        refused = await page(world, session, name, **arguments)
        assert refused["code"] == "BAD_USER_INPUT"
        assert FOREIGN in refused["message"]


async def test_a_cursor_of_another_order_is_refused(world: World) -> None:
    text = """
    query ($after: String, $by: AssetOrder) {
      assets(first: 2, after: $after, orderBy: $by) { pageInfo { endCursor } nodes { id } }
    }"""
    by_name = {"by": {"field": "NAME"}}
    cursor = (await world.run(text, by_name))["assets"]["pageInfo"]["endCursor"]
    following = await world.run(text, by_name | {"after": cursor})
    assert [node["id"] for node in following["assets"]["nodes"]] == ["ETH", "LTC"]
    refused = await world.run(text, {"by": {"field": "PRICE"}, "after": cursor})
    assert refused.codes == ["BAD_USER_INPUT"]


async def test_everybodys_cursor_of_a_public_list_is_the_same(world: World) -> None:
    alice = await world.register()
    cursor = (await page(world, None, "assets"))["edges"][1]["cursor"]
    assert len(ids(await page(world, alice, "assets", after=cursor))) == 2


async def test_a_filtered_page_goes_on_behind_its_end(world: World) -> None:
    alice = await trader(world)
    where = {"filter": {"assetId": "BTC"}}
    both = await page(world, alice, "orders", **where)
    assert len(ids(both)) == 2
    one = await page(world, alice, "orders", first=1, **where)
    assert (ids(one), info(one)) == (ids(both)[:1], (False, True))
    other = await page(world, alice, "orders", first=1, after=one["pageInfo"]["endCursor"], **where)
    assert (ids(other), info(other)) == (ids(both)[1:], (True, False))


async def test_equal_filters_share_their_cursors(world: World) -> None:
    alice = await trader(world)
    where = {"filter": {"kinds": ["ORDER_BUY", "DEPOSIT"]}}
    cursor = (await page(world, alice, "transactions", first=1, **where))["pageInfo"]["endCursor"]
    again = {"filter": {"kinds": ["DEPOSIT", "ORDER_BUY", "DEPOSIT"], "assetId": None}}
    found = await page(world, alice, "transactions", after=cursor, **again)
    assert len(ids(found)) == 4


async def test_a_page_that_examined_enough_is_short_and_says_that_the_list_goes_on(
    world: World,
) -> None:
    alice = await world.trader("1000")
    await world.buy(alice, "LTC", "1")
    oldest = await world.sell(alice, "LTC", "1")
    await plant_buys(world, await world.buy(alice, "LTC", "1"), count=EXAMINED_MAX)
    sales = {"filter": {"side": "SELL"}}

    first = await page(world, alice, "orders", **sales)
    assert (ids(first), info(first)) == ([], (False, True))
    second = await page(world, alice, "orders", after=first["pageInfo"]["endCursor"], **sales)
    assert (ids(second), info(second)) == ([oldest], (True, False))
    assert ids(await page(world, alice, "orders", last=5, **sales)) == [oldest]


async def plant_buys(world: World, order_id: str, count: int) -> None:
    """Store copies of an order, each with a later id."""
    (stored,) = [item for item in world.stored().values() if item.key.sk == f"ORDER#{order_id}"]
    first = order_of(stored)
    for number in range(count):
        copy = replace(first, id=OrderId(f"ord_7{number:025}"))
        await world.table.transact([Put(order_item(copy))], token=f"copy {number}")


@pytest.mark.parametrize("is_backwards", [False, True])
def test_a_short_page_goes_on_where_it_stopped_looking(*, is_backwards: bool) -> None:
    cursors = Cursors[int]("numbers", spell=str, parse=int)
    args = PageArgs(last=5) if is_backwards else PageArgs(first=5)
    found = Slice(items=(1, 2), has_more=True, end=9)
    info = Paging[int, int](args, cursors).connection(found, lambda item: item).page_info
    far, near = (
        (info.start_cursor, info.end_cursor)
        if is_backwards
        else (info.end_cursor, info.start_cursor)
    )
    assert (far, near) == (cursors.spell(9), cursors.spell(1))
