"""Who may do what only one process may do."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A right that one process holds at a time.

    `fence` rises with every new holder, so that a store can refuse what an old one still does.
    """

    name: str
    owner: str
    """Empty when it was given back."""
    fence: int
    beat: int
    """Counts renewals: a record that doesn't change has a holder that doesn't live."""


class LeaseChangedError(Exception):
    """Nothing was written: somebody else has taken or renewed the lease."""


class NotLeaderError(Exception):
    """Nothing was written: the fencing number is an old leader's; another one leads by now."""


class LeaseStore(Protocol):
    """Keeps leases. Every read is strong.

    Every method raises OutageError when the store can't answer, and OutcomeUnknownError when it
    didn't say.
    """

    async def read(self, name: str) -> Lease | None:
        """Return the lease, or None when nobody ever had it."""

    async def write(self, lease: Lease, *, was: Lease | None) -> None:
        """Write the lease if it still is as it was. Raises LeaseChangedError otherwise."""
