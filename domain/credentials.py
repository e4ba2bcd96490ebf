"""Proof of a password: the same answer and the same work, whether or not the user exists."""

import math
from datetime import timedelta

from domain.login_attempts import LoginAttempt
from domain.personal_data import password_text
from domain.ports.audit_trail import NO_AUDIT, AuditAction, AuditEvent, AuditTrail
from domain.ports.identity import BusyError, LoginGuard, PasswordHasher
from domain.refusals import ErrorCode, Refusal, refuse
from domain.users import User


class Credentials:
    """Checks passwords, and locks out who guesses."""

    def __init__(
        self, *, hasher: PasswordHasher, guard: LoginGuard, audit: AuditTrail = NO_AUDIT
    ) -> None:
        self._hasher = hasher
        self._guard = guard
        self._audit = audit

    async def admit(self, attempt: LoginAttempt) -> None:
        """Raise Refusal when the address or the username is locked, before any work is done."""
        self._refuse_locked(await self._guard.locked_for(attempt))

    async def prove(
        self, user: User | None, password: str, attempt: LoginAttempt, *path: str
    ) -> User:
        """Return the user if the password is theirs.

        Raises Refusal otherwise. Guesses sent at once are all verified, but only as many are told
        apart as the guard lets pass: the others hear LOCKED_OUT, be they right or wrong.
        """
        text = password_text(password)
        known_hash = user.password_hash if user and text is not None else None
        is_match = await self._hasher.verify(text or "", known_hash or self._hasher.decoy_hash)
        is_proven = is_match and known_hash is not None
        self._refuse_locked(await self._guard.settle(attempt, failed=not is_proven), user)
        if user is None or not is_proven:
            self._note(AuditAction.LOGIN_FAILED, user)
            raise wrong_credentials(*path)
        return user

    async def renewed_hash(self, user: User, password: str) -> str | None:
        """Return a hash of today's strength for a proven password, if its own is of another.

        It can wait for the next login when there is too much to do.
        """
        text = password_text(password)
        if text is None or not self._hasher.is_outdated(user.password_hash):
            return None
        try:
            return await self._hasher.hash(text)
        except BusyError:
            return None

    async def hash(self, password: str) -> str:
        """Return the hash of a checked password."""
        return await self._hasher.hash(password)

    def _refuse_locked(self, left: timedelta | None, user: User | None = None) -> None:
        if left is not None:
            self._note(AuditAction.LOCKED_OUT, user)
            seconds = max(1, math.ceil(left.total_seconds()))
            raise refuse(ErrorCode.LOCKED_OUT, f"Too many failed logins; try again in {seconds} s.")

    def _note(self, action: AuditAction, user: User | None) -> None:
        self._audit.record(AuditEvent(action=action, user_id=user.id if user else None))


def wrong_credentials(*path: str) -> Refusal:
    """Return the one refusal for a wrong password and for an unknown user."""
    message = "The current password is wrong." if path else "The username or the password is wrong."
    return refuse(ErrorCode.INVALID_CREDENTIALS, message, *path)
