"""Ending sessions so that every process refuses them from the moment that it is acknowledged.

Each write that ends sessions goes to the table first and then to Redis, over whatever is kept of
them there. `adapters.redis_sessions` says why that suffices, and what waiting does for a Redis that
can't be told.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from adapters.redis_connection import RedisConnection
from adapters.redis_keys import RedisKeys
from adapters.redis_pool import RedisUnavailableError, Word
from adapters.redis_sessions import ENDED, ENDED_MS, LIVE_MS, READING_MS
from domain.accounts import Account
from domain.ids import AccountId, SessionId, UserId
from domain.ports.identity import (
    ClaimTakenError,
    SessionStore,
    UserChangedError,
    UserStore,
)
from domain.sessions import Session
from domain.users import User

FORGOTTEN_AFTER_S = (READING_MS + LIVE_MS) / 1000 + 1.0
"""Seconds after which nothing in Redis can say any more that a session of before is live; one of
them for clocks that run at different speeds."""

RETRY_EVERY_S = 0.5

_LOG = logging.getLogger(__name__)


class RedisSessionEnds:
    """Tells Redis of sessions that the table has ended, or waits until it has forgotten them."""

    def __init__(
        self,
        connection: RedisConnection,
        keys: RedisKeys,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._monotonic_s = monotonic_s
        self._sleep = sleep

    async def ended(self, user_id: UserId, session_ids: Iterable[SessionId]) -> None:
        """Return when no process lets these sessions in."""
        await self._surely(
            [
                ("SET", self._keys.session(user_id, session_id), ENDED, "PX", ENDED_MS)
                for session_id in session_ids
            ]
        )

    async def doubtful(self, user_id: UserId, session_ids: Iterable[SessionId]) -> None:
        """Return when every process asks the table about these sessions."""
        await self._surely(
            [("DEL", self._keys.session(user_id, session_id)) for session_id in session_ids]
        )

    async def _surely(self, commands: list[tuple[Word, ...]]) -> None:
        if not commands:
            return
        left_s = FORGOTTEN_AFTER_S
        ends_at_s = self._monotonic_s() + left_s
        while left_s > 0:
            try:
                await asyncio.gather(*(self._connection.command(*words) for words in commands))
            except RedisUnavailableError as error:
                _LOG.warning("Redis can't be told of ended sessions; waiting: %s", error)
            else:
                return
            await self._sleep(min(RETRY_EVERY_S, left_s))
            left_s = ends_at_s - self._monotonic_s()


@dataclass(frozen=True, slots=True)
class EndingSessions:
    """The SessionStore for processes that share a Redis."""

    store: SessionStore
    ends: RedisSessionEnds

    async def open(
        self, session: Session, *, user: User, was: User, ending: Iterable[SessionId], token: str
    ) -> None:
        """See SessionStore."""
        session_ids = tuple(ending)
        try:
            await self.store.open(session, user=user, was=was, ending=session_ids, token=token)
        except UserChangedError:
            # It may be that of an earlier call of unknown outcome, whose caller then goes on.
            await self.ends.doubtful(user.id, session_ids)
            raise
        await self.ends.ended(user.id, session_ids)

    async def rotate(self, session: Session, *, was: Session, token: str) -> None:
        """See SessionStore."""
        await self.store.rotate(session, was=was, token=token)

    async def end(self, user_id: UserId, session_id: SessionId, *, token: str) -> None:
        """See SessionStore."""
        await self.store.end(user_id, session_id, token=token)
        await self.ends.ended(user_id, (session_id,))

    async def get(self, user_id: UserId, session_id: SessionId) -> Session | None:
        """See SessionStore."""
        return await self.store.get(user_id, session_id)

    async def of_user(self, user_id: UserId) -> tuple[Session, ...]:
        """See SessionStore."""
        return await self.store.of_user(user_id)


@dataclass(frozen=True, slots=True)
class EndingUsers:
    """The UserStore for processes that share a Redis."""

    store: UserStore
    ends: RedisSessionEnds

    async def add(self, user: User, account: Account, session: Session, *, token: str) -> None:
        """See UserStore."""
        await self.store.add(user, account, session, token=token)

    async def save(
        self, user: User, *, was: User, ending: Iterable[SessionId] = (), token: str
    ) -> None:
        """See UserStore."""
        session_ids = tuple(ending)
        try:
            await self.store.save(user, was=was, ending=session_ids, token=token)
        except (UserChangedError, ClaimTakenError):
            await self.ends.doubtful(user.id, session_ids)
            raise
        await self.ends.ended(user.id, session_ids)

    async def by_username(self, username_key: str) -> User | None:
        """See UserStore."""
        return await self.store.by_username(username_key)

    async def get(self, user_id: UserId) -> User | None:
        """See UserStore."""
        return await self.store.get(user_id)

    async def get_many(self, user_ids: Iterable[UserId]) -> dict[UserId, User]:
        """See UserStore."""
        return await self.store.get_many(user_ids)

    async def account_id(self, user_id: UserId) -> AccountId | None:
        """See UserStore."""
        return await self.store.account_id(user_id)
