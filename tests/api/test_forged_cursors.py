"""Cursors that somebody made who knows how: they show nothing that is not theirs to see."""

import pytest

from domain.asset_listing import AssetFilter, AssetOrder
from domain.idempotency import fingerprint
from domain.pages import EntryFilter, OrderFilter
from resolvers.cursors import Cursors
from tests.api.test_pages import FOREIGN, ids, page, trader
from tests.api.world import World


def forged(name: str, account_id: str, place: str) -> str:
    """Return a cursor whose check is right: how it is made is no secret."""
    scopes = {
        "orders": f"orders {account_id} {fingerprint(OrderFilter())}",
        "transactions": f"transactions {account_id} {fingerprint(EntryFilter())}",
        "assets": f"assets {fingerprint(AssetFilter())} {fingerprint(AssetOrder())}",
    }
    return Cursors[str](scopes[name], spell=str, parse=str).spell(place)


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("orders", ["", "x", "ord_", "ord_\x00", "~", "ord_" + "Z" * 26]),
        ("transactions", ["", "x", "0", "-1", "2147483648", "9" * 300, "1.5", "\x00"]),
        (
            "assets",
            ["", "x", "7", "[]", "[1]", '[1, "BTC", 2]', '["a", "BTC"]', "[1, 2]", '[[], ""]'],
        ),
    ],
)
async def test_a_forged_cursor_that_is_of_no_place_is_refused(
    world: World, name: str, places: list[str]
) -> None:
    alice = await trader(world)
    for place in places:
        cursor = forged(name, alice.account_id, place)
        refused = await page(world, alice, name, after=cursor)
        assert refused["code"] == "BAD_USER_INPUT"
        assert FOREIGN in refused["message"]


@pytest.mark.parametrize(
    ("name", "place", "count"),
    [
        ("orders", "ord_70000000000000000000000000", 4),
        ("transactions", "5", 4),
        ("transactions", "2147483647", 5),
        ("assets", '[null, ""]', 1),
        ("assets", '[null, "LTC"]', 0),
        ("assets", '[0, "BTC"]', 4),
    ],
)
async def test_a_forged_cursor_of_a_place_shows_what_is_behind_it(
    world: World, name: str, place: str, count: int
) -> None:
    alice = await trader(world)
    found = await page(world, alice, name, after=forged(name, alice.account_id, place))
    assert len(ids(found)) == count
