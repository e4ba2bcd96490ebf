"""Insights kept in the memory of one process, and behind it on the table for all of them."""

from collections import OrderedDict
from datetime import datetime

from adapters.content_token import content_token
from adapters.fields import Fields
from adapters.outages import translated
from adapters.table import Item, Key, Put, Table
from domain.insight_prompts import InsightKey
from domain.insight_results import INSIGHTS_LIFETIME, PortfolioInsights
from domain.instants import Clock, ms_of
from domain.ports.insights import InsightCache

ENTRIES_MAX = 2_000
"""Insights in memory, about 4 MB; the one that was used the longest ago is forgotten first."""

_SORT_KEY = "INSIGHT"


class InsightTable:
    """The `InsightCache` on a table: all processes share it, and it outlives them.

    An item names nobody; its key is a hash of figures. The table's own expiry ends it.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, key: InsightKey) -> PortfolioInsights | None:
        async with translated():
            item = await self._table.get(_key(key))
        return None if item is None else _insights_of(item)

    async def put(self, key: InsightKey, insights: PortfolioInsights) -> None:
        item = _item(key, insights)
        async with translated():
            await self._table.transact([Put(item)], token=content_token(item))


class MemoryInsightCache:
    """An `InsightCache` of bounded size, in front of another one."""

    def __init__(
        self, behind: InsightCache, *, clock: Clock, entries_max: int = ENTRIES_MAX
    ) -> None:
        self._behind = behind
        self._clock = clock
        self._entries_max = entries_max
        self._entries: OrderedDict[InsightKey, PortfolioInsights] = OrderedDict()

    async def get(self, key: InsightKey) -> PortfolioInsights | None:
        found = self._entries.get(key)
        if found is not None and self._clock.now() < _ends_at(found):
            self._entries.move_to_end(key)
            return found
        self._entries.pop(key, None)
        found = await self._behind.get(key)
        if found is not None:
            self._remember(key, found)
        return found

    async def put(self, key: InsightKey, insights: PortfolioInsights) -> None:
        # First in memory: what was paid for is kept here, though the table may fail.
        self._remember(key, insights)
        await self._behind.put(key, insights)

    def _remember(self, key: InsightKey, insights: PortfolioInsights) -> None:
        self._entries[key] = insights
        self._entries.move_to_end(key)
        if len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)


def _ends_at(insights: PortfolioInsights) -> datetime:
    return insights.generated_at + INSIGHTS_LIFETIME


def _key(key: InsightKey) -> Key:
    return Key(f"INSIGHT#{key}", _SORT_KEY)


def _item(key: InsightKey, insights: PortfolioInsights) -> Item:
    return Item(
        _key(key),
        {
            "summary": insights.summary,
            "generated_at": ms_of(insights.generated_at),
            "model": insights.model,
        },
        expires_at_s=ms_of(_ends_at(insights)) // 1000,
    )


def _insights_of(item: Item) -> PortfolioInsights:
    fields = Fields(item)
    return PortfolioInsights(
        summary=fields.text("summary"),
        generated_at=fields.instant("generated_at"),
        model=fields.text("model"),
    )
