"""Meters for what an operation costs: calls to the table, requests on the wire, capacity units.

Read units are those that DynamoDB Local reports. It reports those of one item for a transaction of
many, so write units are counted by AWS's rules; a test holds these against single items.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.item_size import item_bytes
from adapters.table import Item, Put, Table, Write
from adapters.table_calls import TableCall
from tests.passing_table import AnswerT, PassingTable

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


class MeteredTable(PassingTable):
    """Notes each call and passes it on."""

    def __init__(self, table: Table, meter: Meter) -> None:
        super().__init__(table)
        self._meter = meter

    async def pass_on(self, call: TableCall, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        self._meter.calls.append(call)
        return await ask()

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        self._meter.write_units += sum(map(write_units, writes))
        await super().transact(writes, token=token)

    def scan(self, prefix: str) -> AsyncIterator[Item]:
        self._meter.calls.append(TableCall.SCAN)
        return super().scan(prefix)


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
