"""What time it is in the market: the world's time while it is live, its ticks' when replayed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.instants import Clock
from domain.price_board import PriceBoard


class MarketClock(Protocol):
    """Tells what time it is in the market.

    By it go orders and their ends, days and what may be done in one, candles and the age of prices.
    Tokens, sessions, leases, keys, the expiry of items and all waiting go by the wall clock. It is
    no Clock, so that mypy refuses the one in the other's place.
    """

    def market_now(self) -> datetime:
        """Return the present instant of the market, in UTC, cut to the millisecond."""


@dataclass(frozen=True, slots=True)
class PresentTime:
    """The MarketClock of a live market: market and world have one time."""

    wall_clock: Clock

    def market_now(self) -> datetime:
        """See MarketClock."""
        return self.wall_clock.now()


class ReplayTime:
    """The MarketClock of a replayed market: the time of the last tick that this process shows.

    Between two ticks it stands still, and it never goes back. So what is done between the same two
    ticks is done at the same instant, at whatever speed they come and however long it takes.
    """

    def __init__(self, board: PriceBoard, begins_at: datetime) -> None:
        """Take the time before the first tick, which is that of the recording's first line."""
        self._board = board
        self._begins_at = begins_at

    def market_now(self) -> datetime:
        """See MarketClock."""
        reached = self._board.latest_at
        return self._begins_at if reached is None else max(reached, self._begins_at)
