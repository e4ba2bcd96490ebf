"""Sessions: who is signed in, and how refresh tokens take turns."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from hmac import compare_digest

from domain.ids import AccountId, SessionId, UserId

SESSION_ID = re.compile(r"ses_[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)

ACCESS_TOKEN_LIFETIME = timedelta(minutes=60)
"""As in the first system; the public contract says 3600 s."""

REFRESH_TOKEN_LIFETIME = timedelta(days=30)
"""From its making. Who refreshes at least once in it stays signed in."""

REFRESH_GRACE = timedelta(seconds=10)
"""How long the previous refresh token works after its use: a lost answer is no theft."""

SESSIONS_PER_USER_MAX = 50
"""Devices and tabs of one person, with room; the oldest ends when another opens.

All of them end in one transaction with a new password, which has at most 100 writes.
"""


class NotAuthenticatedReason(Enum):
    """Why an access token opens nothing."""

    MISSING = "Sign in first, and send the access token as Authorization: Bearer …"
    INVALID = "The access token is not one of ours."
    EXPIRED = "The access token has expired; refresh the session."
    REVOKED = "The session has ended; sign in again."


class NotAuthenticatedError(Exception):
    """The caller has no live session; `reason` says why."""

    def __init__(self, reason: NotAuthenticatedReason) -> None:
        self.reason = reason
        super().__init__(reason.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who is asking, in which session, and for which account."""

    user_id: UserId
    session_id: SessionId
    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A sign-in that goes on; only hashes of its refresh tokens are kept."""

    id: SessionId
    user_id: UserId
    generation: int
    """Counts rotations, from 1; it names the refresh token that counts, and guards each write."""
    refresh_hash: bytes = field(repr=False)
    previous_refresh_hash: bytes | None = field(default=None, repr=False)
    rotated_at: datetime
    created_at: datetime
    expires_at: datetime


class Turn(Enum):
    """What follows from a refresh token."""

    ROTATE = auto()
    """It is the current one: the next takes its place."""
    REPEAT = auto()
    """It was, a moment ago: the current one is given again."""
    END = auto()
    """It was used before, so somebody else has it: the session ends."""
    REFUSE = auto()
    """It opens nothing, and harms nothing."""


def opened(session_id: SessionId, user_id: UserId, refresh_hash: bytes, at: datetime) -> Session:
    """Return a new session."""
    return Session(
        id=session_id,
        user_id=user_id,
        generation=1,
        refresh_hash=refresh_hash,
        rotated_at=at,
        created_at=at,
        expires_at=at + REFRESH_TOKEN_LIFETIME,
    )


def turn(session: Session | None, token_hash: bytes, at: datetime, *, is_genuine: bool) -> Turn:
    """Say what follows from a refresh token that names this session.

    `is_genuine` says that we made it. A made-up one is refused without ending anything, or whoever
    knows a session's name could end it.
    """
    if session is None or not is_live(session, at):
        return Turn.REFUSE
    if compare_digest(token_hash, session.refresh_hash):
        return Turn.ROTATE
    previous = session.previous_refresh_hash
    if previous is not None and compare_digest(token_hash, previous):
        return Turn.REPEAT if at - session.rotated_at <= REFRESH_GRACE else Turn.END
    return Turn.END if is_genuine else Turn.REFUSE


def rotated(session: Session, refresh_hash: bytes, at: datetime) -> Session:
    """Return the session whose next refresh token has this hash."""
    return replace(
        session,
        generation=session.generation + 1,
        refresh_hash=refresh_hash,
        previous_refresh_hash=session.refresh_hash,
        rotated_at=at,
        expires_at=at + REFRESH_TOKEN_LIFETIME,
    )


def is_live(session: Session, at: datetime) -> bool:
    """Tell whether the session goes on."""
    return at < session.expires_at


def surplus(sessions: tuple[Session, ...]) -> tuple[SessionId, ...]:
    """Return which sessions must end so that one more fits, the oldest first."""
    by_age = sorted(sessions, key=lambda session: (session.created_at, session.id))
    return tuple(
        session.id for session in by_age[: max(0, len(by_age) + 1 - SESSIONS_PER_USER_MAX)]
    )
