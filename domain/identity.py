"""Identity: becoming a user, signing in and out, and changing what is known of oneself."""

from collections.abc import Iterable

from domain import accounts
from domain.certain_writes import CertainWrites, Pause, WasMade
from domain.credentials import Credentials, wrong_credentials
from domain.ids import AccountId, Ids, SessionId, UserId
from domain.instants import Clock
from domain.locks import KeyedLocks
from domain.login_attempts import attempt_from
from domain.market_clock import MarketClock
from domain.outages import OutcomeUnknownError
from domain.ports.admission import Admissions
from domain.ports.audit_trail import NO_AUDIT, AuditAction, AuditReason, AuditTrail
from domain.ports.identity import (
    AccessTokens,
    ClaimTakenError,
    LoginGuard,
    PasswordHasher,
    SessionStore,
    UserChangedError,
    UserStore,
)
from domain.refresh_tokens import RefreshTokens
from domain.refusals import ErrorCode, Refusal, RefusedError
from domain.sessions import NotAuthenticatedError, NotAuthenticatedReason, Viewer
from domain.sign_ins import TRIES_MAX, SignedIn, SignIns, conflict
from domain.users import (
    ProfileChange,
    Registration,
    User,
    checked_password,
    checked_registration,
    password_changed,
    profile_changed,
    registered,
)


