"""A replay that stands until it is told to go on."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.replay_market import ReplayMarket
from adapters.replay_steps import ReplaySteps
from domain.instants import text_of

BEGIN = datetime(2024, 3, 1, 23, 50, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Played:
    """A recording of a line a minute, and a feed that notes what it has done."""

    def __init__(self, folder: Path, lines: int = 6) -> None:
        rows = (f"{text_of(BEGIN + number * MINUTE)},BTC,{number + 1}\n" for number in range(lines))
        path = folder / "days.csv"
        path.write_text("at,asset_id,price\n" + "".join(rows))
        self.steps = ReplaySteps()
        self.source = ReplayMarket(path, steps=self.steps)
        self.done: list[int] = []
        self.feeding = asyncio.create_task(self._feed())

    async def _feed(self) -> None:
        while (report := await self.source.next_report()) is not None:
            for _ in range(5):
                await asyncio.sleep(0)
            self.done.append(report.moves[0].price.units // 10**12)


async def settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_nothing_is_played_until_a_step_is_asked_for(tmp_path: Path) -> None:
    played = Played(tmp_path)
    await settled()
    assert played.done == []
    played.feeding.cancel()


async def test_a_step_plays_its_lines_and_is_over_when_they_are_dealt_with(tmp_path: Path) -> None:
    played = Played(tmp_path)
    await played.steps.step(lines=1)
    assert played.done == [1]
    await played.steps.step(lines=2)
    assert played.done == [1, 2, 3]
    await settled()
    assert played.done == [1, 2, 3]
    played.feeding.cancel()


async def test_a_step_goes_up_to_an_instant(tmp_path: Path) -> None:
    played = Played(tmp_path)
    await played.steps.step(until=BEGIN + 2.5 * MINUTE)
    assert played.done == [1, 2, 3]
    await played.steps.step(until=BEGIN)
    assert played.done == [1, 2, 3]
    await played.steps.step(until=BEGIN + 3 * MINUTE)
    assert played.done == [1, 2, 3, 4]
    played.feeding.cancel()


async def test_a_step_beyond_the_end_plays_what_there_is(tmp_path: Path) -> None:
    played = Played(tmp_path)
    ended = []
    for lines in (5, 100):
        await played.steps.step(lines=lines)
        ended.append(played.steps.has_ended)
    assert ended == [False, True]
    assert played.done == [1, 2, 3, 4, 5, 6]
    await played.steps.step(lines=1)
    await played.feeding


async def test_steps_of_several_come_one_after_the_other(tmp_path: Path) -> None:
    played = Played(tmp_path)
    await asyncio.gather(*(played.steps.step(lines=2) for _ in range(2)))
    assert played.done == [1, 2, 3, 4]
    played.feeding.cancel()


async def test_who_goes_away_leaves_the_step_to_be_finished(tmp_path: Path) -> None:
    played = Played(tmp_path)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await played.steps.step(lines=3)
    await settled()
    assert played.done == [1, 2, 3]
    await played.steps.step(lines=1)
    assert played.done == [1, 2, 3, 4]
    played.feeding.cancel()
