"""The `BookStore` on a table: range queries, strongly read."""

from collections.abc import Sequence
from datetime import datetime

from adapters.book_items import (
    SWEPT,
    book_pk,
    ending_of,
    expiry_pk,
    expiry_sk,
    price_sk,
    waiting_of,
)
from adapters.fields import Fields
from adapters.outages import translated
from adapters.table import Item, Position, Put, Table
from domain.ids import AssetId, Ids
from domain.instants import ms_of
from domain.money import Price
from domain.ports.books import Ending, Waiting
from domain.triggers import Direction

ORDERS_PAGE = 500
"""Orders that one reading takes: about 100 KB."""


class BookTable:
    """The `BookStore` on a table."""

    def __init__(self, table: Table, *, ids: Ids) -> None:
        self._table = table
        self._ids = ids

    async def met(self, asset_id: AssetId, price: Price) -> Sequence[Waiting]:
        at = price_sk(price)
        found = [
            *await self._side(asset_id, Direction.UP, high=f"{at}~"),
            *await self._side(asset_id, Direction.DOWN, low=at),
        ]
        return sorted(found, key=lambda one: (-abs(one.level.units - price.units), one.order_id))

    async def all_in(self, asset_id: AssetId) -> Sequence[Waiting]:
        sides = [await self._side(asset_id, direction) for direction in Direction]
        return [one for side in sides for one in side]

    async def due(self, hour: datetime, now: datetime) -> Sequence[Ending]:
        items = await self._items(expiry_pk(hour), high=f"{expiry_sk(now)}~")
        return [ending_of(item) for item in items]

    async def swept_through(self) -> datetime | None:
        async with translated():
            item = await self._table.get(SWEPT)
        return None if item is None else Fields(item).instant("hour")

    async def mark_swept(self, hour: datetime) -> None:
        async with translated():
            await self._table.transact(
                [Put(Item(SWEPT, {"hour": ms_of(hour)}))], token=self._ids.token()
            )

    async def _side(self, asset_id: AssetId, direction: Direction, **bounds: str) -> list[Waiting]:
        return [
            waiting_of(item) for item in await self._items(book_pk(asset_id, direction), **bounds)
        ]

    async def _items(
        self, pk: str, *, low: str | None = None, high: str | None = None
    ) -> list[Item]:
        """Return all of a partition between two bounds: as many as have come to their end."""
        found: list[Item] = []
        after: Position | None = None
        while True:
            async with translated():
                page = await self._table.query(
                    pk, low=low, high=high, after=after, limit=ORDERS_PAGE
                )
            found += page.items
            if not page.more:
                return found
            after = Position.of(page.items[-1])
