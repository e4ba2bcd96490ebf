"""Backfilled candles on the table: beside those of the exchange's own ticks, never among them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.candle_store import ITEMS_AT_ONCE, found, item_of, partition_of
from adapters.content_token import content_token
from adapters.fields import Fields
from adapters.lease_store import fenced
from adapters.outages import translated
from adapters.table import ConditionFailedError, Item, Key, Put, Table
from domain.candles import Candle, CandleInterval, CandleQuery
from domain.ids import AssetId
from domain.instants import Clock, ms_of
from domain.ports.leases import NotLeaderError


class BackfillTable:
    """The `BackfillStore` on a table. `clock` is the wall clock, by which items expire.

    With the name of a lease, candles are written only while the fence is the lease's.
    """

    def __init__(self, table: Table, *, clock: Clock, lease: str | None = None) -> None:
        self._table = table
        self._clock = clock
        self._lease = lease

    async def asked(self, asset_id: AssetId) -> Mapping[CandleInterval, datetime]:
        async with translated():
            item = await self._table.get(_asked_key(asset_id))
        if item is None:
            return {}
        fields = Fields(item)
        told = {one: fields.instant_or_none(one.value) for one in CandleInterval}
        return {interval: at for interval, at in told.items() if at is not None}

    async def save(
        self,
        asset_id: AssetId,
        interval: CandleInterval,
        candles: Sequence[Candle],
        *,
        asked: Mapping[CandleInterval, datetime],
        fence: int,
    ) -> None:
        partition, now = _partition(asset_id, interval), self._clock.now()
        items = [item_of(partition, interval, one, now=now) for one in candles]
        times = {one.value: ms_of(at) for one, at in asked.items()}
        async with translated():
            for start in range(0, len(items), ITEMS_AT_ONCE):
                await self._write(items[start : start + ITEMS_AT_ONCE], times, fence)
            await self._write([Item(_asked_key(asset_id), times)], times, fence)

    async def candles(self, query: CandleQuery) -> Sequence[Candle]:
        partition = _partition(query.asset_id, query.interval)
        return [
            replace(one, is_backfilled=True) for one in await found(self._table, partition, query)
        ]

    async def _write(self, items: Sequence[Item], times: Mapping[str, int], fence: int) -> None:
        # The times make it another transaction when the same candles, which then expire later, are
        # written again after a failure.
        token = content_token((fence, times, [(one.key, one.attributes) for one in items]))
        try:
            await self._table.transact([*map(Put, items), *fenced(self._lease, fence)], token=token)
        except ConditionFailedError:
            raise NotLeaderError(f"backfilled candles have fence {fence}") from None


def _partition(asset_id: AssetId, interval: CandleInterval) -> str:
    return f"{partition_of(asset_id, interval)}#BACKFILLED"


def _asked_key(asset_id: AssetId) -> Key:
    return Key(f"CANDLES#{asset_id}", "CHARTS")
