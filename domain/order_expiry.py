"""The sweep of ends: what an order holds is let go of within seconds after its time is over.

Nothing fills at or after its end, however late the sweep comes.
"""

from datetime import datetime, timedelta
from enum import Enum, auto

from domain.market_clock import MarketClock
from domain.order_ends import ExpireOrder
from domain.outages import OutageError
from domain.ports.books import BookStore
from domain.rules import ORDER_LIFETIME
from domain.ticks import Tick
from domain.unattended import Job, Unattended

LATE_AFTER = timedelta(minutes=10)
"""How long an hour is swept after it has passed: for orders of a process whose clock lags.

Ten minutes of the world; in a replay at high speed, that is more of the market.
"""

HOURS_AT_ONCE = 24 * 31
"""Hours in one sweep, after nobody has run for long: an order waits 30 days at most."""

SWEEPS_MAX = 1_000
"""Sweeps in a row after a tick that comes long after the one before it: some 80 years."""

HOUR = timedelta(hours=1)


class _Sweep(Enum):
    """What a sweep came to: the present hour, its bound, or orders that have to wait."""

    ITS_END = auto()
    ITS_BOUND = auto()
    A_FAILURE = auto()


class OrderExpiry:
    """Ends orders whose time is over. The leader's; two at once do no harm."""

    def __init__(
        self,
        *,
        books: BookStore,
        unattended: Unattended,
        market_clock: MarketClock,
        late_after: timedelta = LATE_AFTER,
    ) -> None:
        self._books = books
        self._unattended = unattended
        self._market_clock = market_clock
        self._late_after = late_after
        self._from: datetime | None = None

    async def sweep(self) -> None:
        """End what is due: one query, or two in the first minutes of an hour.

        What fails for one account is left for the next sweep. Raises OutageError and
        OutcomeUnknownError.
        """
        await self._sweep()

    async def work(self, tick: Tick) -> None:
        """End what was due by a tick of a replay, in which many hours may have passed at once.

        Raises OutageError when something is left: then the tick is to be worked again.
        """
        for _ in range(SWEEPS_MAX):
            came_to = await self._sweep()
            if came_to is _Sweep.ITS_END:
                return
            if came_to is _Sweep.A_FAILURE:
                break
        raise OutageError(f"orders whose time was over by tick {tick.number} are left")

    async def _sweep(self) -> _Sweep:
        """Sweep a bounded number of hours, and tell what that came to."""
        now = self._market_clock.market_now()
        begin = await self._begin(now)
        open_from = hour_of(now - self._late_after)
        hour, is_clean = begin, True
        for _ in range(HOURS_AT_ONCE):
            if hour > now:
                break
            is_clean = await self._is_swept(hour, now) and is_clean
            hour += HOUR
            if is_clean and hour <= open_from:
                self._from = hour
        if self._from != begin:
            await self._books.mark_swept(self._from or begin)
        if not is_clean:
            return _Sweep.A_FAILURE
        return _Sweep.ITS_END if hour > now else _Sweep.ITS_BOUND

    async def _begin(self, now: datetime) -> datetime:
        """Return the first hour that may hold something; the clock may have been set back."""
        hour = hour_of(now - self._late_after)
        if self._from is None:
            marked = await self._books.swept_through()
            # Without a mark the store is new, or was imported: then an order may have ended on the
            # way. Of one that ended longer ago than that, its owner can still let go.
            self._from = hour - ORDER_LIFETIME if marked is None else marked
        self._from = min(self._from, hour)
        return self._from

    async def _is_swept(self, hour: datetime, now: datetime) -> bool:
        """End what is due within an hour, and tell whether all of it has ended."""
        due = await self._books.due(hour, now)
        jobs = [
            Job(one.account_id, ExpireOrder(order_id=one.order_id, asset_id=one.asset_id))
            for one in due
        ]
        return not jobs or await self._unattended.carry_out(jobs) == 0


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour."""
    return at.replace(minute=0, second=0, microsecond=0)
