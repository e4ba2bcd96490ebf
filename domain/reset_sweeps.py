"""After a reset: the orders that it has ended are written down as such, and leave the book.

Nothing depends on when that happens: until then they read as cancelled, and never fill.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.commands import NOBODY, Needs, State, Terms
from domain.ids import AccountId, OrderId
from domain.journal import EntryKind, OrderNote
from domain.ledger import Ledger, Outcome, Wish
from domain.orders import OrderStatus, cancelled_by_reset
from domain.outages import OutageError, OutcomeUnknownError
from domain.pages import EntryFilter, Stretch
from domain.ports.accounts import AccountStore
from domain.refusals import ErrorCode, refuse

_PATH = ("input", "orderId")
_RESETS = EntryFilter(kinds=frozenset({EntryKind.RESET}))
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOrder:
    """Write down that a reset has ended an order, and take it out of the book."""

    order_id: OrderId
    reset_version: int
    """The version of the first reset after the order was placed."""
    reset_at: datetime

    def needs(self, terms: Terms) -> Needs:  # noqa: ARG002 - the port's signature
        """Need the order."""
        return Needs(order_id=self.order_id)

    def decide(self, state: State, terms: Terms) -> OrderNote:  # noqa: ARG002 - the port's signature
        """Note it as cancelled. Refused with ORDER_NOT_OPEN, also while no reset has ended it."""
        order = state.order
        is_left = order and order.status is OrderStatus.OPEN and order.epoch < state.account.epoch
        if order is None or not is_left:
            message = f"No reset has left order {self.order_id} open."
            raise refuse(ErrorCode.ORDER_NOT_OPEN, message, *_PATH)
        swept = replace(
            cancelled_by_reset(order), version=self.reset_version, updated_at=self.reset_at
        )
        return OrderNote(account=state.account, order=swept, was_resting=True)


class ResetSweeps:
    """Sweeps orders that resets have ended."""

    def __init__(self, ledger: Ledger, accounts: AccountStore) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, reset: Outcome) -> None:
        """Sweep what a reset has just ended, beside what else is done, one order at a time.

        What fails is left to `sweep`, which whoever meets such an order in the book calls.
        """
        if reset.entry is None or reset.is_replay or not reset.entry.cancelled_orders:
            return
        entry = reset.entry
        task = asyncio.create_task(self._all(entry.account_id, entry.cancelled_orders))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def sweep(self, account_id: AccountId, order_id: OrderId) -> None:
        """Sweep an order if a reset has left it open. Raises OutageError, OutcomeUnknownError."""
        found = (await self._accounts.orders(account_id, [order_id])).get(order_id)
        if found is None or found.status is not OrderStatus.OPEN:
            return
        resets = await self._accounts.entries(
            account_id, _RESETS, Stretch(limit=1, after=found.version, is_ascending=True)
        )
        for reset in resets.items:
            command = SweepOrder(order_id=order_id, reset_version=reset.version, reset_at=reset.at)
            wish = Wish(user_id=NOBODY, account_id=account_id, command=command)
            await self._ledger.carry_out(wish)

    async def close(self) -> None:
        """Let the sweeps that have begun come to their end, or be cancelled while waiting."""
        if self._running:
            await asyncio.wait(self._running)

    async def _all(self, account_id: AccountId, order_ids: Iterable[OrderId]) -> None:
        try:
            for order_id in order_ids:
                await self.sweep(account_id, order_id)
        except (OutageError, OutcomeUnknownError) as error:
            _LOG.warning("The orders that a reset ended stay in the book for now: %s", error)
