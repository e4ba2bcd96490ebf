"""Putting many items into an empty table, each of them once."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator

from adapters.item_size import item_bytes
from adapters.store_tally import Tally
from adapters.table import (
    ACTIONS_MAX,
    Absent,
    ConditionFailedError,
    Item,
    Put,
    Table,
    TableOutcomeUnknownError,
)

BATCH_BYTES_MAX = 2 * 1024 * 1024
"""Of one transaction; DynamoDB takes 4 MiB, counted its own way."""

BATCHES_AT_ONCE = 8
"""Transactions under way: enough to keep a table busy, few enough not to be throttled at once."""

REPEATS_MAX = 5
"""Sendings of a transaction whose outcome is unknown, always under the same token."""


class NotEmptyError(Exception):
    """The store has something in it already, or something else writes to it."""


class NotTheSameError(Exception):
    """What the store holds is not what was put into it."""


async def is_empty(table: Table) -> bool:
    """Tell whether the table holds nothing."""
    async for _ in table.scan(""):
        return False
    return True


async def put_all(table: Table, items: Iterable[Item], *, progress: Callable[[int], None]) -> int:
    """Put items into an empty table, read everything back, and return how many there were.

    `progress` is told how many are there after each batch. Raises NotEmptyError, NotTheSameError
    and TableError; the table then holds a part of them.
    """
    places, put, told = asyncio.Semaphore(BATCHES_AT_ONCE), Tally(), 0

    async def put_one(batch: tuple[Item, ...]) -> None:
        nonlocal told
        try:
            await _put(table, batch)
        finally:
            places.release()
        told += len(batch)
        progress(told)

    try:
        async with asyncio.TaskGroup() as group:
            for batch in batches(items):
                for item in batch:
                    put.add(item)
                await places.acquire()
                group.create_task(put_one(batch))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    stored = Tally()
    async for item in table.scan(""):
        stored.add(item)
    if stored != put:
        raise NotTheSameError(
            f"The store holds {stored.count} lasting items, and not the {put.count} of the file."
        )
    return told


def batches(items: Iterable[Item]) -> Iterator[tuple[Item, ...]]:
    """Yield the items in groups that a transaction may have."""
    batch: list[Item] = []
    size = 0
    for item in items:
        item_size = item_bytes(item)
        if batch and (len(batch) == ACTIONS_MAX or size + item_size > BATCH_BYTES_MAX):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(item)
        size += item_size
    if batch:
        yield tuple(batch)


async def _put(table: Table, batch: tuple[Item, ...]) -> None:
    writes = [Put(item, (Absent(),)) for item in batch]
    # Not of the content: the same file may fill a table that was just emptied, or made anew.
    token = secrets.token_hex(16)
    for attempt in range(1, REPEATS_MAX + 1):
        try:
            await table.transact(writes, token=token)
            return
        except ConditionFailedError as error:
            # An attempt that was taken for lost may have been done; reading back tells in the end.
            if attempt > 1 and len(error.keys) == len(batch):
                return
            raise NotEmptyError(
                "Something is in the store already that is in the file too, or the file has it "
                "twice."
            ) from error
        except TableOutcomeUnknownError:
            if attempt == REPEATS_MAX:
                raise
