"""Letting requests in: whose session goes on."""

from datetime import datetime
from typing import Protocol

from domain.ids import SessionId, UserId


class Admissions(Protocol):
    """Tells whose session goes on, as truly as the SessionStore, and cheaper where it can.

    A session whose end was acknowledged on any process is ended on all. Nothing else of a session
    may be read here: whoever refreshes one reads the SessionStore.
    """

    async def live_until(self, user_id: UserId, session_id: SessionId) -> datetime | None:
        """Return when the session ends by itself, or None when it has ended already.

        Raises OutageError when nobody can tell.
        """
