"""The guards of a table: one circuit breaker, and a compartment each for requests and the rest."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from adapters.guarded_table import DEADLINE_S, GuardedTable
from adapters.table import Table
from adapters.table_calls import TableObserver, Unobserved
from domain.bulkheads import Bulkhead, Timeout
from domain.circuit_breaker import CircuitBreaker, CircuitRules

RETRY_AFTER = timedelta(seconds=2)
"""How long an open circuit stays so: far less than the 60 s of other dependencies.

Without the table there is no exchange, so each second more is a second of outage; one attempt in
two seconds is no burden to a table that recovers. And a leader that can't renew its lease for 4 s
has to stop (`domain.leadership`): a hiccup should not change the leader.
"""

REQUESTS_AT_ONCE = 48
BACKGROUND_AT_ONCE = 16
"""Together the connections of the client's pool (`dynamodb_connection`), so nobody waits there."""

REQUESTS_WAITING_MAX = 512
"""About what the table's client gets through in a quarter of a second, at 2,000 calls a second."""

BACKGROUND_WAITING_MAX = 64
"""More than the background has at all: ticks, leases, checkpoints and sweeps go one by one."""

WAIT_S_MAX = 0.5
"""A request that has waited this long for a place is refused: the queue would only grow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedTables:
    """One table, twice: neither of the two can take the places of the other."""

    requests: GuardedTable
    """For what somebody waits for."""
    background: GuardedTable
    """For ticks, leases, checkpoints and sweeps."""
    breaker: CircuitBreaker
    compartments: tuple[Bulkhead, Bulkhead]
    """Those of requests and background, for gauges of places taken and waited for."""


def guarded_tables(
    table: Table,
    *,
    observer: TableObserver | None = None,
    monotonic_s: Callable[[], float] = time.monotonic,
    deadline_s: float = DEADLINE_S,
    retry_after: timedelta = RETRY_AFTER,
    timeout: Timeout = asyncio.timeout,
) -> GuardedTables:
    """Return the table behind its guards. Closing either closes the table."""
    told = observer or Unobserved()
    breaker = CircuitBreaker(
        name="the table",
        monotonic_s=monotonic_s,
        rules=CircuitRules(retry_after=retry_after),
        observe=told.circuit_changed,
    )
    requests = Bulkhead(
        name="requests",
        places=REQUESTS_AT_ONCE,
        waiting_max=REQUESTS_WAITING_MAX,
        wait_s_max=WAIT_S_MAX,
        timeout=timeout,
    )
    background = Bulkhead(
        name="background",
        places=BACKGROUND_AT_ONCE,
        waiting_max=BACKGROUND_WAITING_MAX,
        wait_s_max=WAIT_S_MAX,
        timeout=timeout,
    )

    def behind(compartment: Bulkhead) -> GuardedTable:
        return GuardedTable(
            table,
            breaker=breaker,
            compartment=compartment,
            observer=told,
            deadline_s=deadline_s,
            timeout=timeout,
            monotonic_s=monotonic_s,
        )

    return GuardedTables(
        requests=behind(requests),
        background=behind(background),
        breaker=breaker,
        compartments=(requests, background),
    )
