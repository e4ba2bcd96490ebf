"""Checkpoints of the price board on the table: an item for each asset, and one that lists them."""

from collections.abc import Sequence

from adapters.asset_items import asset_attributes, asset_key, asset_state
from adapters.content_token import content_token
from adapters.fields import Fields, StoredWronglyError
from adapters.lease_store import fenced
from adapters.outages import translated
from adapters.table import ConditionFailedError, Item, Key, Put, Table, Value
from domain.asset_state import Checkpoint
from domain.ports.leases import NotLeaderError

ITEMS_WRITTEN_AT_ONCE = 25
"""Assets in one transaction: some 100 KB, and a millisecond on the event loop."""

_LIST = Key("ASSETS", "LIST")


class AssetTable:
    """The `AssetStore` on a table.

    With the name of a lease, a checkpoint is written only while its fence is the lease's: an old
    one over a newer would lack the ticks that the newer one has made superfluous.

    The list is written last: an asset that it names is stored, and through the tick that it names
    every asset is current.
    """

    def __init__(
        self,
        table: Table,
        *,
        items_at_once: int = ITEMS_WRITTEN_AT_ONCE,
        lease: str | None = None,
    ) -> None:
        self._table = table
        self._items_at_once = items_at_once
        self._lease = lease

    async def load(self) -> Checkpoint:
        async with translated():
            listed = await self._table.get(_LIST)
            if listed is None:
                return Checkpoint()
            ids = Fields(listed).texts("ids")
            items = await self._table.get_many(map(asset_key, ids))
        missing = [asset_id for asset_id in ids if asset_key(asset_id) not in items]
        if missing:
            raise StoredWronglyError(f"{_LIST} names what is not there: {', '.join(missing)}")
        return Checkpoint(
            states=tuple(asset_state(items[asset_key(asset_id)]) for asset_id in ids),
            through=Fields(listed).whole("through"),
        )

    async def save(self, checkpoint: Checkpoint, *, fence: int = 0) -> None:
        states = checkpoint.states
        items = [Item(asset_key(state.id), asset_attributes(state)) for state in states]
        ids: list[Value] = [state.id for state in states]
        listed = Item(_LIST, {"ids": ids, "through": checkpoint.through})
        async with translated():
            for start in range(0, len(items), self._items_at_once):
                await self._write(items[start : start + self._items_at_once], fence)
            await self._write([listed], fence)

    async def _write(self, items: Sequence[Item], fence: int) -> None:
        # A checkpoint holds the number of its last tick, so its content never comes back; the next
        # leader may write the same, but under a guard of its own.
        token = content_token([fence, *((item.key, item.attributes) for item in items)])
        guard = fenced(self._lease, fence)
        try:
            await self._table.transact([*map(Put, items), *guard], token=token)
        except ConditionFailedError:
            raise NotLeaderError(f"a checkpoint has fence {fence}") from None
