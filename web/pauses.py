"""Waiting before another try, so that those who collided don't collide again."""

import asyncio
import random

FIRST_S = 0.005
"""Seconds before the second try, at most: about one transaction."""

LONGEST_S = 0.5
"""Seconds before a late try, at most: twelve tries stay within what a client waits."""


async def jittered_pause(attempt: int) -> None:
    """Wait before try number `attempt`: anything up to a bound that doubles (full jitter).

    Source: AWS Architecture Blog, Exponential Backoff And Jitter.
    """
    longest_s = min(LONGEST_S, FIRST_S * 2**attempt)
    await asyncio.sleep(random.uniform(0, longest_s))  # noqa: S311 - chance, no secret
