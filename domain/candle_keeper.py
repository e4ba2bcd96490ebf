"""Candles on every process: made from ticks by each, written down by the one that leads."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from domain.candle_book import CandleBook
from domain.candles import Candle, CandleQuery, merged
from domain.instants import Clock
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.candles import CandleStore
from domain.ports.markets import TickStore
from domain.price_board import PriceBoard
from domain.ticks import Tick

SAVED_EVERY = timedelta(seconds=2)
"""Least time between two writes. Where ticks come each second, something closes once a minute."""

UNSAVED_MAX = 90
"""Closed candles that are written without waiting for that: as many as fit into a transaction."""

TICKS_MAX = 300
"""Ticks after which the open candles are saved in any case, so that a start finds all since: half
of those that are kept behind a checkpoint."""

READ_AT_ONCE = 10
"""Queries at a time: a page of assets takes a few rounds, and leaves room for other requests."""

_LOG = logging.getLogger(__name__)


class CandleKeeper:
    """Follows the board's ticks, answers queries, and saves what has closed. One on each process.

    A start goes on from the last saved state and the ticks stored since: no candle is lost, and
    none is made twice.
    """

    def __init__(
        self,
        *,
        board: PriceBoard,
        candles: CandleStore,
        ticks: TickStore,
        clock: Clock,
        reader: CandleStore | None = None,
    ) -> None:
        """Take the collaborators; `reader` is the same store as requests reach it."""
        self._board = board
        self._candles = candles
        self._reader = reader or candles
        self._ticks = ticks
        self._clock = clock
        self._book = CandleBook()
        self._is_behind = True
        self._fence: int | None = None
        self._saved_through = 0
        self._saved_at: datetime | None = None

    @property
    def final_until(self) -> datetime | None:
        """The time up to which candles won't change any more; None before the first tick."""
        return self._book.at

    async def begin(self) -> Callable[[], None]:
        """Go on from what is stored, and follow the board; returns how to stop that.

        Raises OutageError.
        """
        await self._catch_up()
        return self._board.listen_to_ticks(self._hear)

    async def work(self, tick: Tick) -> None:
        """Save what a tick has closed, on the process that made it.

        While the store can't, it stays in memory. Raises NotLeaderError.
        """
        try:
            await self._lead(tick)
            await self._save(tick.fence)
        except (OutageError, OutcomeUnknownError) as error:
            _LOG.warning("Candles are to be written later: %s", error)

    async def find(self, queries: Sequence[CandleQuery]) -> list[tuple[Candle, ...]]:
        """Return the candles of each query, oldest first: closed ones and the open one.

        Raises OutageError.
        """
        if self._is_behind:
            await self._catch_up()
        stored: list[Sequence[Candle]] = []
        for start in range(0, len(queries), READ_AT_ONCE):
            some = queries[start : start + READ_AT_ONCE]
            stored += await asyncio.gather(*map(self._reader.candles, some))
        latest = self._book.latest((query.asset_id, query.interval) for query in queries)
        return [
            merged(query, found, latest[query.asset_id, query.interval])
            for query, found in zip(queries, stored, strict=True)
        ]

    def _hear(self, tick: Tick) -> None:
        if tick.number > self._book.through + 1:
            self._is_behind = True
        if not self._is_behind:
            self._book.apply(tick)

    async def _catch_up(self) -> None:
        """Make the book anew from what is stored."""
        book = CandleBook(await self._candles.load())
        saved_through = book.through
        while missed := await self._ticks.after(book.through):
            if missed[0].number > book.through + 1 > 1:
                _LOG.warning(
                    "Ticks %d to %d are gone; candles lack them.",
                    book.through + 1,
                    missed[0].number - 1,
                )
            for tick in missed:
                book.apply(tick)
        self._book, self._is_behind = book, False
        self._saved_through = saved_through

    async def _lead(self, tick: Tick) -> None:
        """Find out, once under each fence, how far the leader before has written."""
        if self._is_behind:
            await self._catch_up()
        elif self._fence != tick.fence:
            self._saved_through = (await self._candles.load()).through
        self._fence = tick.fence

    async def _save(self, fence: int) -> None:
        closed, now = self._book.closed_after(self._saved_through), self._clock.now()
        is_soon = self._saved_at is not None and abs(now - self._saved_at) < SAVED_EVERY
        is_due = bool(closed) and (not is_soon or len(closed) >= UNSAVED_MAX)
        if not is_due and self._book.through - self._saved_through < TICKS_MAX:
            return
        self._saved_at = now
        state = self._book.state()
        await self._candles.save(closed, state, fence=fence)
        self._saved_through = state.through
