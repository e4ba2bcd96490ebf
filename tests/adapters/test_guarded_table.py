"""A guarded table asks while the engine is well, in bounded numbers, for a bounded time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from adapters.guarded_table import DEADLINE_S, GuardedTable
from adapters.table import (
    Absent,
    ConditionFailedError,
    Item,
    Key,
    Put,
    Table,
    TableError,
    TableOutcomeUnknownError,
    TableRefusedError,
    TableUnavailableError,
    Write,
)
from adapters.table_calls import CallOutcome, TableCall
from adapters.table_guards import (
    BACKGROUND_AT_ONCE,
    REQUESTS_AT_ONCE,
    REQUESTS_WAITING_MAX,
    RETRY_AFTER,
    guarded_tables,
)
from domain.circuit_breaker import FAILURES_MAX, SUCCESSES_MIN, CircuitState
from domain.leadership import LEADS_S_MAX
from tests.adapters.memory_table import MemoryTable
from tests.set_timeouts import SetTimeouts, settled

KEY = Key("A", "1")
ITEM = Item(KEY, {"a": 1})
AWAY = TableUnavailableError("away")

Ask = Callable[[Table], Awaitable[object]]


class Notes:
    """A TableObserver's notes."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []
        self.seconds: list[float] = []
        self.states: list[CircuitState] = []

    def called(
        self, *, compartment: str, call: TableCall, outcome: CallOutcome, seconds: float
    ) -> None:
        self.calls.append((compartment, call.value, outcome.value))
        self.seconds.append(seconds)

    def circuit_changed(self, state: CircuitState) -> None:
        self.states.append(state)

    @property
    def outcomes(self) -> list[str]:
        return [outcome for _, _, outcome in self.calls]


class HangingTable(MemoryTable):
    """A table in memory that keeps callers waiting, after their effect, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.asked = 0

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:
        self.asked += 1
        found = await super().get(key, strong=strong)
        await self.goes_on.wait()
        return found

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        await super().transact(writes, token=token)
        await self.goes_on.wait()


class World:
    """A table in memory behind its guards, and the clock that they go by."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.notes, self.timeouts, self.engine = Notes(), SetTimeouts(), HangingTable()
        self.tables = guarded_tables(
            self.engine,
            observer=self.notes,
            monotonic_s=lambda: self.now_s,
            timeout=self.timeouts,
        )
        self.table: GuardedTable = self.tables.requests

    async def break_it(self) -> None:
        for _ in range(FAILURES_MAX):
            self.engine.fail_next(AWAY)
            with pytest.raises(TableUnavailableError, match="away"):
                await self.table.get(KEY)

    async def hang(
        self, asks: int, ask: Ask, table: Table | None = None
    ) -> list["asyncio.Task[object]"]:
        """Ask while the engine doesn't answer."""
        self.engine.goes_on.clear()
        tasks = [asyncio.ensure_future(_run(ask, table or self.table)) for _ in range(asks)]
        await settled()
        return tasks

    async def let_go(self, tasks: Sequence["asyncio.Task[object]"]) -> list[object]:
        self.engine.goes_on.set()
        return await asyncio.gather(*tasks, return_exceptions=True)


async def _run(ask: Ask, table: Table) -> object:
    return await ask(table)


async def get(table: Table) -> object:
    return await table.get(KEY)


async def put(table: Table) -> object:
    await table.transact([Put(ITEM)], token="1")
    return None


async def scan(table: Table) -> object:
    return [item async for item in table.scan("A")]


ASKS: dict[str, Ask] = {
    "get": get,
    "get_many": lambda table: table.get_many([KEY]),
    "snapshot": lambda table: table.snapshot([KEY]),
    "query": lambda table: table.query("A"),
    "transact": put,
    "scan": scan,
}


@pytest.mark.parametrize("call", ASKS)
async def test_every_call_is_passed_on_and_noted(call: str) -> None:
    world = World()
    await ASKS[call](world.table)
    assert world.engine.calls == [call]
    assert world.notes.calls == [("requests", call, "answered")]
    assert world.timeouts.asked_s == [DEADLINE_S]


async def test_each_step_of_a_scan_is_guarded() -> None:
    world = World()
    await put(world.engine)
    steps: AsyncIterator[Item] = world.table.scan("A")
    assert await anext(steps) == ITEM
    await world.break_it()
    with pytest.raises(TableUnavailableError, match="too often"):
        await anext(steps)


@pytest.mark.parametrize("call", ASKS)
async def test_after_five_failures_nothing_is_sent(call: str) -> None:
    world = World()
    await world.break_it()
    sent = list(world.engine.calls)
    with pytest.raises(TableUnavailableError, match="the table has failed too often lately"):
        await ASKS[call](world.table)
    with pytest.raises(TableUnavailableError):
        await ASKS[call](world.tables.background)
    assert world.engine.calls == sent
    assert world.notes.outcomes == ["unavailable"] * FAILURES_MAX + ["circuit_open"] * 2
    assert world.notes.states == [CircuitState.OPEN]


async def test_it_closes_again_after_three_answers() -> None:
    world = World()
    await world.break_it()
    world.now_s += RETRY_AFTER.total_seconds()
    for _ in range(SUCCESSES_MIN):
        await world.table.get(KEY)
    assert world.notes.states == [
        CircuitState.OPEN,
        CircuitState.HALF_OPEN,
        CircuitState.CLOSED,
    ]


