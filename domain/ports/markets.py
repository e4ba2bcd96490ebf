"""Where prices come from, where they are kept, and how they get around."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

from domain.asset_state import Checkpoint
from domain.assets import Quote
from domain.ids import AssetId
from domain.ticks import PriceReport, Tick


class MarketSourceError(Exception):
    """The source has no prices to give now; the message says why, for the log."""


class TickTakenError(Exception):
    """Another process has stored a different tick under this number; nothing was written."""


class Quotes(Protocol):
    """Tells prices, at once and from memory."""

    def quote(self, asset_id: AssetId) -> Quote | None:
        """Return the latest price, or None for an asset that nobody knows."""


class MarketSource(Protocol):
    """Prices as they come, one report after the other.

    It is asked for the next report when the last one was dealt with, so it can't run ahead.
    """

    @property
    def name(self) -> str:
        """What its reports name as their source."""

    @property
    def silence_max(self) -> timedelta:
        """How long it may be between two reports while all is well."""

    async def next_report(self) -> PriceReport | None:
        """Wait until prices are due and return them; None when there will never be any more.

        Raises MarketSourceError; asking again later is always allowed. A cancelled wait loses
        nothing.
        """


class TickStore(Protocol):
    """Keeps ticks until a checkpoint of the assets has made them superfluous, 30 days at most.

    Every method raises OutageError when the store can't answer, and a write OutcomeUnknownError
    when the store didn't say.
    """

    async def put(self, tick: Tick) -> None:
        """Write a tick, durable on return; giving the same one again has no second effect.

        Raises TickTakenError, and NotLeaderError when the tick's fence is an old leader's. In
        doubt, give it again.
        """

    async def after(self, number: int) -> Sequence[Tick]:
        """Return ticks of higher numbers, in order: the next few hundred of them, or none."""

    async def last(self) -> Tick | None:
        """Return the tick of the highest number that is kept."""

    async def trim(self, through: int) -> None:
        """Delete ticks up to this number: a bounded lot of them, the oldest first."""


class AssetStore(Protocol):
    """Keeps checkpoints of all assets.

    Both methods raise OutageError when the store can't answer, and `save` OutcomeUnknownError when
    the store didn't say.
    """

    async def load(self) -> Checkpoint:
        """Return the last whole checkpoint, an empty one where there is none.

        Of a later one that was broken off, some of its assets may be there already.
        """

    async def save(self, checkpoint: Checkpoint, *, fence: int = 0) -> None:
        """Write a checkpoint, durable on return. It need not be of one piece: see `load`.

        Raises NotLeaderError when the fence is an old leader's.
        """


class TickBus(Protocol):
    """Passes ticks to whoever listens, on this process and on others. It may lose some.

    A listener that misses a number finds it in the TickStore.
    """

    def publish(self, tick: Tick) -> None:
        """Pass a tick on, without waiting and without failing."""

    def subscribe(self) -> AbstractContextManager[AsyncIterator[Tick]]:
        """Listen from now on, until the context is left."""
