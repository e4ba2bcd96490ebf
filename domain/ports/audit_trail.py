"""The audit trail: who signed in, who was refused, and what money moved."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from domain.ids import AccountId, SessionId, UserId


class AuditAction(StrEnum):
    """What happened."""

    REGISTERED = "user.registered"
    LOGGED_IN = "login.succeeded"
    LOGIN_FAILED = "login.failed"
    """A wrong password, at a login or a change of password."""
    LOCKED_OUT = "login.locked_out"
    """An attempt that was refused since there had been too many."""
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - a name, no password
    SESSION_ENDED = "session.ended"
    REFRESH_REUSED = "session.refresh_reused"
    """A used refresh token came again: somebody else has a copy."""
    ACCESS_REFUSED = "access.refused"
    """An access token that opens nothing."""
    MONEY_MOVED = "money.moved"
    """A journal entry was written."""


class AuditReason(StrEnum):
    """Why a session ended, or why an access token opens nothing."""

    LOGOUT = "logout"
    REUSE = "refresh_reused"
    PASSWORD = "password_changed"  # noqa: S105 - a name, no password
    SURPLUS = "too_many_sessions"
    INVALID = "invalid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """Something to be remembered. It names people by their ids alone, and holds no secret."""

    action: AuditAction
    user_id: UserId | None = None
    """Whom it is about; None where that isn't known."""
    session_id: SessionId | None = None
    account_id: AccountId | None = None
    version: int | None = None
    """The account's version that a movement made: its journal entry has the amounts."""
    kind: str | None = None
    """The kind of that entry."""
    reason: AuditReason | None = None


class AuditTrail(Protocol):
    """Keeps events in the order in which they happened on this process."""

    def record(self, event: AuditEvent) -> None:
        """Keep an event that has happened, without waiting and without failing."""


class NoAuditTrail:
    """An AuditTrail that keeps nothing."""

    def record(self, event: AuditEvent) -> None:
        """See AuditTrail."""


NO_AUDIT = NoAuditTrail()
