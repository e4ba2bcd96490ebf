"""Processes that share one table: a seed says who is served next, what fails, and who is killed."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from adapters.table import ConditionFailedError, Table, Write
from adapters.table_calls import TableCall
from tests.passing_table import AnswerT, PassingTable


class ProcessKilledError(Exception):
    """The process is no more; whoever asked it hears nothing."""


@dataclass(frozen=True, slots=True)
class _Parked:
    process: int
    goes_on: "asyncio.Future[None]"


class Schedule:
    """Parks everybody who waits for the table, and lets one go on at a time.

    Nothing else waits for anything but other tasks, so that the seed alone decides what happens.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._parked: list[_Parked] = []
        self._killed: set[int] = set()

    async def turn(self, process: int) -> None:
        """Wait for one's turn. Raises ProcessKilledError when it doesn't come."""
        if process in self._killed:
            raise ProcessKilledError
        goes_on = asyncio.get_running_loop().create_future()
        self._parked.append(_Parked(process, goes_on))
        await goes_on

    def step(self) -> bool:
        """Let one of them go on; answer False when nobody waits."""
        if not self._parked:
            return False
        number = self._chance.randrange(len(self._parked))
        self._parked[number], self._parked[-1] = self._parked[-1], self._parked[number]
        self._parked.pop().goes_on.set_result(None)
        return True

    def kill(self, process: int) -> None:
        """End a process: what it has sent may be done, and it goes on with nothing."""
        self._killed.add(process)
        for parked in [one for one in self._parked if one.process == process]:
            self._parked.remove(parked)
            parked.goes_on.set_exception(ProcessKilledError())


class ProcessTable(PassingTable):
    """The table as one process sees it: each call is sent in one turn and answered in another.

    `conflicts` is the chance that a transaction which was never sent before is told that somebody
    else was quicker.
    """

    def __init__(
        self,
        table: Table,
        schedule: Schedule,
        process: int,
        chance: random.Random,
        *,
        conflicts: float,
    ) -> None:
        super().__init__(table)
        self._schedule = schedule
        self._process = process
        self._chance = chance
        self._conflicts = conflicts
        self._sent: set[str] = set()

    async def _turn(self) -> None:
        await self._schedule.turn(self._process)

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        await self._turn()
        is_first = token not in self._sent
        self._sent.add(token)
        if is_first and self._chance.random() < self._conflicts:
            raise ConditionFailedError([writes[0].key])
        try:
            await self._table.transact(writes, token=token)
        finally:
            await self._turn()

    async def pass_on(self, call: TableCall, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        await self._turn()
        answer = await ask()
        await self._turn()
        return answer

    async def close(self) -> None:
        """Leave the table to the others."""