def test_a_hiccup_does_not_cost_a_leader_its_lease() -> None:
    assert RETRY_AFTER.total_seconds() < LEADS_S_MAX


@pytest.mark.parametrize(
    ("error", "outcome", "is_failure"),
    [
        (TableUnavailableError("away"), "unavailable", True),
        (TableOutcomeUnknownError("lost"), "unknown", True),
        (TableRefusedError("too large"), "refused", False),
        (ConditionFailedError([KEY]), "condition_failed", False),
        (TableError("else"), "given_up", False),
    ],
)
async def test_what_counts_as_a_failure(
    error: TableError, outcome: str, *, is_failure: bool
) -> None:
    world = World()
    for _ in range(FAILURES_MAX):
        world.engine.fail_next(error)
        with pytest.raises(type(error)):
            await put(world.table)
    assert world.notes.outcomes == [outcome] * FAILURES_MAX
    assert (world.tables.breaker.state is CircuitState.OPEN) is is_failure


async def test_failed_conditions_between_failures_keep_it_closed() -> None:
    world = World()
    await put(world.engine)
    for number in range(2 * FAILURES_MAX):
        world.engine.fail_next(AWAY)
        with pytest.raises(TableUnavailableError):
            await world.table.get(KEY)
        with pytest.raises(ConditionFailedError):
            await world.table.transact([Put(ITEM, (Absent(),))], token=f"again {number}")
    assert world.notes.states == []


async def test_a_read_without_an_answer_by_the_deadline_is_unavailable() -> None:
    world = World()
    (task,) = await world.hang(1, get)
    await world.timeouts.strike()
    with pytest.raises(TableUnavailableError, match=r"no answer to get within 9\.0 s"):
        await task
    assert world.notes.outcomes == ["late"]


async def test_a_transaction_that_the_deadline_cuts_off_is_in_doubt() -> None:
    world = World()
    (task,) = await world.hang(1, put)
    await world.timeouts.strike()
    with pytest.raises(TableOutcomeUnknownError, match="no answer to transact"):
        await task
    assert await world.engine.snapshot([KEY]) == {KEY: ITEM}


async def test_missed_deadlines_open_it() -> None:
    world = World()
    tasks = await world.hang(FAILURES_MAX, get)
    for number in range(FAILURES_MAX):
        await world.timeouts.strike(number)
    assert world.tables.breaker.state is CircuitState.OPEN
    await world.let_go(tasks)


async def test_a_caller_who_goes_away_says_nothing_about_the_table() -> None:
    world = World()
    for task in await world.hang(FAILURES_MAX, get):
        task.cancel()
    await settled()
    assert world.notes.outcomes == ["given_up"] * FAILURES_MAX
    assert world.tables.breaker.state is CircuitState.CLOSED
    assert world.tables.compartments[0].taken == 0


async def test_requests_leave_the_background_its_places() -> None:
    world = World()
    waiting = await world.hang(REQUESTS_AT_ONCE + REQUESTS_WAITING_MAX, get)
    assert world.engine.asked == REQUESTS_AT_ONCE
    with pytest.raises(TableUnavailableError, match="requests: 512 wait already"):
        await world.table.get(KEY)
    assert world.notes.outcomes == ["crowded"]
    (beat,) = await world.hang(1, get, world.tables.background)
    assert world.engine.asked == REQUESTS_AT_ONCE + 1
    assert await world.let_go([*waiting, beat]) == [None] * (len(waiting) + 1)
    assert world.tables.breaker.state is CircuitState.CLOSED


async def test_the_background_leaves_requests_their_places() -> None:
    world = World()
    waiting = await world.hang(BACKGROUND_AT_ONCE + 1, get, world.tables.background)
    (asked,) = await world.hang(1, get)
    assert world.engine.asked == BACKGROUND_AT_ONCE + 1
    await world.let_go([*waiting, asked])


async def test_who_waits_too_long_for_a_place_was_not_sent() -> None:
    world = World()
    tasks = await world.hang(REQUESTS_AT_ONCE, get)
    (late,) = await world.hang(1, put)
    await world.timeouts.strike()
    with pytest.raises(TableUnavailableError, match=r"no place within 0\.5 s"):
        await late
    assert "transact" not in world.engine.calls
    assert world.tables.breaker.state is CircuitState.CLOSED
    await world.let_go(tasks)


async def test_those_who_wait_when_it_opens_are_refused_without_being_sent() -> None:
    world = World()
    tasks = await world.hang(REQUESTS_AT_ONCE + 10, get)
    for number in range(FAILURES_MAX):
        await world.timeouts.strike(number)
    refused = [task for task in tasks if task.done() and "too often" in str(task.exception())]
    assert len(refused) == 10 - (FAILURES_MAX - 1)
    assert world.engine.asked == REQUESTS_AT_ONCE + FAILURES_MAX - 1
    await world.let_go(tasks)
    assert world.engine.asked == REQUESTS_AT_ONCE + FAILURES_MAX - 1


async def test_seconds_are_those_of_the_caller() -> None:
    world = World()
    (task,) = await world.hang(1, get)
    world.now_s += 3
    await world.let_go([task])
    assert world.notes.seconds == [3.0]


async def test_closing_closes_the_table_and_nobody_need_watch() -> None:
    engine = MemoryTable()
    tables = guarded_tables(engine)
    await tables.requests.get(KEY)
    await tables.requests.close()
    await tables.background.close()
    for _ in range(FAILURES_MAX + 1):
        with pytest.raises(TableUnavailableError):
            await tables.background.get(KEY)
