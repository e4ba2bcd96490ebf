"""Sign-ins: opening sessions, keeping them going with refresh tokens, and ending them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.certain_writes import CertainWrites
from domain.credentials import wrong_credentials
from domain.ids import Ids, SessionId, UserId
from domain.instants import Clock
from domain.locks import KeyedLocks
from domain.ports.admission import Admissions
from domain.ports.audit_trail import NO_AUDIT, AuditAction, AuditEvent, AuditReason, AuditTrail
from domain.ports.identity import (
    AccessTokens,
    SessionChangedError,
    SessionStore,
    UserChangedError,
    UserStore,
)
from domain.refresh_tokens import RefreshToken, RefreshTokens
from domain.refusals import ErrorCode, Refusal, refuse
from domain.sessions import (
    ACCESS_TOKEN_LIFETIME,
    NotAuthenticatedError,
    NotAuthenticatedReason,
    Session,
    Turn,
    Viewer,
    opened,
    rotated,
    surplus,
    turn,
)
from domain.users import User, after_login

TRIES_MAX = 12
"""Decisions about one user before the caller is told CONFLICT; each loses only to one that won."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTokens:
    """What a client keeps of its session, and for how long each part works."""

    access_token: str = field(repr=False)
    access_expires_in: timedelta
    refresh_token: str = field(repr=False)
    refresh_expires_in: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A user whose session goes on."""

    user: User
    viewer: Viewer
    tokens: SessionTokens


class SignIns:
    """Opens, continues and ends sessions."""

    def __init__(
        self,
        *,
        users: UserStore,
        sessions: SessionStore,
        admissions: Admissions,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        ids: Ids,
        clock: Clock,
        writes: CertainWrites,
        audit: AuditTrail = NO_AUDIT,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._admissions = admissions
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._ids = ids
        self._clock = clock
        self._writes = writes
        self._audit = audit
        self._locks = KeyedLocks()

    def drafted(self, user_id: UserId, at: datetime) -> tuple[Session, RefreshToken]:
        """Return a session that isn't stored yet, and its first refresh token."""
        session_id = SessionId(f"ses_{self._ids.ulid(at)}")
        token = self._refresh_tokens.made(user_id, session_id, 1)
        return opened(session_id, user_id, token.hash, at), token

    async def open(self, user: User, renewed_hash: str | None) -> SignedIn:
        """Open a session for a user who has proven the password that `user` has."""
        async with self._locks.hold(user.id):
            for _ in range(TRIES_MAX):
                try:
                    return await self._try_to_open(user, renewed_hash)
                except UserChangedError:
                    user = await self._unchanged_password(user)
        raise conflict()

    async def refresh(self, refresh_token: str) -> SignedIn:
        """Continue a session; the token is used up, but for the time of REFRESH_GRACE."""
        shown = self._refresh_tokens.read(refresh_token)
        user = await self._users.get(shown.user_id) if shown else None
        if shown is None or user is None:
            raise _expired()
        async with self._locks.hold(shown.session_id):
            for _ in range(TRIES_MAX):
                at = self._clock.now()
                try:
                    session, token = await self._continued(shown, at)
                except SessionChangedError:
                    continue
                return await self.signed_in(user, session, token, at)
        raise conflict()

    async def end(
        self, user_id: UserId, session_id: SessionId, why: AuditReason = AuditReason.LOGOUT
    ) -> None:
        """End a session on every process at once; its tokens open nothing any more."""
        token = self._ids.token()

        async def write() -> None:
            await self._sessions.end(user_id, session_id, token=token)

        await self._writes.make(write)
        self.note(AuditAction.SESSION_ENDED, user_id, session_id, why)

    def note(
        self,
        action: AuditAction,
        user_id: UserId | None = None,
        session_id: SessionId | None = None,
        why: AuditReason | None = None,
    ) -> None:
        """Record what happened to a session."""
        self._audit.record(
            AuditEvent(action=action, user_id=user_id, session_id=session_id, reason=why)
        )

    async def viewer(self, access_token: str) -> Viewer:
        """Return who shows this token, if its session goes on.

        Raises NotAuthenticatedError.
        """
        at = self._clock.now()
        try:
            claims = self._access_tokens.read(access_token, at)
        except NotAuthenticatedError as error:
            self.note(AuditAction.ACCESS_REFUSED, why=AuditReason[error.reason.name])
            raise
        user_id, session_id = claims.user_id, claims.session_id
        live_until = await self._admissions.live_until(user_id, session_id)
        account_id = await self._users.account_id(user_id)
        if live_until is None or live_until <= at or account_id is None:
            self.note(AuditAction.ACCESS_REFUSED, user_id, session_id, AuditReason.REVOKED)
            raise NotAuthenticatedError(NotAuthenticatedReason.REVOKED)
        return Viewer(user_id=user_id, session_id=session_id, account_id=account_id)

    async def signed_in(
        self, user: User, session: Session, token: RefreshToken, at: datetime
    ) -> SignedIn:
        """Return what a client is told of a stored session. Raises Refusal for an erased user."""
        account_id = await self._users.account_id(user.id)
        if account_id is None:
            raise _expired()
        return SignedIn(
            user=user,
            viewer=Viewer(user_id=user.id, session_id=session.id, account_id=account_id),
            tokens=SessionTokens(
                access_token=self._access_tokens.issue(user.id, session.id, at),
                access_expires_in=ACCESS_TOKEN_LIFETIME,
                refresh_token=token.text,
                refresh_expires_in=session.expires_at - at,
            ),
        )

    async def _try_to_open(self, user: User, renewed_hash: str | None) -> SignedIn:
        at = self._clock.now()
        after = after_login(user, renewed_hash)
        ending = surplus(await self._sessions.of_user(user.id))
        session, refresh_token = self.drafted(user.id, at)
        token = self._ids.token()

        async def write() -> None:
            await self._sessions.open(session, user=after, was=user, ending=ending, token=token)

        async def was_made() -> bool:
            return await self._sessions.get(user.id, session.id) is not None

        await self._writes.make(write, was_made)
        self.note(AuditAction.LOGGED_IN, user.id, session.id)
        for ended in ending:
            self.note(AuditAction.SESSION_ENDED, user.id, ended, AuditReason.SURPLUS)
        return await self.signed_in(after, session, refresh_token, at)

    async def _unchanged_password(self, user: User) -> User:
        """Read a user again; a password proven before it was changed proves nothing."""
        found = await self._users.get(user.id)
        if found is None or found.credential_version != user.credential_version:
            raise wrong_credentials()
        return found

    async def _continued(self, shown: RefreshToken, at: datetime) -> tuple[Session, RefreshToken]:
        """Return the session and its current token; SessionChangedError when it was overtaken."""
        session = await self._sessions.get(shown.user_id, shown.session_id)
        is_genuine = self._refresh_tokens.is_genuine(shown)
        what_follows = turn(session, shown.hash, at, is_genuine=is_genuine)
        if session is None or what_follows is Turn.REFUSE:
            raise _expired()
        if what_follows is Turn.ROTATE:
            return await self._rotated(session, at)
        if what_follows is Turn.REPEAT:
            again = self._refresh_tokens.made_again(
                session.user_id, session.id, session.generation, session.refresh_hash
            )
            if again is None:
                raise _expired()
            return session, again
        self.note(AuditAction.REFRESH_REUSED, session.user_id, session.id)
        await self.end(session.user_id, session.id, AuditReason.REUSE)
        raise _expired()

    async def _rotated(self, was: Session, at: datetime) -> tuple[Session, RefreshToken]:
        made = self._refresh_tokens.made(was.user_id, was.id, was.generation + 1)
        session = rotated(was, made.hash, at)
        token = self._ids.token()

        async def write() -> None:
            await self._sessions.rotate(session, was=was, token=token)

        await self._writes.make(write)
        return session, made


def conflict() -> Refusal:
    """Return the refusal for who was overtaken too often."""
    message = "Too many changes to this user at once; nothing happened. Try again."
    return refuse(ErrorCode.CONFLICT, message)


def _expired() -> Refusal:
    message = "The session has ended; sign in again."
    return refuse(ErrorCode.SESSION_EXPIRED, message, "input", "refreshToken")
