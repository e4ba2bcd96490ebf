"""Candles on the table: an item for each closed one, and one that has all that are open."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from adapters.content_token import content_token
from adapters.fields import Fields, StoredWronglyError, amount_value
from adapters.lease_store import fenced
from adapters.outages import translated
from adapters.table import (
    ACTIONS_MAX,
    ConditionFailedError,
    Item,
    Key,
    Put,
    Table,
    Value,
)
from domain.candle_book import BookState, ClosedCandle
from domain.candles import Candle, CandleInterval, CandleQuery
from domain.ids import AssetId
from domain.instants import Clock, instant_of, ms_of, text_of
from domain.money import Price, Quantity
from domain.ports.leases import NotLeaderError

LIFETIMES: Mapping[CandleInterval, timedelta | None] = {
    CandleInterval.ONE_MINUTE: timedelta(days=2),
    CandleInterval.FIVE_MINUTES: timedelta(days=14),
    CandleInterval.ONE_HOUR: timedelta(days=400),
    CandleInterval.ONE_DAY: None,
}
"""How long candles are kept: of 50 assets some 800,000 in all, and 50 more each day for good."""

ITEMS_AT_ONCE = ACTIONS_MAX - 1
"""Candles in one transaction; one action is the check of the fence."""

_OPEN = Key("CANDLES", "OPEN")


class CandleTable:
    """The `CandleStore` on a table. `clock` is the wall clock, by which items expire.

    With the name of a lease, candles are written only while the fence is the lease's.
    """

    def __init__(self, table: Table, *, clock: Clock, lease: str | None = None) -> None:
        self._table = table
        self._clock = clock
        self._lease = lease

    async def load(self) -> BookState:
        async with translated():
            item = await self._table.get(_OPEN)
        return BookState() if item is None else _state(item)

    async def save(
        self, closed: Sequence[ClosedCandle], state: BookState, *, fence: int = 0
    ) -> None:
        items = [self._item(one) for one in closed]
        async with translated():
            for start in range(0, len(items), ITEMS_AT_ONCE):
                await self._write(items[start : start + ITEMS_AT_ONCE], fence, state.through)
            await self._write([Item(_OPEN, _state_attributes(state))], fence, state.through)

    async def candles(self, query: CandleQuery) -> Sequence[Candle]:
        return await found(self._table, partition_of(query.asset_id, query.interval), query)

    async def _write(self, items: Sequence[Item], fence: int, through: int) -> None:
        # The next leader may write the same, but under a guard of its own.
        token = content_token((fence, through, items))
        guard = fenced(self._lease, fence)
        try:
            await self._table.transact([*map(Put, items), *guard], token=token)
        except ConditionFailedError:
            raise NotLeaderError(f"candles have fence {fence}") from None

    def _item(self, closed: ClosedCandle) -> Item:
        partition = partition_of(closed.asset_id, closed.interval)
        return item_of(partition, closed.interval, closed.candle, now=self._clock.now())


def partition_of(asset_id: AssetId, interval: CandleInterval) -> str:
    """Return where the candles of an asset are that its own ticks have made."""
    return f"CANDLES#{asset_id}#{interval}"


def item_of(partition: str, interval: CandleInterval, candle: Candle, *, now: datetime) -> Item:
    """Return a candle as it is stored, for as long as its interval says."""
    lifetime = LIFETIMES[interval]
    return Item(
        Key(partition, text_of(candle.start)),
        {"candle": _candle_value(candle)},
        expires_at_s=None if lifetime is None else ms_of(now + lifetime) // 1000,
    )


async def found(table: Table, partition: str, query: CandleQuery) -> list[Candle]:
    """Return the candles of a query in a partition, oldest first. Raises OutageError."""
    is_forward, until = query.since is not None, query.until
    if until is not None and ms_of(until) <= 0:
        return []  # before 1970; there is nothing, and dates end somewhere
    async with translated():
        page = await table.query(
            partition,
            low=None if query.since is None else text_of(query.since),
            high=None if until is None else text_of(until - timedelta(microseconds=1)),
            reverse=not is_forward,
            limit=query.limit,
        )
    candles = [_candle(item.key, item.attributes.get("candle")) for item in page.items]
    return candles if is_forward else candles[::-1]


def _candle_value(candle: Candle) -> list[Value]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return [
        ms_of(candle.start),
        *(price.units for price in prices),
        amount_value(candle.volume),
    ]


def _candle(key: Key, value: Value) -> Candle:
    match value:
        case [int(start), int(first), int(high), int(low), int(close), int() | None as volume]:
            traded = None if volume is None else Quantity(volume)
            at = instant_of(start)
            return Candle(at, Price(first), Price(high), Price(low), Price(close), traded)
    raise StoredWronglyError(f"{key}: {value!r} is no candle")


def _state_attributes(state: BookState) -> dict[str, Value]:
    return {
        "through": state.through,
        "at": None if state.at is None else ms_of(state.at),
        "open": {
            interval.value: [
                [asset_id, _candle_value(candle)]
                for asset_id, candle in state.open.get(interval, {}).items()
            ]
            for interval in CandleInterval
        },
    }


def _state(item: Item) -> BookState:
    fields = Fields(item)
    rows = item.attributes.get("open")
    if not isinstance(rows, Mapping):
        raise StoredWronglyError(f"{item.key}: open should be a map")
    return BookState(
        through=fields.whole("through"),
        at=fields.instant_or_none("at"),
        open={
            interval: dict(_open_candles(item.key, rows.get(interval.value)))
            for interval in CandleInterval
        },
    )


def _open_candles(key: Key, rows: Value) -> Iterator[tuple[AssetId, Candle]]:
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes):
        raise StoredWronglyError(f"{key}: open candles should be a list")
    for row in rows:
        match row:
            case [str(asset_id), candle]:
                yield AssetId(asset_id), _candle(key, candle)
            case _:
                raise StoredWronglyError(f"{key}: {row!r} is no open candle")
