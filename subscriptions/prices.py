"""Live prices: one dispatch a tick, however many readers; slow ones get the newest prices only."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from types import TracebackType
from typing import Self

from domain.assets import PriceUpdate
from domain.ids import AssetId
from domain.price_board import PriceBoard
from domain.refusals import ErrorCode, refuse

BATCH_MAX = 250
"""Updates in one batch, as in the public contract."""

STREAM_ASSETS_MAX = 250
"""Assets that one subscription may name: as many as a catalogue has."""

Batch = tuple[PriceUpdate, ...]

Wanted = frozenset[AssetId] | None
"""Which assets a reader asked for; None is every tradable one."""


class PriceBroadcast:
    """Wakes the readers of a board when its prices change.

    It remembers of each asset which dispatch told its last change. So a reader that has seen all up
    to some dispatch finds what it missed, and no reader needs a queue.
    """

    def __init__(self, board: PriceBoard) -> None:
        self._board = board
        self._dispatches = 0
        self._changed_in: dict[AssetId, int] = {}
        self._newest: Batch = ()
        self._shared: dict[Wanted, Batch] = {}
        self._waiting: set[asyncio.Future[None]] = set()
        self._streams: set[PriceStream] = set()
        self._is_closed = False
        self._stop_listening = board.listen(self._dispatch)

    @property
    def dispatches(self) -> int:
        """How many ticks have changed a price."""
        return self._dispatches

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def stream(self, asset_ids: Iterable[AssetId] | None = None) -> "PriceStream":
        """Open a stream of these assets' prices, or of every tradable one's.

        Raises Refusal for an unknown asset, for none and for more than a subscription may name.
        """
        wanted = None if asset_ids is None else frozenset(asset_ids)
        if wanted is not None:
            self._check(wanted)
        stream = PriceStream(self, wanted)
        if self._is_closed:
            stream.close()
        else:
            self._streams.add(stream)
        return stream

    def close(self) -> None:
        """End every stream, and those to come. Closing twice is allowed."""
        if not self._is_closed:
            self._is_closed = True
            self._stop_listening()
            for stream in tuple(self._streams):
                stream.close()

    def leave(self, stream: "PriceStream") -> None:
        """Forget a stream that was closed."""
        self._streams.discard(stream)

    async def changed(self, arrival: asyncio.Future[None]) -> None:
        """Wait until prices change, or until somebody else sets `arrival`."""
        self._waiting.add(arrival)
        try:
            await arrival
        finally:
            self._waiting.discard(arrival)

    def present(self, wanted: Wanted) -> dict[AssetId, None]:
        """Return the ids that a snapshot shows."""
        if wanted is None:
            return {asset.id: None for asset in self._board.assets() if asset.is_tradable}
        return dict.fromkeys(sorted(wanted))

    def changed_since(self, seen: int, wanted: Wanted) -> Iterator[AssetId]:
        """Yield the ids that have changed after some dispatch, the latest first."""
        for asset_id in reversed(self._changed_in):
            if self._changed_in[asset_id] <= seen:
                return
            if self._is_wanted(asset_id, wanted):
                yield asset_id

    def newest(self, wanted: Wanted) -> Batch:
        """Return what the last dispatch told: one and the same for all who want the same."""
        batch = self._shared.get(wanted)
        if batch is None:
            batch = self._shared[wanted] = tuple(
                update for update in self._newest if self._is_wanted(update.asset.id, wanted)
            )
        return batch

    def latest(self, asset_ids: Iterable[AssetId]) -> Batch:
        """Return the last change of each asset."""
        return tuple(
            PriceUpdate.of(asset)
            for asset_id in asset_ids
            if (asset := self._board.asset(asset_id)) is not None
        )

    def _is_wanted(self, asset_id: AssetId, wanted: Wanted) -> bool:
        if wanted is not None:
            return asset_id in wanted
        asset = self._board.asset(asset_id)
        return asset is not None and asset.is_tradable

    def _check(self, wanted: frozenset[AssetId]) -> None:
        if not 1 <= len(wanted) <= STREAM_ASSETS_MAX:
            raise refuse(
                ErrorCode.INVALID_INPUT,
                f"{len(wanted)} assets were given; 1 to {STREAM_ASSETS_MAX} are allowed.",
                "assetIds",
            )
        unknown = sorted(asset_id for asset_id in wanted if self._board.asset(asset_id) is None)
        if unknown:
            raise refuse(ErrorCode.ASSET_NOT_FOUND, f"There is no asset {unknown[0]}.", "assetIds")

    def _dispatch(self, updates: Batch) -> None:
        self._dispatches += 1
        for update in updates:
            # What changed last stands last, so a reader looks back no farther than it must.
            self._changed_in.pop(update.asset.id, None)
            self._changed_in[update.asset.id] = self._dispatches
        self._newest = updates
        self._shared.clear()
        for arrival in self._waiting:
            if not arrival.done():
                arrival.set_result(None)


class PriceStream:
    """One reader's batches: first a snapshot, then one a tick; ends when it is closed.

    What it has not read yet is worked out when it reads, so a slow reader costs nothing meanwhile.
    """

    def __init__(self, broadcast: PriceBroadcast, wanted: Wanted) -> None:
        self._broadcast = broadcast
        self._wanted = wanted
        self._seen: int | None = None
        self._rest: dict[AssetId, None] = {}
        self._arrival: asyncio.Future[None] | None = None
        self._is_closed = False

    def close(self) -> None:
        """End the stream, also for who waits for its next batch. Closing twice is allowed."""
        self._is_closed = True
        self._broadcast.leave(self)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def __aiter__(self) -> AsyncIterator[Batch]:
        return self

    async def __anext__(self) -> Batch:
        while not self._is_closed:
            batch = self._unread()
            if batch:
                return batch
            self._arrival = asyncio.get_running_loop().create_future()
            await self._broadcast.changed(self._arrival)
        raise StopAsyncIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _unread(self) -> Batch:
        """Return what is new since the last batch, and remember what did not fit into this one."""
        seen, self._seen = self._seen, self._broadcast.dispatches
        if seen is None:
            due = self._broadcast.present(self._wanted)
        elif seen == self._seen - 1 and not self._rest:
            newest = self._broadcast.newest(self._wanted)
            if len(newest) <= BATCH_MAX:
                return newest
            due = {update.asset.id: None for update in newest}
        else:
            # What waited longest comes first, at its newest price, and once.
            due = self._rest
            due.update(dict.fromkeys(self._broadcast.changed_since(seen, self._wanted)))
        ids = list(due)
        self._rest = dict.fromkeys(ids[BATCH_MAX:])
        return self._broadcast.latest(ids[:BATCH_MAX])
