"""What the processes of one exchange have in common: through Redis, or a process by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from adapters.local_bus import LocalHintBus, LocalTickBus
from adapters.login_guard import MemoryLoginGuard
from adapters.memory_budgets import MemoryBudgets, MemoryMinuteCounts
from adapters.redis_budgets import RedisBudgets, RedisMinuteCounts
from adapters.redis_bus import RedisHintBus, RedisTickBus
from adapters.redis_channels import RedisChannels
from adapters.redis_connection import RedisConnection
from adapters.redis_keys import RedisKeys
from adapters.redis_login_guard import RedisLoginGuard
from adapters.redis_session_ends import EndingSessions, EndingUsers, RedisSessionEnds
from adapters.redis_sessions import RedisAdmissions
from adapters.session_store import SessionTable
from adapters.store_admissions import StoreAdmissions
from adapters.table import Table
from adapters.user_store import UserTable
from domain.instants import Clock
from domain.ports.admission import Admissions
from domain.ports.budgets import MinuteCounts
from domain.ports.hints import HintBus
from domain.ports.identity import LoginGuard, SessionStore, UserStore
from domain.ports.markets import TickBus
from resolvers.budgets import BudgetRules
from subscriptions.accounts import LOOK_EVERY
from web.metrics import Metrics
from web.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Buses, budgets, sessions and guards, as one process sees them."""

    tick_bus: TickBus
    hint_bus: HintBus
    look_every: timedelta | None
    """How often to look without a hint; None for a bus that loses none."""
    users: UserStore
    sessions: SessionStore
    admissions: Admissions
    guard: LoginGuard
    budgets: BudgetRules | None
    sign_in_counts: MinuteCounts | None
    degraded: Callable[[], tuple[str, ...]]
    """Tells, in sentences, what each process does for itself at present though it should not."""


@asynccontextmanager
async def open_shared(
    settings: Settings, table: Table, *, clock: Clock, metrics: Metrics
) -> AsyncIterator[Shared]:
    """Open what is shared. Redis may be out of reach: then each process goes by itself."""
    if settings.redis_url is None:
        yield _alone(settings, table, clock)
        return
    connection = RedisConnection(settings.redis_url, observe=metrics.redis_changed)
    channels = RedisChannels(connection)
    listening = asyncio.create_task(channels.run(), name="redis channels")
    try:
        yield _together(settings, table, clock, connection, channels)
    finally:
        listening.cancel()
        await asyncio.wait([listening])
        await connection.close()


def _alone(settings: Settings, table: Table, clock: Clock) -> Shared:
    sessions, bucket = SessionTable(table), settings.query_budget
    per_minute = settings.logins_per_minute
    return Shared(
        tick_bus=LocalTickBus(),
        hint_bus=LocalHintBus(),
        look_every=None,
        users=UserTable(table),
        sessions=sessions,
        admissions=StoreAdmissions(sessions, clock=clock),
        guard=MemoryLoginGuard(clock),
        budgets=BudgetRules(budgets=MemoryBudgets(bucket), bucket=bucket) if bucket else None,
        sign_in_counts=MemoryMinuteCounts(per_minute) if per_minute else None,
        degraded=tuple,
    )


def _together(
    settings: Settings,
    table: Table,
    clock: Clock,
    connection: RedisConnection,
    channels: RedisChannels,
) -> Shared:
    keys, sessions = RedisKeys(), SessionTable(table)
    ends = RedisSessionEnds(connection, keys)
    admissions = RedisAdmissions(connection, keys=keys, sessions=sessions, clock=clock)
    guard = RedisLoginGuard(connection, keys=keys, own=MemoryLoginGuard(clock))

    def degraded() -> tuple[str, ...]:
        found = []
        if connection.is_degraded:
            found.append("Redis does not answer; sessions are read from the table")
            found.append("budgets and failed logins are counted by each process")
        if not channels.is_listening:
            found.append("prices and account events come by looking, every few seconds")
        return tuple(found)

    return Shared(
        tick_bus=RedisTickBus(channels, keys),
        hint_bus=RedisHintBus(channels, keys),
        look_every=LOOK_EVERY,
        users=EndingUsers(UserTable(table), ends),
        sessions=EndingSessions(sessions, ends),
        admissions=admissions,
        guard=guard,
        budgets=_redis_budgets(settings, connection, keys),
        sign_in_counts=_redis_counts(settings, connection, keys),
        degraded=degraded,
    )


def _redis_budgets(
    settings: Settings, connection: RedisConnection, keys: RedisKeys
) -> BudgetRules | None:
    bucket = settings.query_budget
    if bucket is None:
        return None
    own = MemoryBudgets(bucket)
    budgets = RedisBudgets(connection, name="cost", bucket=bucket, keys=keys, own=own)
    return BudgetRules(budgets=budgets, bucket=bucket)


def _redis_counts(
    settings: Settings, connection: RedisConnection, keys: RedisKeys
) -> MinuteCounts | None:
    per_minute = settings.logins_per_minute
    if not per_minute:
        return None
    own = MemoryMinuteCounts(per_minute)
    return RedisMinuteCounts(connection, name="sign-ins", per_minute=per_minute, keys=keys, own=own)
