"""Users on the table: a person, two claims and an account appear together or not at all."""

from collections.abc import Iterable

from adapters.account_items import account_item
from adapters.identity_items import (
    ACCOUNT,
    account_id_of,
    claim_item,
    claimant_of,
    email_claim_key,
    session_item,
    session_key,
    user_account_item,
    user_item,
    user_key,
    user_of,
    user_pk,
    username_claim_key,
)
from adapters.outages import translated
from adapters.table import Absent, ConditionFailedError, Delete, Equals, Item, Put, Table, Write
from domain.accounts import Account
from domain.ids import AccountId, SessionId, UserId
from domain.ports.identity import ClaimTakenError, UserChangedError
from domain.sessions import Session
from domain.users import User

ACCOUNT_IDS_MAX = 100_000
"""Accounts of users kept in memory, about 25 MB; the one learnt first is forgotten first."""

_NOBODY = UserId("usr_nobody")
"""Read in place of a user when a username is unknown, so that both take as long."""

ABSENT = (Absent(),)


class UserTable:
    """The UserStore on a table."""

    def __init__(self, table: Table, *, account_ids_max: int = ACCOUNT_IDS_MAX) -> None:
        self._table = table
        self._account_ids_max = account_ids_max
        self._account_ids: dict[UserId, AccountId] = {}

    async def add(self, user: User, account: Account, session: Session, *, token: str) -> None:
        """See UserStore."""
        name_key = username_claim_key(user.username_key)
        email_key = email_claim_key(user.email_key)
        items: tuple[Item, ...] = (
            user_item(user),
            claim_item(name_key, user.id),
            claim_item(email_key, user.id),
            user_account_item(user.id, account.id),
            account_item(account),
            session_item(session),
        )
        async with translated():
            try:
                await self._table.transact([Put(item, ABSENT) for item in items], token=token)
            except ConditionFailedError as error:
                raise ClaimTakenError(
                    username=name_key in error.keys, email=email_key in error.keys
                ) from error
        self._learn(user.id, account.id)

    async def save(
        self, user: User, *, was: User, ending: Iterable[SessionId] = (), token: str
    ) -> None:
        """See UserStore."""
        writes: list[Write] = [guarded_user(user, was)]
        writes += [Delete(session_key(user.id, session_id)) for session_id in ending]
        if user.email_key != was.email_key:
            claim = claim_item(email_claim_key(user.email_key), user.id)
            writes += [Put(claim, ABSENT), Delete(email_claim_key(was.email_key))]
        async with translated():
            try:
                await self._table.transact(writes, token=token)
            except ConditionFailedError as error:
                if user_key(user.id) in error.keys:
                    raise UserChangedError(user.id) from error
                raise ClaimTakenError(email=True) from error

    async def by_username(self, username_key: str) -> User | None:
        """See UserStore."""
        async with translated():
            claim = await self._table.get(username_claim_key(username_key))
        return await self.get(claimant_of(claim) if claim else _NOBODY)

    async def get(self, user_id: UserId) -> User | None:
        """See UserStore."""
        async with translated():
            item = await self._table.get(user_key(user_id))
        return user_of(item) if item else None

    async def get_many(self, user_ids: Iterable[UserId]) -> dict[UserId, User]:
        """See UserStore."""
        async with translated():
            items = await self._table.get_many({user_key(user_id) for user_id in user_ids})
        users = map(user_of, items.values())
        return {user.id: user for user in users}

    async def account_id(self, user_id: UserId) -> AccountId | None:
        """See UserStore."""
        known = self._account_ids.get(user_id)
        if known is not None:
            return known
        async with translated():
            page = await self._table.query(
                user_pk(user_id), low=ACCOUNT, high=f"{ACCOUNT}~", limit=1
            )
        if not page.items:
            return None
        found = account_id_of(page.items[0])
        self._learn(user_id, found)
        return found

    def _learn(self, user_id: UserId, account_id: AccountId) -> None:
        if len(self._account_ids) >= self._account_ids_max:
            del self._account_ids[next(iter(self._account_ids))]
        self._account_ids[user_id] = account_id


def guarded_user(user: User, was: User) -> Put:
    """Return the write of a changed user that passes only over the version that was read."""
    return Put(user_item(user), (Equals("version", was.version),))
