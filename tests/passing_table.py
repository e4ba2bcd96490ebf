"""A table that passes each call on, for those that count, delay or break what goes by."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from adapters.table import Index, Item, Key, Page, Position, Table, Write
from adapters.table_calls import TableCall

AnswerT = TypeVar("AnswerT")


class PassingTable:
    """Every call but a scan goes through `pass_on`, which others override."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def pass_on(self, call: TableCall, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Ask the table, and return what it answers; `call` is what it is asked for."""
        return await ask()

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:
        return await self.pass_on(TableCall.GET, lambda: self._table.get(key, strong=strong))

    async def get_many(self, keys: Iterable[Key], *, strong: bool = True) -> dict[Key, Item]:
        return await self.pass_on(
            TableCall.GET_MANY, lambda: self._table.get_many(keys, strong=strong)
        )

    async def snapshot(self, keys: Iterable[Key]) -> dict[Key, Item]:
        return await self.pass_on(TableCall.SNAPSHOT, lambda: self._table.snapshot(keys))

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
        return await self.pass_on(
            TableCall.QUERY,
            lambda: self._table.query(
                pk,
                index=index,
                low=low,
                high=high,
                after=after,
                reverse=reverse,
                limit=limit,
                strong=strong,
            ),
        )

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        await self.pass_on(TableCall.TRANSACT, lambda: self._table.transact(writes, token=token))

    def scan(self, prefix: str) -> AsyncIterator[Item]:
        return self._table.scan(prefix)

    async def close(self) -> None:
        await self._table.close()
