"""Prices on their way: what a source reports, and the numbered tick that is made of it."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import AssetId
from domain.instants import to_ms
from domain.market_figures import MarketFigures
from domain.money import Price, Quantity


@dataclass(frozen=True, slots=True)
class PriceMove:
    """An asset's price, changed or confirmed, and how much was traded since the one before.

    `at` is when the price was made, of a source that tells it later; `figures` are the source's
    own, of one that has any.
    """

    asset_id: AssetId
    price: Price
    volume: Quantity | None = None
    at: datetime | None = None
    figures: MarketFigures | None = None

    def __post_init__(self) -> None:
        if self.price.units <= 0:
            raise ValueError(f"{self.asset_id} at {self.price}: a price must be above 0")
        if self.volume is not None and self.volume.units < 0:
            raise ValueError(f"{self.asset_id} traded {self.volume}: it must not be below 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReport:
    """Prices of one instant from one source, at most one of each asset.

    `position` tells a source that can be resumed where it stood after this report. `gone` are
    assets that the source has stopped listing: they keep their last price, and don't trade.
    """

    at: datetime
    source: str
    moves: tuple[PriceMove, ...]
    position: int | None = None
    gone: tuple[AssetId, ...] = ()

    def __post_init__(self) -> None:
        assets = {move.asset_id for move in self.moves}
        if len(assets) < len(self.moves):
            raise ValueError(f"{self.source} gave two prices of one asset at {self.at}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A report with its place in the one sequence of all prices.

    `number` grows by one from tick to tick, across restarts. `fence` grows with each leader: ticks
    of a lower one than was seen come from a leader that has been replaced.
    """

    number: int
    fence: int
    at: datetime
    source: str
    moves: tuple[PriceMove, ...]
    position: int | None = None
    gone: tuple[AssetId, ...] = ()

    @classmethod
    def of(cls, report: PriceReport, *, number: int, fence: int) -> "Tick":
        """Give a report its number."""
        return cls(
            number=number,
            fence=fence,
            at=to_ms(report.at),
            source=report.source,
            moves=report.moves,
            position=report.position,
            gone=report.gone,
        )

    def at_of(self, move: PriceMove) -> datetime:
        """Return when a price of this tick was made; never after the tick."""
        return self.at if move.at is None else min(move.at, self.at)
