"""The trigger engine: every tick meets every order that rests, and fills those that it sets off."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.assets import Quote
from domain.ids import AssetId
from domain.instants import Clock
from domain.order_ends import FillOrder, WithdrawOrder
from domain.outages import OutageError
from domain.ports.books import BookStore
from domain.ports.markets import Quotes
from domain.ticks import PriceMove, Tick
from domain.unattended import Job, Unattended

ASSETS_AT_ONCE = 16
"""Assets whose books are read side by side."""

LOOKED_AGAIN_AFTER = timedelta(seconds=10)
"""When to look again at an asset that hasn't moved since its last tick.

An order that was decided on the price before a tick, and was committed after the tick had looked at
the book, waits there with its price come; no commit takes longer than this.
"""

RECENT = timedelta(minutes=2)
"""How old a price may be that a new leader looks at the book with: longer than it takes to notice
that the one before is gone, and to start. After that, an order is set off by the next price."""

Confirm = Callable[[], Awaitable[None]]
"""Raises NotLeaderError when another process leads by now, OutageError when that isn't known."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """The last price of an asset that the book was looked at with, and when that was."""

    quote: Quote
    at: datetime


class TriggerEngine:
    """Fills open orders by the ticks of one leader.

    A tick costs two queries for each asset that it moves, and what it sets off; never more for
    orders that go on resting. Doing a tick again does what is left of it.
    """

    def __init__(
        self,
        *,
        books: BookStore,
        unattended: Unattended,
        quotes: Quotes,
        clock: Clock,
        confirm: Confirm,
    ) -> None:
        self._books = books
        self._unattended = unattended
        self._quotes = quotes
        self._clock = clock
        self._confirm = confirm
        self._looked: dict[AssetId, _Looked] = {}

    def begin(self, quotes: Iterable[Quote]) -> None:
        """Remember to look again at what the leader before may not have looked at again.

        What this process had yet to look at when it led last is forgotten: it may be long ago.
        """
        now = self._clock.now()
        self._looked = {
            quote.asset_id: _Looked(quote, now) for quote in quotes if now - quote.at <= RECENT
        }

    async def work(self, tick: Tick) -> None:
        """Fill what a tick sets off, at its prices, and end what waits for assets that are gone.

        Raises OutageError when something is left: then the tick is to be worked again.
        """
        now = self._clock.now()
        quotes = [self._quote(tick, move) for move in tick.moves]
        for quote in quotes:
            self._looked[quote.asset_id] = _Looked(quote, now)
        await self._settle(
            [
                *await _side_by_side([self._set_off(quote) for quote in quotes]),
                *await _side_by_side([self._withdrawn(asset_id) for asset_id in tick.gone]),
            ],
            f"of tick {tick.number}",
        )

    async def look_again(self) -> None:
        """Look once more at assets that have been quiet, for orders that came beside their tick."""
        until = self._clock.now() - LOOKED_AGAIN_AFTER
        quiet = [looked.quote for looked in self._looked.values() if looked.at <= until]
        found = await _side_by_side([self._set_off(quote) for quote in quiet])
        # An asset that has moved meanwhile had its tick, and what was found may be newer than that.
        still = [
            jobs
            for quote, jobs in zip(quiet, found, strict=True)
            if self._looked[quote.asset_id].quote is quote and self._is_latest(quote)
        ]
        await self._settle(still, "beside a tick")
        for quote in quiet:
            if self._looked[quote.asset_id].quote is quote:
                del self._looked[quote.asset_id]

    async def _settle(self, found: Sequence[Sequence[Job]], of_what: str) -> None:
        jobs = [job for some in found for job in some]
        if not jobs:
            return
        # Whoever was overtaken may have looked at orders that are newer than its tick.
        await self._confirm()
        left = await self._unattended.carry_out(jobs)
        if left:
            raise OutageError(f"{left} orders {of_what} are left")

    async def _set_off(self, quote: Quote) -> list[Job]:
        waiting = await self._books.met(quote.asset_id, quote.price)
        if not quote.is_tradable:
            return [
                Job(one.account_id, WithdrawOrder(order_id=one.order_id, asset_id=one.asset_id))
                for one in waiting
            ]
        return [
            Job(one.account_id, FillOrder(order_id=one.order_id, quote=quote)) for one in waiting
        ]

    async def _withdrawn(self, asset_id: AssetId) -> list[Job]:
        return [
            Job(one.account_id, WithdrawOrder(order_id=one.order_id, asset_id=asset_id))
            for one in await self._books.all_in(asset_id)
        ]

    def _quote(self, tick: Tick, move: PriceMove) -> Quote:
        """Return the tick's own price, whatever the board shows when it is worked."""
        shown = self._quotes.quote(move.asset_id)
        return Quote(
            asset_id=move.asset_id,
            price=move.price,
            source=tick.source,
            at=tick.at_of(move),
            is_tradable=shown is None or shown.is_tradable,
        )

    def _is_latest(self, quote: Quote) -> bool:
        return self._quotes.quote(quote.asset_id) == quote


async def _side_by_side(looks: Sequence[Awaitable[list[Job]]]) -> list[list[Job]]:
    """Await looks in their order, a bounded number at once."""
    places = asyncio.Semaphore(ASSETS_AT_ONCE)

    async def one(look: Awaitable[list[Job]]) -> list[Job]:
        async with places:
            return await look

    return await asyncio.gather(*map(one, looks))
