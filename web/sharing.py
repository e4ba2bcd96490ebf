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
from domain.activity import UsageWatch
from domain.instants import Clock
from domain.ports.admission import Admissions
from domain.ports.budgets import MinuteCounts
from domain.ports.hints import HintBus
from domain.ports.identity import LoginGuard, SessionStore, UserStore
from domain.ports.markets import TickBus
from domain.shared_usage import SharedUsage
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
    usage: UsageWatch
    """Whether the exchange is used, here or by way of another process."""
    degraded: Callable[[], tuple[str, ...]]
    """Tells, in sentences, what each process does for itself at present though it should not."""


@asynccontextmanager
async def open_shared(
    settings: Settings,
    table: Table,
    *,
    clock: Clock,
    metrics: Metrics,
    listeners: Callable[[], int],
) -> AsyncIterator[Shared]:
    """Open what is shared. Redis may be out of reach: then each process goes by itself.

    `listeners` tells how many sockets this process has open.
    """
    if settings.redis_url is None:
        yield _alone(settings, table, clock, UsageWatch(clock, listeners=listeners))
        return
    connection = RedisConnection(settings.redis_url, observe=metrics.redis_changed)
    channels = RedisChannels(connection)
    usage = UsageWatch(clock, listeners=listeners, is_deaf=lambda: not channels.is_listening)
    shared = _together(settings, table, clock, connection, channels, usage=usage)
    tasks = [
        asyncio.create_task(channels.run(), name="redis channels"),
        asyncio.create_task(SharedUsage(usage, shared.hint_bus).run(), name="usage"),
    ]
    try:
        yield shared
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await connection.close()


def _alone(settings: Settings, table: Table, clock: Clock, usage: UsageWatch) -> Shared:
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
        usage=usage,
        degraded=tuple,
    )


def _together(
    settings: Settings,
    table: Table,
    clock: Clock,
    connection: RedisConnection,
    channels: RedisChannels,
    *,
    usage: UsageWatch,
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
            if settings.market.quiet_max:
                found.append("prices are asked for as if the exchange were used all the time")
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
        usage=usage,
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
