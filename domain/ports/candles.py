"""Where candles are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.candle_book import BookState, ClosedCandle
from domain.candles import Candle, CandleQuery


class CandleStore(Protocol):
    """Keeps closed candles, and the state from which ticks make the open ones again.

    Every method raises OutageError when the store can't answer, and `save` OutcomeUnknownError when
    the store didn't say.
    """

    async def load(self) -> BookState:
        """Return the last state that was saved, an empty one where there is none."""

    async def save(
        self, closed: Sequence[ClosedCandle], state: BookState, *, fence: int = 0
    ) -> None:
        """Write closed candles and then the state that follows them, durable on return.

        It need not be of one piece: the state is written last, and writing a candle again changes
        nothing. Raises NotLeaderError when the fence is an old leader's.
        """

    async def candles(self, query: CandleQuery) -> Sequence[Candle]:
        """Return the closed candles of a query, oldest first, by one range query."""


class Candles(Protocol):
    """Tells candles, closed and open ones."""

    @property
    def final_until(self) -> datetime | None:
        """The time up to which candles won't change any more; None before the first price."""

    async def find(self, queries: Sequence[CandleQuery]) -> list[tuple[Candle, ...]]:
        """Return the candles of each query, oldest first. Raises OutageError."""
