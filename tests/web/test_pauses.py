import asyncio

import pytest

from web.pauses import LONGEST_S, jittered_pause


async def test_pauses_grow_up_to_a_bound_and_vary(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", note)
    for attempt in range(1, 40):
        await jittered_pause(attempt)

    assert waited[0] <= 0.01
    assert max(waited) <= LONGEST_S
    assert len(set(waited)) > 1
