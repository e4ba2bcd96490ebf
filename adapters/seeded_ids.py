"""Ids that are the same in every run that does the same."""

import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b

from adapters.system_ids import STEP_BITS
from domain.ids import ULID_RANDOM_BITS, ulid_text
from domain.instants import ms_of


class SeededIds:
    """The Ids of one process and one clock: ULIDs follow from a seed and their number in a run.

    `run` tells runs on one store apart, each by a number of its own, so that none makes an id that
    another has made. Whoever knows the seed can tell the ULIDs that come; tokens are by chance.
    """

    def __init__(self, seed: int, run: Callable[[], int]) -> None:
        self._seed = seed
        self._run = run
        self._made = 0
        self._last = (-1, 0)

    def ulid(self, at: datetime) -> str:
        """See Ids. One of an instant that is past gets the last one's."""
        last_ms, last = self._last
        at_ms, chance = max(ms_of(at), last_ms), self._chance()
        # The highest bit stays free, so that no number of steps overflows.
        number = last + 1 + chance % 2**STEP_BITS if at_ms == last_ms else chance >> 1
        self._last = (at_ms, number)
        return ulid_text(at_ms, number)

    def token(self) -> str:
        """See Ids."""
        return secrets.token_hex(16)

    def _chance(self) -> int:
        self._made += 1
        place = f"{self._seed}/{self._run()}/{self._made}".encode()
        return int.from_bytes(blake2b(place, digest_size=ULID_RANDOM_BITS // 8).digest(), "big")