class Identity:
    """Knows who somebody is.

    Methods raise Refusal for what the caller can mend, NotAuthenticatedError when the viewer's user
    is gone, OutageError when nothing happened, and OutcomeUnknownError when that isn't known.
    """

    def __init__(
        self,
        *,
        users: UserStore,
        sessions: SessionStore,
        admissions: Admissions,
        hasher: PasswordHasher,
        guard: LoginGuard,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        ids: Ids,
        market_ids: Ids,
        wall_clock: Clock,
        market_clock: MarketClock,
        pause: Pause,
        audit: AuditTrail = NO_AUDIT,
    ) -> None:
        """Take the collaborators; an account has its instant and its id of the market's."""
        self._users = users
        self._sessions = sessions
        self._ids = ids
        self._market_ids = market_ids
        self._wall_clock = wall_clock
        self._market_clock = market_clock
        self._writes = CertainWrites(pause)
        self._locks = KeyedLocks()
        self._credentials = Credentials(hasher=hasher, guard=guard, audit=audit)
        self._sign_ins = SignIns(
            users=users,
            sessions=sessions,
            admissions=admissions,
            access_tokens=access_tokens,
            refresh_tokens=refresh_tokens,
            ids=ids,
            clock=wall_clock,
            writes=self._writes,
            audit=audit,
        )

    async def register(self, registration: Registration) -> SignedIn:
        """Make a user with an empty account, and sign them in: all of it or nothing."""
        checked = checked_registration(registration, self._wall_clock.now().date())
        password_hash = await self._credentials.hash(checked.password)
        at = self._wall_clock.now()
        user = registered(UserId(f"usr_{self._ids.ulid(at)}"), checked, password_hash, at)
        opened_at = self._market_clock.market_now()
        account = accounts.opened(AccountId(f"acc_{self._market_ids.ulid(opened_at)}"), opened_at)
        session, refresh_token = self._sign_ins.drafted(user.id, at)
        token = self._ids.token()

        async def write() -> None:
            await self._users.add(user, account, session, token=token)

        async def was_made() -> bool:
            return await self._users.get(user.id) is not None

        try:
            await self._writes.make(write, was_made)
        except ClaimTakenError as taken:
            raise _taken(taken) from taken
        self._sign_ins.note(AuditAction.REGISTERED, user.id, session.id)
        return await self._sign_ins.signed_in(user, session, refresh_token, at)

    async def login(self, username: str, password: str, *, address: str) -> SignedIn:
        """Open a session for who knows the password; `address` is the client's.

        Raises Refusal: INVALID_CREDENTIALS or LOCKED_OUT, alike for known and unknown usernames.
        """
        attempt = attempt_from(address, username)
        await self._credentials.admit(attempt)
        found = await self._users.by_username(attempt.username_key)
        user = await self._credentials.prove(found, password, attempt)
        return await self._sign_ins.open(user, await self._credentials.renewed_hash(user, password))

    async def refresh(self, refresh_token: str) -> SignedIn:
        """Continue a session with new tokens. Raises Refusal: SESSION_EXPIRED."""
        return await self._sign_ins.refresh(refresh_token)

    async def logout(self, viewer: Viewer) -> None:
        """End the viewer's session, at once and on every process."""
        await self._sign_ins.end(viewer.user_id, viewer.session_id)

    async def authenticate(self, access_token: str) -> Viewer:
        """Return who shows this token. Raises NotAuthenticatedError, which says why."""
        return await self._sign_ins.viewer(access_token)

    async def user(self, user_id: UserId) -> User | None:
        """Return the user."""
        return await self._users.get(user_id)

    async def users(self, user_ids: Iterable[UserId]) -> dict[UserId, User]:
        """Return those users that exist, in one batch."""
        return await self._users.get_many(user_ids)

    async def update_profile(self, viewer: Viewer, change: ProfileChange) -> User:
        """Change what the viewer wants changed, and return the user as written."""
        async with self._locks.hold(viewer.user_id):
            for _ in range(TRIES_MAX):
                user = await self._present(viewer)
                after = profile_changed(user, change, self._wall_clock.now())
                if after is user:
                    return user
                try:
                    await self._save(after, user)
                except UserChangedError:
                    continue
                except ClaimTakenError as taken:
                    raise _taken(taken) from taken
                return after
        raise conflict()

    async def change_password(
        self, viewer: Viewer, *, current: str, new: str, address: str
    ) -> None:
        """Change the password, and end every session but the viewer's in the same step.

        A wrong current password counts as a failed login.
        """
        text = checked_password(new, "input", "newPassword")
        user = await self._present(viewer)
        attempt = attempt_from(address, user.username)
        await self._credentials.admit(attempt)
        user = await self._credentials.prove(user, current, attempt, *_CURRENT_PASSWORD)
        password_hash = await self._credentials.hash(text)
        async with self._locks.hold(viewer.user_id):
            for _ in range(TRIES_MAX):
                sessions = await self._sessions.of_user(user.id)
                others = [one.id for one in sessions if one.id != viewer.session_id]
                after = password_changed(user, password_hash, self._wall_clock.now())
                try:
                    await self._save(after, user, others)
                except UserChangedError:
                    user = await self._with_same_password(viewer, user)
                    continue
                self._note_new_password(viewer, others)
                return
        raise conflict()

    def _note_new_password(self, viewer: Viewer, ended: Iterable[SessionId]) -> None:
        note = self._sign_ins.note
        note(AuditAction.PASSWORD_CHANGED, viewer.user_id, viewer.session_id)
        for session_id in ended:
            note(AuditAction.SESSION_ENDED, viewer.user_id, session_id, AuditReason.PASSWORD)

    async def _present(self, viewer: Viewer) -> User:
        user = await self._users.get(viewer.user_id)
        if user is None:
            raise NotAuthenticatedError(NotAuthenticatedReason.REVOKED)
        return user

    async def _with_same_password(self, viewer: Viewer, proven: User) -> User:
        user = await self._present(viewer)
        if user.credential_version != proven.credential_version:
            raise wrong_credentials(*_CURRENT_PASSWORD)
        return user

    async def _save(self, after: User, was: User, ending: Iterable[SessionId] = ()) -> None:
        token = self._ids.token()
        ends = tuple(ending)

        async def write() -> None:
            await self._users.save(after, was=was, ending=ends, token=token)

        await self._writes.make(write, self._looks_saved(after, was))

    def _looks_saved(self, after: User, was: User) -> WasMade:
        async def was_made() -> bool:
            found = await self._users.get(after.id)
            if found == after:
                return True
            if found == was:
                return False
            # Somebody wrote since, over our change or over what it would have changed.
            raise OutcomeUnknownError

        return was_made


_CURRENT_PASSWORD = ("input", "currentPassword")


def _taken(taken: ClaimTakenError) -> Refusal:
    errors = []
    if taken.username:
        message = "This username is taken; choose another."
        errors.append(RefusedError(message, ErrorCode.USERNAME_TAKEN, ("input", "username")))
    if taken.email:
        message = "This e-mail address is taken; use another."
        errors.append(RefusedError(message, ErrorCode.EMAIL_TAKEN, ("input", "email")))
    return Refusal(*errors)
