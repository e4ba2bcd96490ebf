"""The candles of a process: read as requests are, and written as the market is."""

from adapters.candle_store import CandleTable
from adapters.table import Table
from adapters.tick_store import TickTable
from domain.candle_keeper import CandleKeeper
from domain.instants import Clock
from domain.price_board import PriceBoard


def make_candles(
    *, board: PriceBoard, requests: Table, background: Table, clock: Clock, lease: str
) -> CandleKeeper:
    """Return what keeps candles; it begins once the board is filled."""
    return CandleKeeper(
        board=board,
        candles=CandleTable(background, clock=clock, lease=lease),
        reader=CandleTable(requests, clock=clock),
        ticks=TickTable(background, clock=clock),
        clock=clock,
    )
