"""Letting requests in by the store alone: one strong read of the session each time."""

from datetime import datetime

from domain.ids import SessionId, UserId
from domain.instants import Clock
from domain.ports.identity import SessionStore
from domain.sessions import is_live


class StoreAdmissions:
    """The Admissions of a process without Redis."""

    def __init__(self, sessions: SessionStore, *, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    async def live_until(self, user_id: UserId, session_id: SessionId) -> datetime | None:
        """See Admissions."""
        session = await self._sessions.get(user_id, session_id)
        if session is None or not is_live(session, self._clock.now()):
            return None
        return session.expires_at
