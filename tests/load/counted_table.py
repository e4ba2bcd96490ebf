"""A table that counts what it is asked for."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence

from adapters.table import Index, Item, Key, Page, Position, Table, Write


class CountedTable:
    """Passes calls on. `used` counts them by kind, and the items that queries return."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.used: Counter[str] = Counter()

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:
        self.used["gets"] += 1
        return await self._table.get(key, strong=strong)

    async def get_many(self, keys: Iterable[Key], *, strong: bool = True) -> dict[Key, Item]:
        self.used["gets of many"] += 1
        return await self._table.get_many(keys, strong=strong)

    async def snapshot(self, keys: Iterable[Key]) -> dict[Key, Item]:
        self.used["snapshots"] += 1
        return await self._table.snapshot(keys)

    async def query(
        self,
        pk: str,
        *,
        index: Index = Index.MAIN,
        low: str | None = None,
        high: str | None = None,
        after: Position | None = None,
        reverse: bool = False,
        limit: int = 100,
        strong: bool = True,
    ) -> Page:
        page = await self._table.query(
            pk,
            index=index,
            low=low,
            high=high,
            after=after,
            reverse=reverse,
            limit=limit,
            strong=strong,
        )
        self.used["queries"] += 1
        self.used["items"] += len(page.items)
        return page

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        self.used["transactions"] += 1
        await self._table.transact(writes, token=token)

    def scan(self, prefix: str) -> AsyncIterator[Item]:
        self.used["scans"] += 1
        return self._table.scan(prefix)

    async def close(self) -> None:
        await self._table.close()
