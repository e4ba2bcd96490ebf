"""Commits whose outcome is certain: what a commit in doubt would have written is looked up."""

from domain.certain_writes import CertainWrites, Pause
from domain.commands import Needs
from domain.idempotency import KeyRecord
from domain.ids import AccountId, CommandId
from domain.journal import Change, OrderNote
from domain.outages import OvertakenError
from domain.ports.accounts import AccountStore, ChangeConflictError


class Commits:
    """Writes to the store of accounts, each until the store has said what came of it.

    A try in doubt is looked up before it is repeated: what stands in its place decides at once.
    """

    def __init__(self, accounts: AccountStore, pause: Pause) -> None:
        self._accounts = accounts
        self._writes = CertainWrites(pause)

    async def commit(
        self, change: Change | OrderNote, record: KeyRecord | None, token: CommandId
    ) -> None:
        """Write a change or a note.

        Raises ChangeConflictError or OutageError when nothing was written,
        OutcomeUnknownError when that could not be found out.
        """

        async def write() -> None:
            await self._accounts.commit(change, record, token=token)

        async def settled(overtaken: OvertakenError | None) -> bool:
            """Ask the entry of the next version: it names the command that made it."""
            if isinstance(change, OrderNote):
                return _settled(await self._is_noted(change), overtaken)
            entry = await self._accounts.entry(change.account.id, change.account.version)
            return _settled(None if entry is None else entry.command_id == token, overtaken)

        await self._writes.settle(write, settled)

    async def _is_noted(self, note: OrderNote) -> bool | None:
        """Ask the order itself: only one command ever gives it this state."""
        order_id = note.order.id
        found = await self._accounts.orders(note.account.id, [order_id])
        return True if found.get(order_id) == note.order else None

    async def remember(self, account_id: AccountId, record: KeyRecord, token: CommandId) -> None:
        """Write what a key was refused for; errors as in `commit`."""

        async def write() -> None:
            await self._accounts.remember(account_id, record, token=token)

        async def settled(overtaken: OvertakenError | None) -> bool:
            found = (await self._accounts.read(account_id, Needs(), record.key)).record
            return _settled(None if found is None else found == record, overtaken)

        await self._writes.settle(write, settled)


def _settled(is_own: bool | None, overtaken: OvertakenError | None) -> bool:  # noqa: FBT001 - a finding
    """Judge what stands in a write's place; None is nothing, which more tries may change."""
    if is_own is None and overtaken is None:
        return False
    if is_own:
        return True
    raise overtaken or ChangeConflictError("overtaken while its outcome was unknown")
