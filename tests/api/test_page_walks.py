"""Walks through connections: nothing comes twice and nothing is missed, whichever way."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api.world import Session, World, many_assets, opened

STEPS_MAX = 100
"""Pages in one walk; more would be a walk in circles."""

KINDS = ["DEPOSIT", "ORDER_BUY", "ORDER_SELL", "CNY_REWARD"]
ASSETS = [f"A{number:02}" for number in range(12)]
FIELDS = ["MARKET_CAP_RANK", "NAME", "PRICE", "PRICE_CHANGE_24H", "VOLUME_24H"]

asset_ids = st.sampled_from([*ASSETS[:4], "NONE"])
order_filters = st.fixed_dictionaries(
    {},
    optional={
        "assetId": asset_ids,
        "side": st.sampled_from(["BUY", "SELL"]),
        "statuses": st.lists(st.sampled_from(["FILLED", "OPEN"]), max_size=2),
    },
)
transaction_filters = st.fixed_dictionaries(
    {},
    optional={
        "assetId": asset_ids,
        "kinds": st.lists(st.sampled_from(KINDS), max_size=3),
        "from": st.sampled_from([f"2026-03-01T12:00:{second:02}Z" for second in range(0, 40, 7)]),
        "to": st.sampled_from([f"2026-03-01T12:00:{second:02}Z" for second in range(0, 40, 7)]),
    },
)
asset_filters = st.fixed_dictionaries(
    {},
    optional={
        "ids": st.lists(asset_ids, max_size=5),
        "search": st.sampled_from(["a0", "1", "the", "nothing"]),
        "isTradable": st.booleans(),
    },
)
asset_orders = st.fixed_dictionaries(
    {"field": st.sampled_from(FIELDS), "direction": st.sampled_from(["ASC", "DESC"])}
)
walks = st.one_of(
    st.tuples(st.just("orders"), st.fixed_dictionaries({"filter": order_filters})),
    st.tuples(st.just("transactions"), st.fixed_dictionaries({"filter": transaction_filters})),
    st.tuples(
        st.just("assets"),
        st.fixed_dictionaries({"filter": asset_filters}, optional={"orderBy": asset_orders}),
    ),
)

TEXTS = {
    name: f"""
    query ($first: Int, $after: String, $last: Int, $before: String, {more}) {{
      {name}(first: $first, after: $after, last: $last, before: $before, {use}) {{
        edges {{ cursor node {{ id }} }}
        pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
      }}
    }}"""
    for name, more, use in (
        ("orders", "$filter: OrderFilter", "filter: $filter"),
        ("transactions", "$filter: TransactionFilter", "filter: $filter"),
        (
            "assets",
            "$filter: AssetFilter, $orderBy: AssetOrder",
            "filter: $filter, orderBy: $orderBy",
        ),
    )
}


class Trader:
    """A user with 40 journal entries, a second apart, on a loop of their own."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        prices = {asset: str(1 + number % 3) for number, asset in enumerate(ASSETS)}
        self._opening = opened(catalogue=many_assets(len(ASSETS)), prices=prices)
        self._world: World = runner.run(self._opening.__aenter__())
        self._session: Session = runner.run(self._trade())

    async def _trade(self) -> Session:
        session = await self._world.trader("1000")
        for number in range(39):
            self._world.clock.advance(1)
            asset = ASSETS[number % 4]
            if number % 5 == 4:
                await self._world.deposit(session, "1")
            elif number >= 8 and number % 3 == 2:
                await self._world.sell(session, asset, "0.5")
            else:
                await self._world.buy(session, asset, "2")
        return session

    def close(self) -> None:
        self._runner.run(self._opening.__aexit__(None, None, None))

    def page(self, name: str, **variables: Any) -> dict[str, Any]:
        answer = self._runner.run(self._world.run(TEXTS[name], variables, as_=self._session))
        found: dict[str, Any] = answer[name]
        return found

    def walk(self, name: str, variables: dict[str, Any], size: int, *, back: bool) -> list[str]:
        """Return all ids in the order in which the pages come."""
        ids: list[str] = []
        place: dict[str, Any] = {}
        for _ in range(STEPS_MAX):
            found = self.page(name, **{"last" if back else "first": size}, **place, **variables)
            edges, info = found["edges"], found["pageInfo"]
            assert len(edges) <= size
            assert info["hasNextPage" if back else "hasPreviousPage"] == bool(place)
            if edges:
                assert info["startCursor"] == edges[0]["cursor"]
                assert info["endCursor"] == edges[-1]["cursor"]
            page_ids = [edge["node"]["id"] for edge in edges]
            ids += reversed(page_ids) if back else page_ids
            if not info["hasPreviousPage" if back else "hasNextPage"]:
                return ids
            place = {"before": info["startCursor"]} if back else {"after": info["endCursor"]}
        pytest.fail("the walk does not end")


@pytest.fixture(scope="module")
def trader() -> Iterator[Trader]:
    with asyncio.Runner() as runner:
        made = Trader(runner)
        yield made
        made.close()


@settings(max_examples=60)
@given(walk=walks, forwards=st.integers(1, 7), backwards=st.integers(1, 7))
def test_walking_backwards_is_walking_forwards_reversed(
    trader: Trader, walk: tuple[str, dict[str, Any]], forwards: int, backwards: int
) -> None:
    name, variables = walk
    whole = trader.page(name, first=100, **variables)
    everything = [edge["node"]["id"] for edge in whole["edges"]]
    assert len(set(everything)) == len(everything)
    assert trader.walk(name, variables, forwards, back=False) == everything
    assert trader.walk(name, variables, backwards, back=True) == everything[::-1]


@settings(max_examples=60)
@given(data=st.data(), walk=walks, size=st.integers(1, 7))
def test_from_any_cursor_both_ways_lead_to_its_neighbours(
    trader: Trader, data: st.DataObject, walk: tuple[str, dict[str, Any]], size: int
) -> None:
    name, variables = walk
    edges = trader.page(name, first=100, **variables)["edges"]
    if not edges:
        return
    place = data.draw(st.integers(0, len(edges) - 1))
    cursor = edges[place]["cursor"]
    behind = trader.page(name, first=size, after=cursor, **variables)["edges"]
    before = trader.page(name, last=size, before=cursor, **variables)["edges"]
    assert behind == edges[place + 1 :][:size]
    assert before == edges[max(0, place - size) : place]
