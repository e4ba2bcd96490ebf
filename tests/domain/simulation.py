"""Ten thousand commands to several processes that fail and are killed, decided by one seed."""

import asyncio
import random
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from adapters.account_store import AccountTable
from domain.ids import ulid_text
from domain.instants import ms_of
from domain.ledger import Ledger, Outcome
from domain.market_clock import PresentTime
from domain.money import Percent
from domain.outages import OutageError, OutcomeUnknownError
from domain.refusals import UNRECORDED
from domain.rules import TradingRules
from tests.adapters.faulty_table import FaultyTable
from tests.adapters.memory_table import MemoryTable
from tests.domain.ledger_world import BTC, ETH, RULES, NotedHints, SetClock, SetPrices
from tests.domain.simulated_people import Asked, asked, open_accounts
from tests.domain.simulated_processes import ProcessKilledError, ProcessTable, Schedule

PROCESSES = 4
AT_ONCE = 24
"""Commands under way at once."""

TRIES_MAX = 6
"""Times that somebody sends the same command, as long as nobody says what came of it."""

FAULTS, OUTAGES, CONFLICTS, KILLS = 0.08, 0.02, 0.02, 0.0005
"""Chances: of a transaction to go wrong, of a read to, of a conflict, of a kill at each step."""

ARRIVALS = 1 / 50
"""Chance that something late arrives with a call: often after its sender has sent it again."""

SKEW_MS_MAX = 3_000
"""How far the clock of a process may be off."""

STEP_MS_MAX = 150_000
"""How far time goes on at once. A run takes days, but less than a key's seven."""

IDLE_TURNS_MAX = 1_000
"""Turns in which nobody waits for the table: more than any chain of tasks takes."""

FEE = "0.25"


class Answer(Enum):
    """What somebody was told."""

    DONE = auto()
    REFUSED = auto()
    """By a rule; under a key it is remembered."""
    NOTHING = auto()
    """Nothing happened."""
    UNKNOWN = auto()
    """Nobody knows."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of sending a command once; `name` begins the ids that were made for it."""

    asked: Asked
    name: str
    answer: Answer
    outcome: Outcome | None = None


_SENDING: ContextVar[str] = ContextVar("_SENDING")


class NamingIds:
    """Ids whose tokens begin with the name of the sending that they are made for."""

    def __init__(self) -> None:
        self._made = 0

    def ulid(self, at: datetime) -> str:
        self._made += 1
        return ulid_text(ms_of(at), self._made)

    def token(self) -> str:
        self._made += 1
        return f"{_SENDING.get()}/{self._made}"


class SkewedClock:
    """Another clock, a little off."""

    def __init__(self, clock: SetClock, off: timedelta) -> None:
        self._clock = clock
        self._off = off

    def now(self) -> datetime:
        return self._clock.now() + self._off


@dataclass
class Simulation:
    """Everything that a seed decides."""

    seed: int
    commands: int
    told: list[Told] = field(default_factory=list)
    kills: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.clock = SetClock()
        self.prices = SetPrices()
        self.ids = NamingIds()
        self.rules = TradingRules(fee=Percent.of(FEE), rewards=RULES.rewards)
        self.engine = MemoryTable(self.clock.now_s, remembers_tokens=self.chance.random() < 1 / 2)
        self.table = FaultyTable(
            self.engine,
            self.chance.randrange(2**32),
            faults=FAULTS,
            outages=OUTAGES,
            arrivals=ARRIVALS,
        )
        self.schedule = Schedule(self.chance)
        self.started = 0
        self.processes = [self._start() for _ in range(PROCESSES)]

    async def run(self) -> None:
        """Carry out everything, and let arrive what is still on its way."""
        await open_accounts(self.engine)
        self._move_the_market()
        sent, idle = 0, 0
        running: set[asyncio.Task[None]] = set()
        while running or sent < self.commands:
            if sent < self.commands and len(running) < AT_ONCE:
                task = asyncio.create_task(self._person(asked(sent, self.chance)))
                running.add(task)
                task.add_done_callback(running.discard)
                sent += 1
            await asyncio.sleep(0)
            idle = 0 if self.schedule.step() else idle + 1
            assert idle < IDLE_TURNS_MAX, "everybody waits for somebody else"
            self._let_something_happen()
        await self.table.settle()

    def _start(self) -> tuple[int, Ledger]:
        number, self.started = self.started, self.started + 1
        table = ProcessTable(self.table, self.schedule, number, self.chance, conflicts=CONFLICTS)
        off = timedelta(milliseconds=self.chance.randint(-SKEW_MS_MAX, SKEW_MS_MAX))
        ledger = Ledger(
            accounts=AccountTable(table),
            quotes=self.prices,
            hints=NotedHints(),
            rules=self.rules,
            market_clock=PresentTime(SkewedClock(self.clock, off)),
            ids=self.ids,
            pause=lambda _: self.schedule.turn(number),
            wall_clock=self.clock,
        )
        return number, ledger

    def _let_something_happen(self) -> None:
        if self.chance.random() < 1 / 10:
            self.clock.advance(timedelta(milliseconds=self.chance.randint(0, STEP_MS_MAX)))
            self._move_the_market()
        if self.chance.random() < KILLS:
            place = self.chance.randrange(PROCESSES)
            self.schedule.kill(self.processes[place][0])
            self.processes[place] = self._start()
            self.kills += 1

    def _move_the_market(self) -> None:
        at = self.clock.now()
        self.prices.set(BTC, f"{self.chance.randint(20_000_00, 90_000_00) / 100:.2f}", at=at)
        self.prices.set(ETH, f"{self.chance.randint(10**12, 5 * 10**12)}e-9", at=at)

    async def _person(self, wanted: Asked) -> None:
        """Send a command until an answer comes; an impatient person sends it thrice at once."""
        copies = 3 if wanted.wish.key and self.chance.random() < 1 / 8 else 1
        async with asyncio.TaskGroup() as group:
            for copy in range(copies):
                group.create_task(self._insist(wanted, copy))

    async def _insist(self, wanted: Asked, copy: int) -> None:
        for number in range(TRIES_MAX):
            told = await self._send(wanted, f"{wanted.number}.{copy}.{number}")
            self.told.append(told)
            is_open = told.answer is Answer.NOTHING or (
                told.answer is Answer.UNKNOWN and wanted.wish.key
            )
            if not is_open:
                return

    async def _send(self, wanted: Asked, name: str) -> Told:
        _, ledger = self.chance.choice(self.processes)
        _SENDING.set(name)
        try:
            outcome = await ledger.carry_out(wanted.wish)
        except (OutcomeUnknownError, ProcessKilledError):
            return Told(wanted, name, Answer.UNKNOWN)
        except OutageError:
            return Told(wanted, name, Answer.NOTHING)
        codes = {error.code for error in outcome.errors}
        if codes & UNRECORDED:
            return Told(wanted, name, Answer.NOTHING)
        return Told(wanted, name, Answer.REFUSED if codes else Answer.DONE, outcome)
