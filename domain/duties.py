"""What a leader does beside the market, again and again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from domain.outages import OutageError, OutcomeUnknownError

REPEATED_EVERY_S = 1.0
"""Seconds between two turns of a duty; one with nothing to do costs a query at most."""

Duty = Callable[[], Coroutine[Any, Any, None]]
"""Does something that only the leader may, until it is cancelled."""

Sleep = Callable[[float], Awaitable[None]]

_LOG = logging.getLogger(__name__)


def repeated(
    turn: Callable[[], Awaitable[None]], what: str, *, sleep: Sleep = asyncio.sleep
) -> Duty:
    """Return a duty that takes a turn every second; one that fails is made up for by the next."""

    async def duty() -> None:
        while True:
            await sleep(REPEATED_EVERY_S)
            try:
                await turn()
            except (OutageError, OutcomeUnknownError) as error:
                _LOG.warning("%s has to wait: %s", what, error)

    return duty
