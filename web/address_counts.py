"""Requests of each address in the present minute, in bounded memory."""

import time
from collections.abc import Callable

from limits.storage import Storage

SCHEME = "cnop-memory"

ADDRESSES_MAX = 100_000
"""Addresses counted at once, about 30 MB; beyond, the one seen first in its minute is forgotten."""


class AddressCounts(Storage):
    """A storage of the library `limits`. Its own one starts a thread to forget, up to 100 a second.

    Entries expire in the order they were made, since all limits of ours have one window.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012

    def __init__(
        self,
        uri: str | None = None,
        wrap_exceptions: bool = False,  # noqa: FBT001, FBT002
        *,
        now_s: Callable[[], float] = time.time,
        addresses_max: int = ADDRESSES_MAX,
    ) -> None:
        super().__init__(uri, wrap_exceptions)
        self._now_s = now_s
        self._addresses_max = addresses_max
        self._counts: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """See Storage."""
        return KeyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and return the count of the window, which begins now where there was none."""
        count, expires_at_s = self._live(key)
        if not count:
            self._forget()
            expires_at_s = self._now_s() + expiry
        self._counts[key] = count + amount, expires_at_s
        return count + amount

    def get(self, key: str) -> int:
        """Return the count."""
        return self._live(key)[0]

    def get_expiry(self, key: str) -> float:
        """Return the Unix second at which the window ends."""
        return self._live(key)[1]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int | None:
        """Forget everything, and return how much that was."""
        forgotten = len(self._counts)
        self._counts.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one key."""
        self._counts.pop(key, None)

    def _live(self, key: str) -> tuple[int, float]:
        now_s = self._now_s()
        found = self._counts.get(key)
        if found is None:
            return 0, now_s
        if found[1] <= now_s:
            del self._counts[key]
            return 0, now_s
        return found

    def _forget(self) -> None:
        while self._counts:
            oldest = next(iter(self._counts))
            is_full = len(self._counts) >= self._addresses_max
            if not is_full and self._counts[oldest][1] > self._now_s():
                return
            del self._counts[oldest]
