"""What a tick of the simulated market costs, for the whole catalogue."""

import time
from statistics import median

from adapters.catalogue import shipped_catalogue
from adapters.simulated_market import SimulatedMarket, simulated_assets
from domain.asset_state import Checkpoint
from domain.price_board import PriceBoard
from tests.domain.market_world import SetClock

TICKS = 5_000


def test_ticks() -> None:
    catalogue, board = shipped_catalogue(), PriceBoard()
    board.load(Checkpoint(states=tuple(entry.first_state() for entry in catalogue)))
    market = SimulatedMarket(simulated_assets(board, catalogue), seed=1, clock=SetClock())
    found = []
    for _ in range(TICKS):
        began_ns = time.process_time_ns()
        market.step()
        found.append((time.process_time_ns() - began_ns) / 1_000)
    print(f"\na tick of {len(catalogue)} assets: {median(found):.0f} µs, at most {max(found):.0f}")
