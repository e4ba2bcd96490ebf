"""What time a market goes by, and who waits for whom in it: as the settings say."""

import logging
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import timedelta

from adapters.replay_files import recorded_prices
from adapters.replay_market import ReplayMarket as RecordedMarket
from adapters.replay_steps import ReplaySteps
from adapters.seeded_ids import SeededIds
from adapters.system_ids import SystemIds
from domain.ids import Ids
from domain.instants import Clock, text_of
from domain.market_clock import PresentTime, ReplayTime
from domain.market_turns import MarketTurns, Turn
from domain.order_expiry import LATE_AFTER
from domain.ports.markets import MarketSourceError
from domain.price_board import PriceBoard
from domain.rules import ORDER_LIFETIME
from web.settings import ReplayMarket, Settings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTime:
    """The market's clock, and the turns that commands and ticks take by it."""

    clock: PresentTime | ReplayTime
    command_turn: Turn = nullcontext
    tick_turn: Turn = nullcontext
    steps: ReplaySteps | None = None
    """What lets a recording go on that has no speed."""
    late_after: timedelta = LATE_AFTER
    """How far behind the leader's time another process may place an order."""

    @property
    def is_replayed(self) -> bool:
        """Tell whether the market's time is a recording's."""
        return isinstance(self.clock, ReplayTime)

    def tell(self) -> None:
        """Tell the log what time it is, where it is another than the log's own."""
        if self.is_replayed:
            _LOG.info(
                "The market's time is %s, by its recording.", text_of(self.clock.market_now())
            )

    def check(self, recorded: RecordedMarket) -> None:
        """Raise MarketSourceError for a recording of a time that the store has left behind."""
        if not self.is_replayed:
            return
        at, now = recorded.next_at or recorded.now(), self.clock.market_now()
        if at < now:
            raise MarketSourceError(
                f"{recorded.name} goes on at {text_of(at)}, but the store has come to "
                f"{text_of(now)}, and time never goes back; give this recording another CNOP_STORE"
            )

    def standstill(self, *, has_ended: bool) -> tuple[str, ...]:
        """Say, in a sentence, that the time of a market has come to its end."""
        if not (self.is_replayed and has_ended):
            return ()
        at = text_of(self.clock.market_now())
        return (f"the recording has come to its end; the market's time stands still at {at}",)


def ids_in(settings: Settings, *, is_alone: bool, run: Callable[[], int]) -> Ids:
    """Return the ids of what has the market's time, apart from those that have the world's.

    Where a recording sets it, and one process alone serves a store, they may follow from a seed.
    `run` tells the runs on a store apart.
    """
    market = settings.market
    if isinstance(market, ReplayMarket) and market.sets_clock and market.seed is not None:
        if is_alone:
            return SeededIds(market.seed, run)
        _LOG.warning("CNOP_MARKET_SEED makes no ids where several processes may serve a store.")
    return SystemIds()


def market_time(settings: Settings, board: PriceBoard, wall_clock: Clock) -> MarketTime:
    """Return the time of the settings' market, which follows the board where a recording sets it.

    Raises MarketSourceError for a recording that can't be read or has no prices.
    """
    market, present = settings.market, PresentTime(wall_clock)
    if not isinstance(market, ReplayMarket):
        return MarketTime(clock=present)
    turns = MarketTurns()
    if not market.sets_clock:
        return MarketTime(clock=present, command_turn=turns.command, tick_turn=turns.tick)
    with closing(recorded_prices(market.path)) as prices:
        first = next(prices, None)
    if first is None:
        raise MarketSourceError(f"{market.path} has no prices, so no time either")
    return MarketTime(
        clock=ReplayTime(board, first.at),
        command_turn=turns.command,
        tick_turn=turns.tick,
        steps=ReplaySteps() if market.is_stepped else None,
        late_after=min(LATE_AFTER * max(1.0, float(market.speed)), ORDER_LIFETIME),
    )
