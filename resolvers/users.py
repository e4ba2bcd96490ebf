"""Users and their sessions: every answer is the viewer's own."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from domain.ids import UserId
from domain.login_attempts import network_of
from domain.refusals import Refusal, UserError
from domain.sign_ins import SessionTokens, SignedIn
from domain.users import ProfileChange, Registration, User
from resolvers.context import Request
from resolvers.errors import RateLimitedError

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInResult:
    """A session that was opened or continued, or why it wasn't."""

    user: User | None = None
    session: SessionTokens | None = None
    errors: tuple[UserError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileResult:
    """A changed user, or why it wasn't changed."""

    user: User | None = None
    errors: tuple[UserError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneResult:
    """Whether something without a result of its own was done, or why it wasn't."""

    success: bool
    errors: tuple[UserError, ...] = ()


async def me(request: Request) -> User | None:
    """Return the viewer's user."""
    return await request.loaders.users.load(request.signed_in().user_id)


async def own_user(request: Request, user_id: str) -> User | None:
    """Return a user if it is the viewer; anybody else looks like nobody."""
    return await request.loaders.users.load(UserId(user_id))


async def register(request: Request, registration: Registration) -> SignInResult:
    """Make a user with an empty account, and sign in. Raises RateLimitedError."""
    await _count_proof(request, network_of(request.address), _SIGN_INS)
    identity = request.services.identity
    return await _signed_in(request, identity.register(registration))


async def login(request: Request, username: str, password: str) -> SignInResult:
    """Open a session. Raises RateLimitedError."""
    await _count_proof(request, network_of(request.address), _SIGN_INS)
    identity = request.services.identity
    return await _signed_in(request, identity.login(username, password, address=request.address))


async def refresh_session(request: Request, refresh_token: str) -> SignInResult:
    """Continue a session with new tokens."""
    return await _signed_in(request, request.services.identity.refresh(refresh_token))


async def logout(request: Request) -> DoneResult:
    """End the viewer's session."""
    viewer = request.signed_in()
    await request.services.identity.logout(viewer)
    request.sign_out()
    return DoneResult(success=True)


async def update_profile(request: Request, change: ProfileChange) -> ProfileResult:
    """Change what the viewer wants changed."""
    viewer = request.signed_in()
    try:
        user = await request.services.identity.update_profile(viewer, change)
    except Refusal as refusal:
        return ProfileResult(errors=refusal.errors)
    return ProfileResult(user=user)


async def change_password(request: Request, current: str, new: str) -> DoneResult:
    """Change the password, and end every session but the viewer's. Raises RateLimitedError."""
    viewer = request.signed_in()
    # Each try takes two hashes, of which the process makes some 80 a second for everybody.
    await _count_proof(request, f"user:{viewer.user_id}", "changes of the password")
    try:
        await request.services.identity.change_password(
            viewer, current=current, new=new, address=request.address
        )
    except Refusal as refusal:
        return DoneResult(success=False, errors=refusal.errors)
    return DoneResult(success=True)


async def _signed_in(request: Request, attempt: Awaitable[SignedIn]) -> SignInResult:
    """Return the session, as whose viewer the rest of the request goes on."""
    try:
        signed_in = await attempt
    except Refusal as refusal:
        return SignInResult(errors=refusal.errors)
    request.sign_in(signed_in.viewer)
    return SignInResult(user=signed_in.user, session=signed_in.tokens)


_SIGN_INS = "registrations and logins from this address"


async def _count_proof(request: Request, subject: str, what: str) -> None:
    """Count something that takes a password, whatever comes of it. Raises RateLimitedError.

    Here and not at the edge: one request may hold many of either, under any names.
    """
    counts = request.services.sign_in_counts
    if counts is None:
        return
    counted = await counts.count(subject)
    if not counted.is_within:
        raise RateLimitedError(
            f"Too many {what} within a minute.", retry_after=counted.resets_after
        )
