"""The candles of a process: read as requests are, and written as the market is."""

from dataclasses import dataclass

from adapters.backfill_store import BackfillTable
from adapters.candle_store import CandleTable
from adapters.table import Table
from adapters.tick_store import TickTable
from domain.candle_keeper import CandleKeeper
from domain.filled_candles import FilledCandles
from domain.instants import Clock
from domain.ports.candles import BackfillStore, Candles
from domain.price_board import PriceBoard


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleParts:
    """All about candles."""

    own: CandleKeeper
    """Those of our own ticks; it begins once the board is filled."""
    shown: Candles
    """Those that are shown: where charts are asked for, with what these tell of the gaps."""
    backfilled: BackfillStore
    """Where a leader keeps what charts tell."""


def make_candles(
    *,
    board: PriceBoard,
    requests: Table,
    background: Table,
    clock: Clock,
    lease: str,
    has_charts: bool,
) -> CandleParts:
    """Return what keeps candles."""
    own = CandleKeeper(
        board=board,
        candles=CandleTable(background, clock=clock, lease=lease),
        reader=CandleTable(requests, clock=clock),
        ticks=TickTable(background, clock=clock),
        clock=clock,
    )
    return CandleParts(
        own=own,
        shown=FilledCandles(own, BackfillTable(requests, clock=clock)) if has_charts else own,
        backfilled=BackfillTable(background, clock=clock, lease=lease),
    )
