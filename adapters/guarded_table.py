"""A table behind a circuit breaker, a bulkhead and a deadline."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from adapters.table import (
    ConditionFailedError,
    Index,
    Item,
    Key,
    Page,
    Position,
    Table,
    TableError,
    TableOutcomeUnknownError,
    TableRefusedError,
    TableUnavailableError,
    Write,
)
from adapters.table_calls import CallOutcome, TableCall, TableObserver, Unobserved
from domain.bulkheads import Bulkhead, CrowdedError, Timeout
from domain.circuit_breaker import CircuitBreaker, CircuitOpenError

DEADLINE_S = 9.0
"""Seconds for a call that has a place.

A second more than DynamoDB's own patience (`dynamodb_retry`), since what its client says of a
failure is more exact; and less than the 10 s in which a server has to stop.
"""

_OUTCOMES = {
    ConditionFailedError: CallOutcome.CONDITION_FAILED,
    TableRefusedError: CallOutcome.REFUSED,
    TableUnavailableError: CallOutcome.UNAVAILABLE,
    TableOutcomeUnknownError: CallOutcome.UNKNOWN,
}
_FAILURES = (TableUnavailableError, TableOutcomeUnknownError, TimeoutError)
"""What says that the table is in trouble. A condition that fails is the table at work."""

AnswerT = TypeVar("AnswerT")


class GuardedTable:
    """Passes calls on to a table while it is well and there is a place.

    What was not sent is a TableUnavailableError at once. A deadline that strikes after a
    transaction was sent is a TableOutcomeUnknownError: its writes may be there, or may arrive yet.
    """

    def __init__(
        self,
        table: Table,
        *,
        breaker: CircuitBreaker,
        compartment: Bulkhead,
        observer: TableObserver | None = None,
        deadline_s: float = DEADLINE_S,
        timeout: Timeout = asyncio.timeout,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._breaker = breaker
        self._compartment = compartment
        self._observer = observer or Unobserved()
        self._deadline_s = deadline_s
        self._timeout = timeout
        self._monotonic_s = monotonic_s

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:
        return await self._call(TableCall.GET, lambda: self._table.get(key, strong=strong))

    async def get_many(self, keys: Iterable[Key], *, strong: bool = True) -> dict[Key, Item]:
        return await self._call(
            TableCall.GET_MANY, lambda: self._table.get_many(keys, strong=strong)
        )

    async def snapshot(self, keys: Iterable[Key]) -> dict[Key, Item]:
        return await self._call(TableCall.SNAPSHOT, lambda: self._table.snapshot(keys))

    async def query(
        self,
        pk: str,
        *,
        index: Index = Index.MAIN,
        low: str | None = None,
        high: str | None = None,
        after: Position | None = None,
        reverse: bool = False,
        limit: int = 100,
        strong: bool = True,
    ) -> Page:
        return await self._call(
            TableCall.QUERY,
            lambda: self._table.query(
                pk,
                index=index,
                low=low,
                high=high,
                after=after,
                reverse=reverse,
                limit=limit,
                strong=strong,
            ),
        )

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        await self._call(TableCall.TRANSACT, lambda: self._table.transact(writes, token=token))

    async def scan(self, prefix: str) -> AsyncIterator[Item]:
        # Guarded step by step: nobody knows how long the reader takes between two items.
        steps = self._table.scan(prefix)
        while True:
            item = await self._call(TableCall.SCAN, lambda: anext(steps, None))
            if item is None:
                return
            yield item

    async def close(self) -> None:
        await self._table.close()

    async def _call(self, call: TableCall, send: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        began_s = self._monotonic_s()
        outcome = CallOutcome.GIVEN_UP
        try:
            answer = await self._sent(send)
        except CircuitOpenError as error:
            outcome = CallOutcome.CIRCUIT_OPEN
            raise TableUnavailableError(str(error)) from error
        except CrowdedError as error:
            outcome = CallOutcome.CROWDED
            raise TableUnavailableError(str(error)) from error
        except TimeoutError as error:
            outcome = CallOutcome.LATE
            message = f"no answer to {call} within {self._deadline_s} s"
            if call is TableCall.TRANSACT:
                raise TableOutcomeUnknownError(message) from error
            raise TableUnavailableError(message) from error
        except TableError as error:
            outcome = _OUTCOMES.get(type(error), outcome)
            raise
        else:
            outcome = CallOutcome.ANSWERED
            return answer
        finally:
            self._observer.called(
                compartment=self._compartment.name,
                call=call,
                outcome=outcome,
                seconds=self._monotonic_s() - began_s,
            )

    async def _sent(self, send: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Send it when there is a place, and report to the breaker what came of it."""
        if self._breaker.is_refusing:
            # Not even to the queue: what stands there will be refused as well.
            raise CircuitOpenError(f"{self._breaker.name} has failed too often lately")
        async with self._compartment:
            with self._breaker.guard(*_FAILURES):
                async with self._timeout(self._deadline_s):
                    return await send()
