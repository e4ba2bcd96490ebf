"""Insights are kept for a day, in memory and on the table."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.insight_cache import InsightTable, MemoryInsightCache
from adapters.table import Table, TableOutcomeUnknownError, TableUnavailableError
from domain.insight_prompts import InsightKey
from domain.insight_results import INSIGHTS_LIFETIME, PortfolioInsights
from domain.instants import instant_of
from domain.outages import OutageError, OutcomeUnknownError
from tests.adapters.conftest import WallClock
from tests.adapters.memory_table import MemoryTable
from tests.domain.identity_world import SetClock
from tests.domain.insight_world import NOW

KEY, OTHER = InsightKey("0" * 64), InsightKey("1" * 64)
WRITTEN = PortfolioInsights(summary="All is well: 恭喜.", generated_at=NOW, model="gemini-test")


class World:
    """Two processes that share a table."""

    def __init__(self, entries_max: int = 10) -> None:
        self.clock = SetClock(NOW)
        self.table = MemoryTable(self.clock.now_s)
        self.one, self.two = (
            MemoryInsightCache(InsightTable(self.table), clock=self.clock, entries_max=entries_max)
            for _ in range(2)
        )


async def test_each_engine_keeps_insights_until_they_end(
    table: Table, wall_clock: WallClock
) -> None:
    kept = InsightTable(table)
    written = replace(WRITTEN, generated_at=instant_of(int(wall_clock.now_s) * 1000))

    assert await kept.get(KEY) is None
    await kept.put(KEY, written)
    wall_clock.now_s += INSIGHTS_LIFETIME.total_seconds() - 1
    assert await kept.get(KEY) == written
    assert await kept.get(OTHER) is None
    wall_clock.now_s += 1
    assert await kept.get(KEY) is None


async def test_what_one_process_has_written_another_reads() -> None:
    world = World()

    await world.one.put(KEY, WRITTEN)

    assert await world.two.get(KEY) == WRITTEN


async def test_what_is_in_memory_is_not_read_again() -> None:
    world = World()
    await world.one.put(KEY, WRITTEN)
    world.table.calls.clear()

    assert await world.one.get(KEY) == WRITTEN
    assert await world.two.get(KEY) == WRITTEN
    assert await world.two.get(KEY) == WRITTEN

    assert world.table.calls == ["get"]


async def test_memory_forgets_after_a_day_too() -> None:
    world = World()
    await world.one.put(KEY, WRITTEN)

    world.clock.at = NOW + INSIGHTS_LIFETIME - timedelta(milliseconds=1)
    assert await world.one.get(KEY) == WRITTEN
    world.clock.at = NOW + INSIGHTS_LIFETIME
    assert await world.one.get(KEY) is None


async def test_memory_keeps_so_many_and_forgets_what_was_used_least_lately() -> None:
    world = World(entries_max=2)
    await world.one.put(KEY, WRITTEN)
    await world.one.put(OTHER, WRITTEN)
    await world.one.get(KEY)
    await world.one.put(InsightKey("2" * 64), WRITTEN)
    world.table.calls.clear()

    await world.one.get(KEY)
    assert world.table.calls == []
    await world.one.get(OTHER)
    assert world.table.calls == ["get"]


async def test_a_table_that_fails_is_an_outage_but_memory_has_it() -> None:
    world = World()
    world.table.fail_next(TableUnavailableError("down"))
    with pytest.raises(OutageError):
        await world.one.get(KEY)
    world.table.fail_next(TableOutcomeUnknownError("silent"))
    with pytest.raises(OutcomeUnknownError):
        await world.one.put(KEY, WRITTEN)

    assert await world.one.get(KEY) == WRITTEN
