"""All latest prices, in memory: what every query, order and subscription reads them from."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from domain.asset_listing import (
    EVERY_ASSET,
    AssetFilter,
    AssetOrder,
    AssetPlace,
    page_of,
    sorted_assets,
)
from domain.asset_state import AssetState, Checkpoint
from domain.assets import Asset, AssetFacts, PriceUpdate, Quote
from domain.ids import AssetId
from domain.money import Price
from domain.pages import Slice, Stretch
from domain.ticks import Tick

BoardListener = Callable[[tuple[PriceUpdate, ...]], None]
"""Is told of the changes of one tick, once the board shows all of them."""

TickListener = Callable[[Tick], None]
"""Is told of each tick that was applied, whether it changed a price or not."""


class PriceBoard:
    """The assets as of the last tick. It belongs to one thread, and never waits.

    The same ticks in the same order give the same board, on any process; ticks that were applied
    before, and those of a leader that was replaced, change nothing.
    """

    def __init__(self, facts: Iterable[AssetFacts] = ()) -> None:
        """Take what is known of assets that may enter by a tick."""
        self._facts = {one.id: one for one in facts}
        self._states: dict[AssetId, AssetState] = {}
        self._number = 0
        self._number_seen = 0
        self._fence = 0
        self._latest_at: datetime | None = None
        self._listeners: list[BoardListener] = []
        self._tick_listeners: list[TickListener] = []
        self._listings: dict[AssetOrder, tuple[Asset, ...]] = {}

    @property
    def number(self) -> int:
        """The number of the last tick that was applied."""
        return self._number

    @property
    def next_number(self) -> int:
        """The number that no asset on the board has seen yet."""
        return self._number_seen + 1

    @property
    def fence(self) -> int:
        """The highest fencing number that was seen."""
        return self._fence

    @property
    def latest_at(self) -> datetime | None:
        """The latest time of a tick or a price that was ever shown; None for an empty board."""
        return self._latest_at

    def load(self, checkpoint: Checkpoint) -> None:
        """Put the assets of a checkpoint on the board, or in the place of others.

        The board stands at the checkpoint's tick; of the ticks that follow, each asset takes those
        that it hasn't seen.
        """
        self._number = checkpoint.through
        self._number_seen = max(self._number_seen, checkpoint.through)
        for state in checkpoint.states:
            self._states[state.id] = state
            self._reach(state.asset.price_at)
            self._number_seen = max(self._number_seen, state.through)
            self._fence = max(self._fence, state.fence)
        self._rank()

    def apply(self, tick: Tick) -> tuple[PriceUpdate, ...]:
        """Take a tick's prices, tell the listeners, and return what has changed."""
        self._number_seen = max(self._number_seen, tick.number)
        if tick.fence < self._fence or tick.number <= self._number:
            return ()
        self._number, self._fence = tick.number, tick.fence
        self._reach(tick.at)
        changed: dict[AssetId, None] = {}
        for move in tick.moves:
            before = self._states.get(move.asset_id)
            if before is None:
                after = AssetState.entering(move, tick, self._facts.get(move.asset_id))
            elif before.through < tick.number:
                after = before.after(move, tick)
            else:
                continue
            self._states[move.asset_id] = after
            if before is None or after.asset.sequence != before.asset.sequence:
                changed[move.asset_id] = None
        self._withdraw(tick)
        self._rank()
        for hear in tuple(self._tick_listeners):
            hear(tick)
        updates = tuple(PriceUpdate.of(self._states[asset_id].asset) for asset_id in changed)
        if updates:
            for listener in tuple(self._listeners):
                listener(updates)
        return updates

    def asset(self, asset_id: AssetId) -> Asset | None:
        """Return an asset, or None when nobody knows it."""
        state = self._states.get(asset_id)
        return None if state is None else state.asset

    def assets(self) -> Iterator[Asset]:
        """Yield every asset, the first to enter first."""
        return (state.asset for state in self._states.values())

    def quote(self, asset_id: AssetId) -> Quote | None:
        """Return the price that an order is decided on."""
        asset = self.asset(asset_id)
        return None if asset is None else _quote_of(asset)

    def quotes(self) -> Iterator[Quote]:
        """Yield the price of every asset."""
        return map(_quote_of, self.assets())

    def day_open(self, asset_id: AssetId, day: date) -> Price | None:
        """Return the last price at or before 00:00 UTC of `day`, which is today."""
        state = self._states.get(asset_id)
        return None if state is None else state.asset.day_open(day)

    def listed(self, order: AssetOrder) -> tuple[Asset, ...]:
        """Return all assets in an order."""
        listing = self._listings.get(order)
        if listing is None:
            listing = self._listings[order] = sorted_assets(self.assets(), order)
        return listing

    def page(
        self,
        stretch: Stretch[AssetPlace],
        *,
        order: AssetOrder,
        where: AssetFilter = EVERY_ASSET,
    ) -> Slice[Asset, AssetPlace]:
        """Return some assets in the list's order, or backwards when `stretch` is ascending.

        A page is of one tick. The next one goes on behind the last place, which prices may have
        moved assets across meanwhile: those are missed or come again, as in any live list.
        """
        listing = self.listed(order)
        if where != EVERY_ASSET:
            listing = tuple(filter(where.takes, listing))
        return page_of(listing, order, stretch)

    def checkpoint(self) -> Checkpoint:
        """Return all there is to know, to be loaded again later."""
        through, fence = self._number_seen, self._fence
        states = tuple(
            replace(state, through=through, fence=fence) for state in self._states.values()
        )
        return Checkpoint(states=states, through=through)

    def listen(self, listener: BoardListener) -> Callable[[], None]:
        """Call `listener` after each tick that changes a price; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def listen_to_ticks(self, listener: TickListener) -> Callable[[], None]:
        """Call `listener` with each tick that is applied; returns how to stop that."""
        self._tick_listeners.append(listener)
        return lambda: self._tick_listeners.remove(listener)

    def _reach(self, at: datetime) -> None:
        self._latest_at = at if self._latest_at is None else max(self._latest_at, at)

    def _withdraw(self, tick: Tick) -> None:
        for asset_id in tick.gone:
            state = self._states.get(asset_id)
            if state is not None and state.through < tick.number:
                self._states[asset_id] = state.withdrawn(tick)

    def _rank(self) -> None:
        """Give each asset its rank by market cap, or none where the supply is unknown."""
        self._listings.clear()
        states = sorted(self._states.values(), key=_by_market_cap)
        for place, state in enumerate(states, start=1):
            rank = None if state.asset.market_cap is None else place
            if state.asset.market_cap_rank != rank:
                self._states[state.id] = state.ranked(rank)


def _quote_of(asset: Asset) -> Quote:
    return Quote(
        asset_id=asset.id,
        price=asset.price,
        source=asset.price_source,
        at=asset.price_at,
        is_tradable=asset.is_tradable,
    )


def _by_market_cap(state: AssetState) -> tuple[bool, int, AssetId]:
    market_cap = state.asset.market_cap
    return market_cap is None, 0 if market_cap is None else -market_cap.units, state.id
