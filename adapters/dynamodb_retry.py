"""How long and how often a request is sent again."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

ATTEMPTS_MAX = 50
"""Sendings of one request, whatever the deadline: a clock that stands still ends it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Exponential backoff with full jitter, up to a deadline.

    Source of the formula: AWS Architecture Blog, "Exponential Backoff And Jitter". `random` gives
    numbers in [0, 1). With a last attempt of 3 s, a request ends within 8 s: a server that is told
    to stop has 10.
    """

    deadline_s: float = 5.0
    delay_s_first: float = 0.025
    delay_s_max: float = 1.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    monotonic_s: Callable[[], float] = time.monotonic

    def start(self) -> "Patience":
        """Return the patience for one request, counting from now."""
        return Patience(self)


class Patience:
    """What is left of the time and the attempts for one request."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._ends_at_s = retry.monotonic_s() + retry.deadline_s
        self._attempts = 1

    async def wait(self) -> bool:
        """Wait before another attempt; answer False, at once, when none is left."""
        retry = self._retry
        bound_s = min(retry.delay_s_max, retry.delay_s_first * 2 ** (self._attempts - 1))
        delay_s = retry.random() * bound_s
        self._attempts += 1
        if self._attempts > ATTEMPTS_MAX or retry.monotonic_s() + delay_s > self._ends_at_s:
            return False
        await retry.sleep(delay_s)
        return True
