"""What a leader does beside the market: once a second, whatever fails."""

import asyncio
import contextlib

import pytest

from domain.duties import REPEATED_EVERY_S, repeated
from domain.outages import OutageError, OutcomeUnknownError


async def test_a_duty_takes_a_turn_every_second_and_goes_on_after_an_outage() -> None:
    slept: list[float] = []
    turns: list[Exception | None] = [None, OutageError("away"), OutcomeUnknownError("lost"), None]
    done = 0

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if not turns:
            raise asyncio.CancelledError

    async def turn() -> None:
        nonlocal done
        done += 1
        error = turns.pop(0)
        if error is not None:
            raise error

    with contextlib.suppress(asyncio.CancelledError):
        await repeated(turn, "The duty", sleep=sleep)()
    assert done == 4
    assert slept == [REPEATED_EVERY_S] * 5


async def test_any_other_failure_ends_a_duty() -> None:
    async def sleep(_seconds: float) -> None:
        return

    async def turn() -> None:
        raise LookupError("a bug")

    with pytest.raises(LookupError):
        await repeated(turn, "The duty", sleep=sleep)()
