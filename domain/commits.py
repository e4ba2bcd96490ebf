"""Commits whose outcome is certain: one in doubt is looked up and repeated until it is known."""

from collections.abc import Awaitable, Callable

from domain.commands import Needs
from domain.idempotency import KeyRecord
from domain.ids import AccountId, CommandId
from domain.journal import Change, OrderNote
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.accounts import AccountStore, ChangeConflictError

REPEATS_MAX = 6
"""Times that one commit is given before the answer is OUTCOME_UNKNOWN."""

Pause = Callable[[int], Awaitable[None]]
"""Waits before try number n: jittered, growing."""

_Write = Callable[[], Awaitable[None]]
_WasMade = Callable[[], Awaitable[bool | None]]
"""Tells whether the write is there; None when nothing stands in its place."""


class Commits:
    """Writes to the store of accounts, each until the store has said what came of it."""

    def __init__(self, accounts: AccountStore, pause: Pause) -> None:
        self._accounts = accounts
        self._pause = pause

    async def commit(
        self, change: Change | OrderNote, record: KeyRecord | None, token: CommandId
    ) -> None:
        """Write a change or a note.

        Raises ChangeConflictError or OutageError when nothing was written,
        OutcomeUnknownError when that could not be found out.
        """

        async def write() -> None:
            await self._accounts.commit(change, record, token=token)

        async def was_made() -> bool | None:
            """Ask the entry of the next version: it names the command that made it."""
            if isinstance(change, OrderNote):
                return await self._is_noted(change)
            entry = await self._accounts.entry(change.account.id, change.account.version)
            return None if entry is None else entry.command_id == token

        await self._until_certain(write, was_made)

    async def _is_noted(self, note: OrderNote) -> bool | None:
        """Ask the order itself: only one command ever gives it this state."""
        order_id = note.order.id
        found = await self._accounts.orders(note.account.id, [order_id])
        return True if found.get(order_id) == note.order else None

    async def remember(self, account_id: AccountId, record: KeyRecord, token: CommandId) -> None:
        """Write what a key was refused for; errors as in `commit`."""

        async def write() -> None:
            await self._accounts.remember(account_id, record, token=token)

        async def was_made() -> bool | None:
            found = (await self._accounts.read(account_id, Needs(), record.key)).record
            return None if found is None else found == record

        await self._until_certain(write, was_made)

    async def _until_certain(self, write: _Write, was_made: _WasMade) -> None:
        for attempt in range(REPEATS_MAX):
            if attempt:
                await self._pause(attempt)
            try:
                await write()
            except OutcomeUnknownError:
                is_conflict = False
            except (ChangeConflictError, OutageError) as error:
                # A repeat may have met its own first try: only that one's word is definite.
                if not attempt:
                    raise
                is_conflict = isinstance(error, ChangeConflictError)
            else:
                return
            if await _is_there(was_made, is_conflict=is_conflict):
                return
        raise OutcomeUnknownError("the store did not say, and shows no trace of it yet")


async def _is_there(was_made: _WasMade, *, is_conflict: bool) -> bool:
    """Look for a write in doubt. Raises ChangeConflictError when it can never come to be."""
    try:
        made = await was_made()
    except OutageError:
        return False
    if made:
        return True
    if is_conflict or made is False:
        raise ChangeConflictError("overtaken while its outcome was unknown")
    return False
