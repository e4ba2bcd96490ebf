"""Opening the market that the settings name."""

import secrets
from contextlib import closing

from adapters.replay_files import recorded_prices
from adapters.replay_market import ReplayMarket as RecordedMarket
from adapters.simulated_market import SimulatedMarket as MarketOfChance
from adapters.simulated_market import simulated_assets
from domain.catalogue import CatalogueEntry
from domain.instants import Clock
from domain.ports.markets import MarketSource, TickStore
from domain.price_board import PriceBoard
from web.settings import ReplayMarket, SimulatedMarket

SEED_BITS = 63


async def open_market(
    market: SimulatedMarket | ReplayMarket,
    board: PriceBoard,
    catalogue: tuple[CatalogueEntry, ...],
    *,
    clock: Clock,
    ticks: TickStore,
) -> MarketSource:
    """Return a market that goes on where the board and the last tick stand.

    Recorded prices are stamped with the present time, so that they can be traded at. Raises
    MarketSourceError and OutageError.
    """
    if isinstance(market, ReplayMarket):
        with closing(recorded_prices(market.path)) as prices:
            next(prices, None)  # a file that is no recording is told now, not when it is played
        recorded = RecordedMarket(market.path, speed=float(market.speed), stamp=clock)
        recorded.resume(await ticks.last())
        return recorded
    return MarketOfChance(
        simulated_assets(board, catalogue),
        seed=secrets.randbits(SEED_BITS) if market.seed is None else market.seed,
        clock=clock,
        tick_every=market.tick_every,
        begins_after=board.number,
    )
