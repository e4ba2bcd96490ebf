"""How many requests an address has sent in the present minute, by whichever transport."""

import math
import time
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from slowapi import Limiter
from slowapi.util import get_remote_address

from domain.login_attempts import network_of
from web.address_counts import SCHEME


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an address stands after a request."""

    is_within: bool
    limit: int
    remaining: int
    resets_at_s: int
    """A Unix second."""

    @property
    def wait_s(self) -> int:
        """For how many seconds nothing more is taken, at least one."""
        return max(1, self.resets_at_s - int(time.time()))

    @property
    def advice(self) -> str:
        """Say to whoever was refused what is allowed, and when."""
        return (
            f"Too many requests from this address; {self.limit} a minute are allowed. "
            f"Try again in {self.wait_s} seconds."
        )


class RequestCounts:
    """Counts in memory, so it never fails. A subscriber's whole IPv6 network is one address."""

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._counts = Limiter(key_func=get_remote_address, storage_uri=f"{SCHEME}://").limiter

    def count(self, address: str, requests: int = 1) -> Standing:
        """Count a request of an address, or what is as much work as several."""
        network = network_of(address)
        is_within = self._counts.hit(self._limit, network, cost=requests)
        window = self._counts.get_window_stats(self._limit, network)
        return Standing(
            is_within=is_within,
            limit=self._limit.amount,
            remaining=window.remaining,
            resets_at_s=math.ceil(window.reset_time),
        )
