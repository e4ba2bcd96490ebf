"""Sessions on one table, processes that share one Redis, and readers that can be held."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from adapters.identity_items import session_item
from adapters.memory_budgets import MemoryBudgets
from adapters.redis_budgets import RedisBudgets
from adapters.redis_connection import RedisConnection
from adapters.redis_keys import RedisKeys
from adapters.redis_pool import RedisBounds, RedisUnavailableError
from adapters.redis_session_ends import EndingSessions, EndingUsers, RedisSessionEnds
from adapters.redis_sessions import RedisAdmissions
from adapters.session_store import SessionTable
from adapters.table import Put
from adapters.user_store import UserTable
from domain.ids import SessionId, UserId, ulid_text
from domain.ports.budgets import Bucket
from domain.sessions import REFRESH_TOKEN_LIFETIME, Session, opened
from tests.adapters.memory_table import MemoryTable
from tests.domain.identity_world import NOW, CountingIds, SetClock
from tests.redis_server import PATIENT, POLL_S, POLLS_MAX, RedisServer, connected

KEYS = RedisKeys("test")
BUCKET = Bucket(capacity=100, restore_per_second=1)
ALICE = UserId("usr_" + ulid_text(1, 1))
TOKEN = "t" * 32


class HeldSessions(SessionTable):
    """A SessionStore that counts reads, and holds what it has read until it may tell it."""

    def __init__(self, table: MemoryTable) -> None:
        super().__init__(table)
        self.reads = 0
        self.may_tell = asyncio.Event()
        self.may_tell.set()
        self.has_read = asyncio.Event()

    async def get(self, user_id: UserId, session_id: SessionId) -> Session | None:
        self.reads += 1
        found = await super().get(user_id, session_id)
        self.has_read.set()
        await self.may_tell.wait()
        return found


class Waits:
    """Time that passes only by waiting; `during` is called before each wait."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.during: Callable[[], None] = lambda: None

    def monotonic_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.during()
        await asyncio.sleep(0)
        self.now_s += seconds


@dataclass
class Process:
    """One process: what it reads, and how it lets in and ends sessions."""

    connection: RedisConnection
    table: MemoryTable
    clock: SetClock
    waits: Waits = field(default_factory=Waits)

    def __post_init__(self) -> None:
        self.read = HeldSessions(self.table)
        self.budgets = RedisBudgets(
            self.connection, name="cost", bucket=BUCKET, keys=KEYS, own=MemoryBudgets(BUCKET)
        )
        self.admissions = RedisAdmissions(
            self.connection,
            keys=KEYS,
            sessions=self.read,
            clock=self.clock,
        )
        ends = RedisSessionEnds(
            self.connection, KEYS, monotonic_s=self.waits.monotonic_s, sleep=self.waits.sleep
        )
        self.sessions = EndingSessions(SessionTable(self.table), ends)
        self.users = EndingUsers(UserTable(self.table), ends)

    async def lets_in(self, session: Session) -> bool:
        """Look at a session, and let Redis know what was found."""
        until = await self.admissions.live_until(ALICE, session.id)
        if not self.connection.is_degraded:
            await self.connection.command("PING")
        return until is not None

    async def reconnected(self) -> None:
        """Wait until Redis answers this process again."""
        for _ in range(POLLS_MAX):
            with suppress(RedisUnavailableError):
                await self.connection.command("PING")
                if not self.connection.is_degraded:
                    return
            await asyncio.sleep(POLL_S)
        pytest.fail("it is never connected again")

    async def end(self, session: Session) -> None:
        await self.sessions.end(ALICE, session.id, token=TOKEN)


@dataclass
class Sessions:
    """A table with sessions on it."""

    clock: SetClock = field(default_factory=SetClock)
    ids: CountingIds = field(default_factory=CountingIds)

    def __post_init__(self) -> None:
        self.table = MemoryTable(self.clock.now_s)

    async def opened(self, ends_in: timedelta = REFRESH_TOKEN_LIFETIME) -> Session:
        """Put a session on the table that ends by itself after a time."""
        at = NOW - REFRESH_TOKEN_LIFETIME + ends_in
        session = opened(SessionId("ses_" + self.ids.ulid(at)), ALICE, b"h" * 32, at)
        await self.table.transact([Put(session_item(session))], token=self.ids.token())
        return session

    @asynccontextmanager
    async def processes(
        self, *urls: str, bounds: RedisBounds = PATIENT
    ) -> AsyncIterator[list[Process]]:
        """Run a process on each of these servers."""
        async with AsyncExitStack() as stack:
            yield [
                Process(
                    await stack.enter_async_context(connected(url, bounds)), self.table, self.clock
                )
                for url in urls
            ]


def kept(server: RedisServer, session: Session) -> bytes:
    """Return the kind of what Redis keeps of a session."""
    return server.ask("GET", KEYS.session(ALICE, session.id)).partition(b":")[0]
