"""What happens to an account: read from its journal, in order and without gaps, then live."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from domain.ids import AccountId
from domain.journal import Entry
from domain.pages import EntryFilter, Slice, Stretch
from domain.ports.accounts import AccountStore
from domain.ports.hints import Hint, HintBus

ENTRIES_AT_ONCE = 100
"""Entries that one reading takes: a long replay neither floods memory nor asks for each entry."""

LOOK_EVERY = timedelta(seconds=5)
"""How often to look without a hint, where the bus can lose one."""

_EVERYTHING = EntryFilter()


class AccountBroadcast:
    """Passes on that accounts have changed, and streams what has happened to one.

    The bus only hints. A stream keeps no queue: it reads the journal after its last version.
    """

    def __init__(
        self, accounts: AccountStore, bus: HintBus, *, look_every: timedelta | None = LOOK_EVERY
    ) -> None:
        """Take a store and a bus; `look_every` is None for a bus that loses nothing."""
        self._accounts = accounts
        self._bus = bus
        self._look_every_s = None if look_every is None else look_every.total_seconds()

    def changed(self, account_id: AccountId, version: int) -> None:
        """Tell the account's streams that there is a new entry."""
        self._bus.publish(_topic(account_id), {"version": version})

    async def stream(self, account_id: AccountId, after: int) -> AsyncGenerator[Entry, None]:
        """Return every entry after a version, then those to come, until the stream is closed.

        Raises OutageError when the store can't answer.
        """
        with self.listening(account_id) as change:
            while True:
                found = await self.page(account_id, after)
                for entry in found.items:
                    after = entry.version
                    yield entry
                if not found.has_more:
                    await change()

    async def page(self, account_id: AccountId, after: int) -> Slice[Entry, int]:
        """Return the next entries after a version. Raises OutageError."""
        stretch = Stretch(limit=ENTRIES_AT_ONCE, after=after, is_ascending=True)
        return await self._accounts.entries(account_id, _EVERYTHING, stretch)

    @contextmanager
    def listening(self, account_id: AccountId) -> Iterator[Callable[[], Awaitable[None]]]:
        """Listen from now on; what is returned waits until there may be something unread."""
        with self._bus.subscribe(_topic(account_id)) as hints:
            yield lambda: self._next(hints)

    async def _next(self, hints: AsyncIterator[Hint]) -> None:
        """Wait for a hint, or until it is time to look."""
        try:
            async with asyncio.timeout(self._look_every_s):
                await anext(hints)
        except TimeoutError:
            return


def _topic(account_id: AccountId) -> str:
    return f"account:{account_id}"
