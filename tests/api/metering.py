"""Meters for what an operation costs: calls to the table, requests on the wire, capacity units.

Read units are those that DynamoDB Local reports. It reports those of one item for a transaction of
many, so write units are counted by AWS's rules; a test holds these against single items.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.item_size import item_bytes
from adapters.table import Index, Item, Key, Page, Position, Put, Table, Write

WRITE_UNIT_BYTES = 1024
"""Source of this and of the rule: DynamoDB developer guide, "Read and write operations"."""

TRANSACTION_FACTOR = 2
"""A transaction prepares each write and then commits it."""

_READS = ("get_item", "batch_get_item", "transact_get_items", "query", "scan")


def write_units(write: Write) -> int:
    """Return what a write of a transaction consumes.

    An item is written to the table and to each local index that it is in. What is checked or
    deleted is taken for one of a kilobyte, outside of indexes; and nothing here moves an item
    within an index, which would count twice there.
    """
    if not isinstance(write, Put):
        return TRANSACTION_FACTOR
    item = write.item
    indexes = [value for value in (item.index_1, item.index_2) if value is not None]
    # What is in an index counts twice towards the limit of an item's size.
    size = item_bytes(item) // (2 if indexes else 1)
    return TRANSACTION_FACTOR * -(-size // WRITE_UNIT_BYTES) * (1 + len(indexes))


@dataclass
class Meter:
    """What was used since it was last set to zero."""

    calls: list[str] = field(default_factory=list)
    """Calls at the port."""
    requests: list[str] = field(default_factory=list)
    """Requests to DynamoDB."""
    read_units: float = 0.0
    write_units: int = 0

    def reset(self) -> None:
        self.__init__()  # type: ignore[misc] # back to the beginning, whatever it was


class MeteredTable:
    """Notes each call and passes it on."""

    def __init__(self, table: Table, meter: Meter) -> None:
        self._table = table
        self._meter = meter

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:
        self._meter.calls.append("get")
        return await self._table.get(key, strong=strong)

    async def get_many(self, keys: Iterable[Key], *, strong: bool = True) -> dict[Key, Item]:
        self._meter.calls.append("get_many")
        return await self._table.get_many(keys, strong=strong)

    async def snapshot(self, keys: Iterable[Key]) -> dict[Key, Item]:
        self._meter.calls.append("snapshot")
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
        self._meter.calls.append("query")
        return await self._table.query(
            pk,
            index=index,
            low=low,
            high=high,
            after=after,
            reverse=reverse,
            limit=limit,
            strong=strong,
        )

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        self._meter.calls.append("transact")
        self._meter.write_units += sum(map(write_units, writes))
        await self._table.transact(writes, token=token)

    def scan(self, prefix: str) -> AsyncIterator[Item]:
        self._meter.calls.append("scan")
        return self._table.scan(prefix)

    async def close(self) -> None:
        await self._table.close()


class MeteredClient:
    """A DynamoDB client that notes its requests, and adds up the capacity that reads take."""

    def __init__(self, client: Any, meter: Meter) -> None:
        self._client = client
        self._meter = meter

    def __getattr__(self, operation: str) -> Callable[..., Awaitable[Any]]:
        async def send(**request: object) -> Any:
            self._meter.requests.append(operation)
            if operation not in _READS:
                return await getattr(self._client, operation)(**request)
            answer = await getattr(self._client, operation)(
                **request, ReturnConsumedCapacity="TOTAL"
            )
            consumed = answer.pop("ConsumedCapacity")
            parts = consumed if isinstance(consumed, list) else [consumed]
            self._meter.read_units += sum(part["CapacityUnits"] for part in parts)
            return answer

        return send
