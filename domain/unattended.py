"""What the exchange does to open orders by itself, whatever a single account meets."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from domain.commands import NOBODY
from domain.ids import AccountId
from domain.ledger import Ledger, Wish
from domain.order_ends import ExpireOrder, FillOrder, WithdrawOrder
from domain.outages import OutageError, OutcomeUnknownError
from domain.refusals import ErrorCode
from domain.reset_sweeps import ResetSweeps

ACCOUNTS_AT_ONCE = 16
"""Accounts that are dealt with side by side: a slow one holds up a sixteenth, requests nothing."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A command about an account's open order."""

    account_id: AccountId
    command: FillOrder | ExpireOrder | WithdrawOrder


class Unattended:
    """Carries out jobs: each account's in their order, accounts side by side."""

    def __init__(self, ledger: Ledger, sweeps: ResetSweeps) -> None:
        self._ledger = ledger
        self._sweeps = sweeps

    async def carry_out(self, jobs: Iterable[Job]) -> int:
        """Do what can be done now, and return how many jobs are left for another try.

        A job whose order isn't open any more is done. One that meets anything but an outage is
        logged and counts as done: the store is damaged, and that must not stop the market.
        """
        of_accounts: dict[AccountId, list[Job]] = {}
        for job in jobs:
            of_accounts.setdefault(job.account_id, []).append(job)
        places = asyncio.Semaphore(ACCOUNTS_AT_ONCE)

        async def account(mine: list[Job]) -> int:
            async with places:
                return await self._account(mine)

        left = 0
        for came in await asyncio.gather(
            *map(account, of_accounts.values()), return_exceptions=True
        ):
            if isinstance(came, int):
                left += came
            elif isinstance(came, Exception):
                _LOG.error("An open order can't be dealt with.", exc_info=came)
            else:
                raise came
        return left

    async def _account(self, jobs: list[Job]) -> int:
        """Do the jobs of one account, up to the first that has to be tried again."""
        for number, job in enumerate(jobs):
            try:
                is_done = await self._is_done(job)
            except (OutageError, OutcomeUnknownError) as error:
                _LOG.warning("Order %s has to wait: %s", job.command.order_id, error)
                is_done = False
            if not is_done:
                return len(jobs) - number
        return 0

    async def _is_done(self, job: Job) -> bool:
        wish = Wish(user_id=NOBODY, account_id=job.account_id, command=job.command)
        outcome = await self._ledger.carry_out(wish)
        codes = {error.code for error in outcome.errors}
        if ErrorCode.ORDER_NOT_OPEN in codes:
            await self._sweeps.sweep(job.account_id, job.command.order_id)
        return ErrorCode.CONFLICT not in codes
