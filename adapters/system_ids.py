"""Ids from the machine's source of secrets."""

import secrets
from datetime import datetime
from threading import Lock

from domain.ids import ULID_RANDOM_BITS, ulid_text
from domain.instants import ms_of

STEP_BITS = 32
"""Random bits between two ULIDs of one millisecond: they rise, and the next can't be guessed."""

MILLISECONDS_MAX = 64
"""Milliseconds whose last ULID is remembered: wall clock and market clock may take turns."""


class SystemIds:
    """The Ids of a process: its ULIDs of one millisecond rise in the order they are made."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._lock = Lock()

    def ulid(self, at: datetime) -> str:
        """See Ids."""
        at_ms = ms_of(at)
        with self._lock:
            last = self._last.get(at_ms)
            if last is None:
                # The highest bit stays free, so that no number of steps overflows.
                number = secrets.randbits(ULID_RANDOM_BITS - 1)
                if len(self._last) >= MILLISECONDS_MAX:
                    del self._last[next(iter(self._last))]
            else:
                number = last + 1 + secrets.randbits(STEP_BITS)
            self._last[at_ms] = number
        return ulid_text(at_ms, number)

    def token(self) -> str:
        """See Ids."""
        return secrets.token_hex(16)
