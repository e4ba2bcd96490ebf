"""Going on exactly where prices stood: the last checkpoint, and every tick stored since."""

from collections.abc import Iterable

from domain.asset_state import Checkpoint
from domain.catalogue import CatalogueEntry
from domain.ports.markets import AssetStore, TickStore
from domain.price_board import PriceBoard


async def warm_start(
    board: PriceBoard,
    catalogue: Iterable[CatalogueEntry],
    *,
    assets: AssetStore,
    ticks: TickStore,
    has_starting_prices: bool = True,
) -> None:
    """Fill an empty board from the stores.

    The catalogue's facts replace older ones. Assets that are new in it enter with their starting
    price, unless those are of another time than the market's: then with their first tick. Raises
    OutageError when a store can't answer.
    """
    stored = await assets.load()
    states = {state.id: state for state in stored}
    for entry in catalogue:
        known = states.get(entry.facts.id)
        if known is not None:
            states[known.id] = known.described(entry.facts)
        elif has_starting_prices:
            states[entry.facts.id] = entry.first_state()
    board.load(Checkpoint(states=tuple(states.values()), through=stored.through))
    await catch_up(board, ticks)


async def catch_up(board: PriceBoard, ticks: TickStore) -> None:
    """Apply the stored ticks that the board hasn't seen. Raises OutageError."""
    number = board.number
    while missed := await ticks.after(number):
        for tick in missed:
            board.apply(tick)
        number = missed[-1].number
