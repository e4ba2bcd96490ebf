"""One DynamoDB client that repeats what is worth repeating and speaks the port's errors."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from adapters.dynamodb_codec import Wire
from adapters.dynamodb_errors import Verdict, as_table_error, judge
from adapters.dynamodb_retry import Retry
from adapters.table import Key, TableOutcomeUnknownError, TableUnavailableError

_REPEATED = (Verdict.NOT_DONE, Verdict.UNSURE)


class LowLevelClient(Protocol):
    """What is used of aiobotocore's DynamoDB client, which has no types of its own."""

    async def get_item(self, **request: object) -> Wire: ...
    async def batch_get_item(self, **request: object) -> Wire: ...
    async def transact_get_items(self, **request: object) -> Wire: ...
    async def query(self, **request: object) -> Wire: ...
    async def scan(self, **request: object) -> Wire: ...
    async def transact_write_items(self, **request: object) -> Wire: ...
    async def create_table(self, **request: object) -> Wire: ...
    async def describe_table(self, **request: object) -> Wire: ...
    async def describe_time_to_live(self, **request: object) -> Wire: ...
    async def update_time_to_live(self, **request: object) -> Wire: ...
    async def update_continuous_backups(self, **request: object) -> Wire: ...


Operation = Callable[..., Awaitable[Wire]]


class DynamoDbClient:
    """Requests with retries, counted so that closing can wait for them."""

    def __init__(self, low_level: LowLevelClient, *, retry: Retry) -> None:
        self.low_level = low_level
        self.retry = retry
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    async def read(self, operation: Operation, request: Wire) -> Wire:
        """Send a request that changes nothing, until there is an answer or no time.

        Raises TableUnavailableError or TableRefusedError.
        """
        with self._accepted():
            patience = self.retry.start()
            while True:
                try:
                    return await operation(**request)
                except (ClientError, BotoCoreError) as error:
                    verdict = judge(error)
                    if verdict in _REPEATED:
                        if await patience.wait():
                            continue
                        verdict = Verdict.UNAVAILABLE
                    raise as_table_error(error, verdict, ()) from error

    async def write(self, request: Wire, keys: Sequence[Key], *, in_doubt: bool) -> None:
        """Send a transaction, always under the same token, until its outcome is known or no time.

        Once a sending may have been done, only success is believed. AWS promises that a repeat of
        a transaction that was done succeeds without being done again, so a failed condition would
        mean that nothing was done *yet*; but the first sending may still be under way, and an
        engine that forgets tokens would fail the condition on account of that very sending. So
        anything but success is then TableOutcomeUnknownError, with the answer as its cause.

        `in_doubt` says that this repeats an earlier call whose outcome is unknown. Its sendings
        have been answered or given up, and its caller has looked for their effect; so a failed
        condition is now believed, but not that a request which never got through wrote nothing.
        """
        with self._accepted():
            patience = self.retry.start()
            unsure = False
            while True:
                try:
                    await self.low_level.transact_write_items(**request)
                except (ClientError, BotoCoreError) as error:
                    verdict = judge(error)
                    unsure = unsure or verdict is Verdict.UNSURE
                    if verdict in _REPEATED and await patience.wait():
                        continue
                    failure = as_table_error(error, verdict, keys)
                    if isinstance(failure, TableUnavailableError):
                        unsure = unsure or in_doubt
                    if unsure and not isinstance(failure, TableOutcomeUnknownError):
                        raise TableOutcomeUnknownError(
                            f"a sending before this answer may have been done: {failure}"
                        ) from failure
                    raise failure from error
                else:
                    return

    async def close(self) -> bool:
        """Take no more requests and wait for those under way; tell whether this was the first."""
        first = not self._closed
        self._closed = True
        await self._idle.wait()
        return first

    @contextmanager
    def _accepted(self) -> Iterator[None]:
        if self._closed:
            raise TableUnavailableError("the table is closed")
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()
