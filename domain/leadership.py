"""Leadership: one process at a time does what only one may do, and a dead one is replaced.

Nobody's wall clock matters. A candidate watches the record by its own monotonic clock, and takes
over when it has not changed for a while; a leader stops well before that, counted from when it last
*began* a renewal that succeeded. So two never lead at once, as long as no process is paused; and
what a paused one still sends when it wakes is refused by the fencing number.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.leases import Lease, LeaseChangedError, LeaseStore, NotLeaderError

RENEW_EVERY_S = 1.0
"""Seconds between renewals, and between a candidate's looks: two may fail and nothing is lost."""

LEADS_S_MAX = 4.0
"""Seconds that a leader goes on after the beginning of its last renewal."""

TAKEN_OVER_AFTER_S = 6.0
"""Seconds without a change after which a lease is free: the leader has stopped 2 s ago."""

Monotonic = Callable[[], float]
"""Seconds from a clock that only goes forward."""

Sleep = Callable[[float], Awaitable[None]]

_LOG = logging.getLogger(__name__)


class Leadership:
    """Leads whenever nobody else does.

    `is_alone` says that no other process can be there: a lease that was left is free at once, and
    none is renewed.
    """

    def __init__(
        self,
        *,
        name: str,
        owner: str,
        leases: LeaseStore,
        monotonic: Monotonic,
        sleep: Sleep = asyncio.sleep,
        is_alone: bool = False,
    ) -> None:
        self._name = name
        self._owner = owner
        self._leases = leases
        self._monotonic = monotonic
        self._sleep = sleep
        self._is_alone = is_alone
        self._fence: int | None = None

    @property
    def is_alone(self) -> bool:
        """Whether no other process can be there."""
        return self._is_alone

    @property
    def fence(self) -> int | None:
        """The fencing number while this process leads; None while it doesn't."""
        return self._fence

    async def confirm(self) -> None:
        """Raise NotLeaderError unless nobody else has led since. Raises OutageError."""
        lease = await self._leases.read(self._name)
        if lease is None or lease.fence != self._fence:
            raise NotLeaderError(f"the lease of the {self._name} is another's")

    async def run(self, lead: Callable[[int], Awaitable[None]]) -> None:
        """Wait for the lease and call `lead` with the fencing number, again and again.

        What `lead` does is cancelled as soon as the lease is in doubt. When it ends by itself, the
        lease is kept until this is cancelled. Errors of `lead` pass, but for NotLeaderError.
        """
        while True:
            lease, began_at = await self._win()
            _LOG.info("This process leads the %s now, as number %d.", self._name, lease.fence)
            self._fence = lease.fence
            try:
                await self._reign(lease, began_at, lead)
            finally:
                self._fence = None
            _LOG.warning("This process leads the %s no more.", self._name)

    async def _win(self) -> tuple[Lease, float]:
        """Return the lease once it is ours, and when the taking of it began."""
        watched: Lease | None = None
        unchanged_since = self._monotonic()
        while True:
            began_at = self._monotonic()
            try:
                seen = await self._leases.read(self._name)
                if seen != watched:
                    watched, unchanged_since = seen, self._monotonic()
                waited_s = began_at - unchanged_since
                if self._is_free(seen) or waited_s >= TAKEN_OVER_AFTER_S:
                    return await self._take(seen), began_at
            except LeaseChangedError:
                continue
            except (OutageError, OutcomeUnknownError) as error:
                _LOG.warning("The lease of the %s can't be read: %s", self._name, error)
            await self._sleep(RENEW_EVERY_S)

    def _is_free(self, seen: Lease | None) -> bool:
        return seen is None or not seen.owner or self._is_alone

    async def _take(self, seen: Lease | None) -> Lease:
        fence = seen.fence + 1 if seen else 1
        taken = Lease(name=self._name, owner=self._owner, fence=fence, beat=0)
        await self._leases.write(taken, was=seen)
        return taken

    async def _reign(
        self, lease: Lease, began_at: float, lead: Callable[[int], Awaitable[None]]
    ) -> None:
        work = asyncio.ensure_future(lead(lease.fence))
        renewing = asyncio.ensure_future(self._renew(lease, began_at))
        try:
            await asyncio.wait({work, renewing}, return_when=asyncio.FIRST_COMPLETED)
            if work.done() and not renewing.done() and _ended_well(work):
                await renewing
        finally:
            await _cancelled(work)
            await _cancelled(renewing)
            await self._give_back(lease.fence)
        _raise_unless_deposed(work)

    async def _renew(self, lease: Lease, began_at: float) -> None:
        """Renew until that fails for good; who is alone has nobody to tell."""
        if self._is_alone:
            await asyncio.Future()
        while self._monotonic() - began_at < LEADS_S_MAX:
            await self._sleep(RENEW_EVERY_S)
            trying_at = self._monotonic()
            renewed = replace(lease, beat=lease.beat + 1)
            try:
                left_s = LEADS_S_MAX - (trying_at - began_at)
                async with asyncio.timeout(max(left_s, 0.0)):
                    await self._leases.write(renewed, was=lease)
            except LeaseChangedError:
                if await self._still(renewed):
                    lease, began_at = renewed, trying_at
                    continue
                return
            except (OutageError, OutcomeUnknownError, TimeoutError) as error:
                _LOG.warning("The lease of the %s was not renewed: %r", self._name, error)
                continue
            lease, began_at = renewed, trying_at

    async def _still(self, renewed: Lease) -> bool:
        """Tell whether a renewal of unknown outcome had been written after all."""
        try:
            return await self._leases.read(self._name) == renewed
        except (OutageError, OutcomeUnknownError):
            return False

    async def _give_back(self, fence: int) -> None:
        """Let a successor begin at once; if that fails, it begins after a while."""
        try:
            async with asyncio.timeout(RENEW_EVERY_S):
                seen = await self._leases.read(self._name)
                if seen and seen.fence == fence and seen.owner == self._owner:
                    await self._leases.write(replace(seen, owner=""), was=seen)
        except (LeaseChangedError, OutageError, OutcomeUnknownError, TimeoutError) as error:
            _LOG.warning("The lease of the %s was not given back: %r", self._name, error)


def _ended_well(work: "asyncio.Future[None]") -> bool:
    return not work.cancelled() and work.exception() is None


async def _cancelled(task: "asyncio.Future[None]") -> None:
    task.cancel()
    await asyncio.wait({task})


def _raise_unless_deposed(work: "asyncio.Future[None]") -> None:
    error = None if work.cancelled() else work.exception()
    if error is not None and not isinstance(error, NotLeaderError):
        raise error
