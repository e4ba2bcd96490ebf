"""A server that kills itself: python -m tests.load.killed_leader PLACE TIMES.

It is `cnop serve` and kill -9 as they are; only the place is chosen, since from outside no signal
is quick enough to strike between two steps of a tick. A leader alone gets to any of the places, so
a server that waits for the lease lives until it has it. With 0 times it lives on.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from enum import Enum
from unittest.mock import patch

from adapters.table import Index, Page, Position, Put, Table, Write
from domain import leadership
from domain.orders import OrderStatus
from tests.adapters.faulty_table import FaultyTable
from web import composition
from web.cli import main
from web.settings import DynamoDbStore, SqliteStore
from web.stores import open_store

RENEW_EVERY_S, LEADS_S_MAX, TAKEN_OVER_AFTER_S = 0.25, 1.0, 1.5
"""A quarter of the usual times: rounds of kills needn't wait."""


class Place(Enum):
    """Where a leader dies, at the n-th time that it gets there."""

    STORED = "stored"
    """A tick is stored, and nobody has heard of it."""
    PUBLISHED = "published"
    """A tick is shown and published, and the book isn't looked at; two looks to a tick."""
    TRIGGERED = "triggered"
    """The book had the order, and its fill isn't committed."""
    FILLED = "filled"
    """The fill is committed, and the leader doesn't know."""


class DeadlyTable(FaultyTable):
    """The table of a process that dies there, before or after a call has its effect."""

    def __init__(self, table: Table, place: Place, times: int) -> None:
        super().__init__(table)
        self._place = place
        self._left = times

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        if any(map(_is_fill, writes)):
            self._reach(Place.TRIGGERED)
        await super().transact(writes, token=token)
        if any(map(_is_fill, writes)):
            self._reach(Place.FILLED)
        if any(isinstance(write, Put) and write.key.pk == "TICK" for write in writes):
            self._reach(Place.STORED)

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
        if pk.startswith("BOOK#"):
            self._reach(Place.PUBLISHED)
        return await super().query(
            pk,
            index=index,
            low=low,
            high=high,
            after=after,
            reverse=reverse,
            limit=limit,
            strong=strong,
        )

    def _reach(self, place: Place) -> None:
        if place is not self._place:
            return
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def _is_fill(write: Write) -> bool:
    if not isinstance(write, Put) or not write.key.sk.startswith("ORDER#"):
        return False
    return write.item.attributes["status"] == OrderStatus.FILLED


def serve(place: Place, times: int) -> int:
    """Serve until it gets there; the settings come from the environment, as ever."""

    async def open_deadly(
        store: SqliteStore | DynamoDbStore, *, wall_clock_s: Callable[[], float]
    ) -> Table:
        return DeadlyTable(await open_store(store, wall_clock_s=wall_clock_s), place, times)

    with (
        patch.object(composition, "open_store", open_deadly),
        patch.object(leadership, "RENEW_EVERY_S", RENEW_EVERY_S),
        patch.object(leadership, "LEADS_S_MAX", LEADS_S_MAX),
        patch.object(leadership, "TAKEN_OVER_AFTER_S", TAKEN_OVER_AFTER_S),
    ):
        return main(["serve"])


if __name__ == "__main__":
    sys.exit(serve(Place(sys.argv[1]), int(sys.argv[2])))
