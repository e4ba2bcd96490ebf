"""Ticks on the table: one item each, in the order of their numbers."""

from collections.abc import Sequence
from datetime import timedelta

from adapters.content_token import content_token
from adapters.fields import Fields, StoredWronglyError
from adapters.lease_store import fenced
from adapters.move_values import move_of, move_value
from adapters.outages import translated
from adapters.table import (
    ACTIONS_MAX,
    Absent,
    ConditionFailedError,
    Delete,
    Item,
    Key,
    Put,
    Table,
    Value,
)
from domain.ids import AssetId
from domain.instants import Clock, ms_of
from domain.ports.leases import NotLeaderError
from domain.ports.markets import TickTakenError
from domain.ticks import PriceMove, Tick

TICK_LIFETIME = timedelta(days=30)
"""Checkpoints let go of ticks long before; this is for a store that nobody opens any more."""

TICKS_READ_MAX = 250
"""Ticks in one read: of 50 assets about half a megabyte, which a page may have in DynamoDB."""

TRIM_MAX = 1_200
"""Ticks that one trim deletes at most: more than what comes between two checkpoints."""

_PARTITION = "TICK"
_DIGITS = 19
"""Of a number in its sort key: more than any count of ticks; it is that of 64 bits."""


class TickTable:
    """The `TickStore` on a table. `clock` is the wall clock, by which items expire.

    With the name of a lease, a tick is written only while its fence is the lease's.
    """

    def __init__(self, table: Table, *, clock: Clock, lease: str | None = None) -> None:
        self._table = table
        self._clock = clock
        self._lease = lease

    async def put(self, tick: Tick) -> None:
        expires_at_s = ms_of(self._clock.now() + TICK_LIFETIME) // 1000
        item = Item(_key(tick.number), _attributes(tick), expires_at_s=expires_at_s)
        async with translated():
            try:
                await self._table.transact(
                    [Put(item, when=(Absent(),)), *fenced(self._lease, tick.fence)],
                    token=content_token(item),
                )
            except ConditionFailedError as error:
                if item.key not in error.keys:
                    raise NotLeaderError(f"tick {tick.number} has fence {tick.fence}") from None
                found = await self._table.get(item.key)
                if found is None or _tick(found) != tick:
                    raise TickTakenError(f"tick {tick.number}") from None

    async def after(self, number: int) -> Sequence[Tick]:
        async with translated():
            page = await self._table.query(
                _PARTITION, low=_sort_key(number + 1), limit=TICKS_READ_MAX
            )
        return [_tick(item) for item in page.items]

    async def last(self) -> Tick | None:
        async with translated():
            page = await self._table.query(_PARTITION, reverse=True, limit=1)
        return _tick(page.items[0]) if page.items else None

    async def trim(self, through: int) -> None:
        # By number, without reading what is deleted: nothing else is in the partition.
        async with translated():
            page = await self._table.query(_PARTITION, limit=1)
            if not page.items:
                return
            first = _tick(page.items[0]).number
            end = min(through, first + TRIM_MAX - 1) + 1
            for start in range(first, end, ACTIONS_MAX):
                keys = [_key(number) for number in range(start, min(start + ACTIONS_MAX, end))]
                await self._table.transact([Delete(key) for key in keys], token=content_token(keys))


def _key(number: int) -> Key:
    return Key(_PARTITION, _sort_key(number))


def _sort_key(number: int) -> str:
    return str(number).zfill(_DIGITS)


def _attributes(tick: Tick) -> dict[str, Value]:
    return {
        "number": tick.number,
        "fence": tick.fence,
        "at": ms_of(tick.at),
        "source": tick.source,
        "position": tick.position,
        "moves": [move_value(move) for move in tick.moves],
        **({"gone": list(tick.gone)} if tick.gone else {}),
    }


def _tick(item: Item) -> Tick:
    fields = Fields(item)
    moves = item.attributes.get("moves")
    if not isinstance(moves, Sequence) or isinstance(moves, str | bytes):
        raise StoredWronglyError(f"{item.key}: moves should be a list")
    return Tick(
        number=fields.whole("number"),
        fence=fields.whole("fence"),
        at=fields.instant("at"),
        source=fields.text("source"),
        position=fields.whole_or_none("position"),
        moves=tuple(_move(item.key, move) for move in moves),
        gone=tuple(map(AssetId, fields.texts("gone"))),
    )


def _move(key: Key, value: Value) -> PriceMove:
    try:
        return move_of(value)
    except ValueError as error:
        raise StoredWronglyError(f"{key}: {error}") from error
