"""Identity with everything around it in memory: a clock to set, hashes that are counted."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.access_tokens import JwtAccessTokens
from adapters.jwt_secrets import JwtSecret
from adapters.login_guard import MemoryLoginGuard
from adapters.session_store import SessionTable
from adapters.store_admissions import StoreAdmissions
from adapters.table import ConditionFailedError, Item, Key, TableError, Write
from adapters.user_store import UserTable
from domain.identity import Identity
from domain.ids import ulid_text
from domain.instants import ms_of
from domain.market_clock import PresentTime
from domain.ports.audit_trail import NO_AUDIT, AuditTrail
from domain.ports.identity import BusyError
from domain.refresh_tokens import RefreshTokens
from domain.refusals import Refusal, UserError
from domain.sessions import NotAuthenticatedError
from domain.users import Registration
from tests.adapters.memory_table import Failure, MemoryTable

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
PASSWORD = "Correct-Horse-7"
ANOTHER_PASSWORD = "Battery_Staple_8"
HOME = "203.0.113.7"
ELSEWHERE = "198.51.100.9"
SECRETS = (JwtSecret("one", b"1" * 32),)

ALICE = Registration(
    username="Alice_01",
    email="Alice@Example.com",
    password=PASSWORD,
    first_name="Alice",
    last_name="Liddell",
)


class SetClock:
    """A Clock that stands still until it is set."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def now_s(self) -> float:
        return self.at.timestamp()

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class CountingIds:
    """Ids that count up."""

    def __init__(self) -> None:
        self._made = 0

    def ulid(self, at: datetime) -> str:
        self._made += 1
        return ulid_text(ms_of(at), self._made)

    def token(self) -> str:
        self._made += 1
        return f"{self._made:032}"


class CountingHasher:
    """A PasswordHasher without work, that notes what it would have done."""

    decoy_hash = "today:0:nobody's password"

    def __init__(self) -> None:
        self.verified: list[str] = []
        self.hashed = 0
        self.scheme = "today"
        self.is_busy = False

    async def hash(self, password: str) -> str:
        await asyncio.sleep(0)
        if self.is_busy:
            raise BusyError
        self.hashed += 1
        return f"{self.scheme}:{self.hashed}:{password}"

    async def verify(self, password: str, password_hash: str) -> bool:
        self.verified.append(password_hash)
        await asyncio.sleep(0)
        return password_hash.split(":", 2)[2] == password

    def is_outdated(self, password_hash: str) -> bool:
        return not password_hash.startswith(self.scheme)


class RacyTable(MemoryTable):
    """A table whose calls let others go first, and whose transactions meet what a test plans.

    `overtaken` counts those to come that fail on the first of their conditions.
    """

    def __init__(self, clock: SetClock, *, remembers_tokens: bool = True) -> None:
        super().__init__(clock.now_s, remembers_tokens=remembers_tokens)
        self.before_transactions: deque[Callable[[], Awaitable[object]]] = deque()
        self.of_transactions: deque[Failure] = deque()
        self.overtaken = 0

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:
        await asyncio.sleep(0)
        return await super().get(key, strong=strong)

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        await asyncio.sleep(0)
        if self.before_transactions:
            await self.before_transactions.popleft()()
        if self.overtaken:
            self.overtaken -= 1
            raise ConditionFailedError([writes[0].key])
        if self.of_transactions:
            self.failures.append(self.of_transactions.popleft())
        await super().transact(writes, token=token)

    def fail_transactions(self, *errors: TableError, is_written: bool = False) -> None:
        self.of_transactions.extend(Failure(error, is_written) for error in errors)


@dataclass
class World:
    """One store, and any number of processes on it."""

    remembers_tokens: bool = True
    audit: AuditTrail = NO_AUDIT
    clock: SetClock = field(default_factory=SetClock)
    ids: CountingIds = field(default_factory=CountingIds)
    hasher: CountingHasher = field(default_factory=CountingHasher)
    pauses: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = RacyTable(self.clock, remembers_tokens=self.remembers_tokens)
        self.guard = MemoryLoginGuard(self.clock)
        self.users = UserTable(self.table)
        self.sessions = SessionTable(self.table)
        self.identity = self.process()

    def process(self, secrets: tuple[JwtSecret, ...] = SECRETS) -> Identity:
        """Return the identity of another process on the same store."""
        return Identity(
            users=UserTable(self.table),
            sessions=SessionTable(self.table),
            admissions=StoreAdmissions(SessionTable(self.table), clock=self.clock),
            hasher=self.hasher,
            guard=self.guard,
            access_tokens=JwtAccessTokens(secrets, self.ids),
            refresh_tokens=RefreshTokens(tuple(one.secret for one in secrets)),
            ids=self.ids,
            market_ids=self.ids,
            wall_clock=self.clock,
            market_clock=PresentTime(self.clock),
            pause=self.pause,
            audit=self.audit,
        )

    async def pause(self, attempt: int) -> None:
        self.pauses.append(attempt)


async def errors_of(action: Awaitable[object]) -> tuple[UserError, ...]:
    """Return what the action is refused for; nothing when it isn't."""
    try:
        await action
    except Refusal as refusal:
        return refusal.errors
    return ()


async def codes_of(action: Awaitable[object]) -> list[str]:
    """Return the codes that the action is refused with; nothing when it isn't."""
    return [error.code.value for error in await errors_of(action)]


async def is_live(identity: Identity, access_token: str) -> bool:
    """Tell whether the token still opens anything."""
    try:
        await identity.authenticate(access_token)
    except NotAuthenticatedError:
        return False
    return True
