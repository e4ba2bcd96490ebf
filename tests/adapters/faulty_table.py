"""A table that goes wrong on a seeded schedule, in every way that its contract allows."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from adapters.table import (
    Table,
    TableError,
    TableOutcomeUnknownError,
    TableUnavailableError,
    Write,
)
from adapters.table_calls import TableCall
from tests.passing_table import AnswerT, PassingTable


class Fault(Enum):
    """What may happen to a transaction; reads are only delayed or unavailable."""

    BEFORE = auto()
    """Unavailable, and nothing was written."""
    LOST = auto()
    """Outcome unknown, and nothing was written."""
    AFTER = auto()
    """Outcome unknown, though it was written."""
    LATE = auto()
    """Outcome unknown, and it arrives during a later call."""
    TWICE = auto()
    """Written, and given to the engine a second time at once."""


@dataclass(frozen=True, slots=True)
class _Pending:
    writes: list[Write]
    token: str


class FaultyTable(PassingTable):
    """Passes calls on, delayed by turns of the event loop, and lets some of them fail.

    `faults` is the chance of one for each transaction, `outages` that of a read to be refused.
    `arrivals` is the chance that something late arrives with a call.
    `scripted` faults come first, one for each transaction; None lets it pass.
    """

    def __init__(
        self,
        table: Table,
        seed: int = 0,
        *,
        faults: float = 0.0,
        outages: float = 0.0,
        turns_max: int = 0,
        arrivals: float = 1 / 2,
        scripted: Iterable[Fault | None] = (),
    ) -> None:
        super().__init__(table)
        self._chance = random.Random(seed)
        self._faults = faults
        self._outages = outages
        self._turns_max = turns_max
        self._arrivals = arrivals
        self._scripted = list(scripted)
        self._pending: list[_Pending] = []
        self.met: list[Fault] = []
        self.is_holding_back = False
        """Whether late transactions wait for `settle`, instead of arriving at any time."""

    def script(self, *faults: Fault | None) -> None:
        """Set what the next transactions meet."""
        self._scripted.extend(faults)

    async def settle(self) -> None:
        """Let everything arrive that is still on its way, and fail no more."""
        self._faults = self._outages = 0.0
        self._scripted.clear()
        while self._pending:
            await self._arrive(self._pending.pop(0))

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        await self._delay()
        fault = self._next_fault()
        if fault is not None:
            self.met.append(fault)
        if fault is Fault.BEFORE:
            raise TableUnavailableError("injected")
        if fault is Fault.LATE:
            self._pending.append(_Pending(list(writes), token))
        if fault in (Fault.LATE, Fault.LOST):
            raise TableOutcomeUnknownError("injected")
        await self._table.transact(writes, token=token)
        if fault is Fault.TWICE:
            await self._arrive(_Pending(list(writes), token))
        await self._delay()
        if fault is Fault.AFTER:
            raise TableOutcomeUnknownError("injected")

    async def pass_on(self, call: TableCall, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        await self._delay()
        if self._chance.random() < self._outages:
            raise TableUnavailableError("injected")
        return await ask()

    def _next_fault(self) -> Fault | None:
        if self._scripted:
            return self._scripted.pop(0)
        if self._chance.random() < self._faults:
            return self._chance.choice(list(Fault))
        return None

    async def _delay(self) -> None:
        for _ in range(self._chance.randint(0, self._turns_max)):
            await asyncio.sleep(0)
        if not self._pending or self.is_holding_back:
            return
        if self._chance.random() < self._arrivals:
            await self._arrive(self._pending.pop(self._chance.randrange(len(self._pending))))

    async def _arrive(self, pending: _Pending) -> None:
        try:
            await self._table.transact(pending.writes, token=pending.token)
        except TableError:
            return  # Nobody waits for the answer any more.
