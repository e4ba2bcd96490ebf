"""Where accounts, their journals and their orders are kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from domain.accounts import Account, Position
from domain.commands import Needs, State
from domain.idempotency import KeyRecord
from domain.ids import AccountId, AssetId, IdempotencyKey, OrderId
from domain.journal import Change, Entry, OrderNote
from domain.orders import Order
from domain.outages import OvertakenError
from domain.pages import EntryFilter, OrderFilter, Slice, Stretch


class ChangeConflictError(OvertakenError):
    """Nothing was written: the account, the key or the reward had moved on since it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a command sees: the state, and what its key was used for before."""

    state: State
    record: KeyRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """An account and all that it has, as of one version."""

    account: Account
    positions: tuple[Position, ...]


class AccountStore(Protocol):
    """Keeps accounts as versioned aggregates.

    Every read is strong: it sees each change that was acknowledged before, on any process. Every
    method raises OutageError when the store can't answer, having changed nothing.
    """

    async def read(
        self, account_id: AccountId, needs: Needs, key: IdempotencyKey | None = None
    ) -> Reading:
        """Return what a command needs, as of one instant."""

    async def commit(
        self, change: Change | OrderNote, record: KeyRecord | None, *, token: str
    ) -> None:
        """Write the change and the record, or nothing; durable on return.

        An order that opens enters the book and the list of ends in the same transaction, and one
        that was resting leaves them. Raises ChangeConflictError when the account's version is not
        `change.before.version` (that of `account`, for a note), the key is taken or the reward slot
        is used; OutcomeUnknownError when the store didn't say. The same may be given again with the
        same token, and has no second effect.
        """

    async def remember(self, account_id: AccountId, record: KeyRecord, *, token: str) -> None:
        """Write what a key was refused for. Raises ChangeConflictError when the key is taken."""

    async def account(self, account_id: AccountId) -> Account | None:
        """Return the account."""

    async def holdings(self, account_id: AccountId) -> Holdings:
        """Return the account and the positions of its epoch, sold-out ones included."""

    async def positions(
        self, account_id: AccountId, asset_ids: Iterable[AssetId]
    ) -> dict[AssetId, Position]:
        """Return positions as they were last written, whatever their epoch."""

    async def entry(self, account_id: AccountId, version: int) -> Entry | None:
        """Return one journal entry."""

    async def entries(
        self, account_id: AccountId, where: EntryFilter, stretch: Stretch[int]
    ) -> Slice[Entry, int]:
        """Return entries by version."""

    async def orders(
        self, account_id: AccountId, order_ids: Iterable[OrderId]
    ) -> dict[OrderId, Order]:
        """Return those of the account's orders that exist."""

    async def orders_where(
        self, account_id: AccountId, where: OrderFilter, stretch: Stretch[OrderId]
    ) -> Slice[Order, OrderId]:
        """Return orders by id, which is by age."""


class AccountHints(Protocol):
    """Tells whoever listens that an account has changed. Only a hint: it may be lost."""

    def changed(self, account_id: AccountId, version: int) -> None:
        """Pass the hint on, without waiting and without failing."""
