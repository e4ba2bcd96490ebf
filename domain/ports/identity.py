"""Where users and sessions are kept, and what proves who somebody is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.accounts import Account
from domain.ids import AccountId, SessionId, UserId
from domain.login_attempts import LoginAttempt
from domain.outages import OutageError, OvertakenError
from domain.sessions import Session
from domain.users import User


class UserChangedError(OvertakenError):
    """Nothing was written: the user is gone, or has another version than the one that was read."""


class SessionChangedError(OvertakenError):
    """Nothing was written: the session has ended, or has another generation."""


class ClaimTakenError(OvertakenError):
    """Nothing was written: somebody else has the username, the e-mail address, or both."""

    def __init__(self, *, username: bool = False, email: bool = False) -> None:
        self.username = username
        self.email = email
        super().__init__()


class BusyError(OutageError):
    """More work is waiting than may wait; nothing happened."""


class UserStore(Protocol):
    """Keeps users, and what they alone may have: a username and an e-mail address.

    Every read is strong. Every method raises OutageError when the store can't answer, having
    changed nothing; a write raises OutcomeUnknownError when the store didn't say. The same write
    may be given again with the same token.
    """

    async def add(self, user: User, account: Account, session: Session, *, token: str) -> None:
        """Write a new user, both claims, an account and a first session, or nothing.

        Raises ClaimTakenError, with all that is taken.
        """

    async def save(
        self, user: User, *, was: User, ending: Iterable[SessionId] = (), token: str
    ) -> None:
        """Write a changed user, move the claim of a new address and end sessions, or do nothing.

        Raises UserChangedError when the version is not that of `was`, else ClaimTakenError.
        """

    async def by_username(self, username_key: str) -> User | None:
        """Return the user of a name in lower case, with as many reads when there is none."""

    async def get(self, user_id: UserId) -> User | None:
        """Return the user."""

    async def get_many(self, user_ids: Iterable[UserId]) -> dict[UserId, User]:
        """Return those users that exist, in one batch."""

    async def account_id(self, user_id: UserId) -> AccountId | None:
        """Return the user's account. It never changes, and may come from memory."""


class SessionStore(Protocol):
    """Keeps sessions: the truth about who is signed in.

    Every read is strong: a session that was ended on any process is gone on all of them. Errors as
    in UserStore.
    """

    async def open(
        self, session: Session, *, user: User, was: User, ending: Iterable[SessionId], token: str
    ) -> None:
        """Write a new session and its user, and end others, or do nothing.

        Raises UserChangedError when the user's version is not that of `was`: so a login never
        outlives a change of password that it didn't see, and none slips past the bound.
        """

    async def rotate(self, session: Session, *, was: Session, token: str) -> None:
        """Write a session, or raise SessionChangedError when its generation is not that of `was`.

        What has ended never comes back.
        """

    async def end(self, user_id: UserId, session_id: SessionId, *, token: str) -> None:
        """Remove a session; one that has ended already is no error."""

    async def get(self, user_id: UserId, session_id: SessionId) -> Session | None:
        """Return the session, unless it has ended."""

    async def of_user(self, user_id: UserId) -> tuple[Session, ...]:
        """Return all sessions of a user."""


class PasswordHasher(Protocol):
    """Hashes passwords, slowly on purpose, without holding up the event loop.

    Raises BusyError when more hashes wait than may wait.
    """

    @property
    def decoy_hash(self) -> str:
        """A hash of nobody's password that costs as much to verify as anybody's."""

    async def hash(self, password: str) -> str:
        """Return a salted hash that names its own parameters."""

    async def verify(self, password: str, password_hash: str) -> bool:
        """Tell whether the hash is of this password."""

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """What a verified access token says."""

    user_id: UserId
    session_id: SessionId
    expires_at: datetime


class AccessTokens(Protocol):
    """Makes and reads access tokens. Knows nothing of sessions that have ended."""

    def issue(self, user_id: UserId, session_id: SessionId, at: datetime) -> str:
        """Return a signed token that expires ACCESS_TOKEN_LIFETIME after `at`."""

    def read(self, token: str, at: datetime) -> AccessClaims:
        """Return what a token says that we signed and that hasn't expired.

        Raises NotAuthenticatedError, and nothing else whatever the text.
        """


class LoginGuard(Protocol):
    """Counts failed logins for addresses and usernames, known or not, and locks both.

    Fails closed: raises OutageError when it can't tell.
    """

    async def locked_for(self, attempt: LoginAttempt) -> timedelta | None:
        """Return how much longer a subject of the attempt is locked; None when none is."""

    async def settle(self, attempt: LoginAttempt, *, failed: bool) -> timedelta | None:
        """Count a finished attempt and return None; or, when a subject is locked, only how long.

        One atomic step: of any number of attempts at once, no more than FAILED_LOGINS_MAX failed
        ones are counted before the lock, and what came of the others must stay untold.
        """
