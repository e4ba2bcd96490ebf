"""Letting requests in: whose session goes on, and whose budget allows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.ids import SessionId, UserId
from domain.ports.budgets import Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What is known of a request before it runs."""

    live_until: datetime | None
    """As `Admissions.live_until` tells it."""
    taken: Taken


class Admissions(Protocol):
    """Tells whose session goes on, as truly as the SessionStore, and cheaper where it can.

    A session whose end was acknowledged on any process is ended on all. Nothing else of a session
    may be read here: whoever refreshes one reads the SessionStore. Both methods raise OutageError
    when nobody can tell.
    """

    async def live_until(self, user_id: UserId, session_id: SessionId) -> datetime | None:
        """Return when the session ends by itself, or None when it has ended already."""

    async def admit(
        self, user_id: UserId, session_id: SessionId, *, subject: str, amount: int
    ) -> Admission:
        """Look at the session and take from the subject's budget, in one step where it can.

        What came of the budget means nothing when the session has ended.
        """
