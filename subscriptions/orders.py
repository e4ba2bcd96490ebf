"""Somebody's orders as they change: those that entries touch, and those that end on arrival."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

from domain.ids import AccountId, OrderId, ulid_text
from domain.instants import ms_of
from domain.journal import Entry
from domain.order_requests import AT_ONCE
from domain.orders import Order, OrderStatus
from domain.pages import OrderFilter, Stretch
from resolvers.context import Request
from resolvers.streams import orders_touched, start_of_events
from subscriptions.accounts import AccountBroadcast

CLOCKS_APART_MAX = timedelta(seconds=10)
"""How old an order may say it is when it is first found: it was written a moment after it got its
id, perhaps by a process whose clock is behind."""

ENDED_AT_ONCE = 100
"""Orders that one reading takes of those that ended on arrival."""

_CANCELLED = OrderFilter(statuses=frozenset({OrderStatus.CANCELLED}))


async def order_updates(
    request: Request, broadcast: AccountBroadcast
) -> AsyncGenerator[Order, None]:
    """Return the viewer's orders whenever they change, from now on, until the stream is closed.

    Each comes as it is, and once in that state: what has changed again is left to the entry that
    did it. Raises NotAuthenticatedError and OutageError.
    """
    viewer, after = await start_of_events(request, None)
    ended = _EndedOnArrival(request, viewer.account_id)
    await ended.skip()
    with broadcast.listening(viewer.account_id) as change:
        while True:
            found = await broadcast.page(viewer.account_id, after)
            for entry in found.items:
                after = entry.version
                for order in await _touched(request, entry):
                    yield order
            for order in await ended.page():
                yield order
            if not found.has_more and not ended.has_more:
                await change()


async def _touched(request: Request, entry: Entry) -> list[Order]:
    """Return the orders that the entry brought to the state that they are in, in one batch."""
    touched = orders_touched(entry)
    if not touched:
        return []
    request.forget()
    return [
        _as_of_reset(order, entry) if order.id in entry.cancelled_orders else order
        for order in await request.loaders.orders.load_many(list(touched))
        if order is not None and order.version <= entry.version
    ]


def _as_of_reset(order: Order, reset: Entry) -> Order:
    """Return an order that a reset has ended as it will be written down."""
    return replace(order, version=reset.version, updated_at=reset.at)


class _EndedOnArrival:
    """Finds the orders that ended on arrival: no entry tells of them, so they are known by age.

    Each reading begins a little before the last one, and leaves out what that one found.
    """

    def __init__(self, request: Request, account_id: AccountId) -> None:
        self._request = request
        self._account_id = account_id
        self._begun_at = request.market_now()
        self._found: set[OrderId] = set()
        self._reached: OrderId | None = None

    @property
    def has_more(self) -> bool:
        """Tell whether a reading is under way."""
        return self._reached is not None

    async def skip(self) -> None:
        """Leave out what there is already."""
        await self.page()
        while self.has_more:
            await self.page()

    async def page(self) -> list[Order]:
        """Return some that were not found before, the oldest first."""
        stretch = Stretch(
            limit=ENDED_AT_ONCE, after=self._reached or self._start(), is_ascending=True
        )
        accounts = self._request.services.accounts
        page = await accounts.orders_where(self._account_id, _CANCELLED, stretch)
        self._reached = page.end if page.has_more else None
        # What is found here had no chance to wait, so nothing else has cancelled it.
        ended = [order for order in page.items if order.time_in_force in AT_ONCE]
        new = [order for order in ended if order.id not in self._found]
        self._found.update(order.id for order in new)
        return new

    def _start(self) -> OrderId:
        """Begin a reading, and return the id that it begins behind."""
        oldest = ulid_text(ms_of(self._begun_at - CLOCKS_APART_MAX), 0)
        start = OrderId(f"ord_{oldest}")
        self._found = {order_id for order_id in self._found if order_id > start}
        self._begun_at = self._request.market_now()
        return start
