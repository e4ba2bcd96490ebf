"""Sessions on the table: each change of one passes only over the state that was read."""

from collections.abc import Iterable

from adapters.identity_items import SESSION, session_item, session_key, session_of, user_pk
from adapters.outages import translated
from adapters.table import ConditionFailedError, Delete, Equals, Put, Table, Write
from adapters.user_store import ABSENT, guarded_user
from domain.ids import SessionId, UserId
from domain.ports.identity import SessionChangedError, UserChangedError
from domain.sessions import SESSIONS_PER_USER_MAX, Session
from domain.users import User


class SessionTable:
    """The SessionStore on a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def open(
        self, session: Session, *, user: User, was: User, ending: Iterable[SessionId], token: str
    ) -> None:
        """See SessionStore."""
        ends = [Delete(session_key(user.id, session_id)) for session_id in ending]
        put = Put(session_item(session), ABSENT)
        writes: list[Write] = [guarded_user(user, was), put, *ends]
        async with translated():
            try:
                await self._table.transact(writes, token=token)
            except ConditionFailedError as error:
                raise UserChangedError(user.id) from error

    async def rotate(self, session: Session, *, was: Session, token: str) -> None:
        """See SessionStore."""
        write = Put(session_item(session), (Equals("generation", was.generation),))
        async with translated():
            try:
                await self._table.transact([write], token=token)
            except ConditionFailedError as error:
                raise SessionChangedError(session.id) from error

    async def end(self, user_id: UserId, session_id: SessionId, *, token: str) -> None:
        """See SessionStore."""
        async with translated():
            await self._table.transact([Delete(session_key(user_id, session_id))], token=token)

    async def get(self, user_id: UserId, session_id: SessionId) -> Session | None:
        """See SessionStore."""
        async with translated():
            item = await self._table.get(session_key(user_id, session_id))
        return session_of(item) if item else None

    async def of_user(self, user_id: UserId) -> tuple[Session, ...]:
        """See SessionStore."""
        async with translated():
            page = await self._table.query(
                user_pk(user_id), low=SESSION, high=f"{SESSION}~", limit=SESSIONS_PER_USER_MAX
            )
        return tuple(map(session_of, page.items))
