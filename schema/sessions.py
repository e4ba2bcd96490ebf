"""Sessions: signing in, staying signed in, and signing out."""

from typing import Annotated

import strawberry

from domain.sign_ins import SessionTokens
from resolvers import users as resolve
from schema.context import Info
from schema.refusals import ERRORS_DESCRIPTION, UserError
from schema.users import User

SIGN_IN_LIMIT = (
    "Registrations and logins together have a limit for each address, 5 a minute unless the "
    "server is set otherwise; beyond it there is a top-level error RATE_LIMITED with "
    "`retryAfterSeconds`, and nothing was tried."
)
"""Of `login` and `register`; the limit itself is a setting."""


@strawberry.type(
    description=(
        "What a client keeps to stay signed in. For client caches: fetch it with `no-cache`, it is "
        "secret."
    )
)
class Session:
    """A view of domain.sign_ins.SessionTokens."""

    access_token: str = strawberry.field(description="Send it as `Authorization: Bearer …`; a JWT.")
    refresh_token: str = strawberry.field(
        description="Give it to `refreshSession`, once; the answer has the next one."
    )

    @strawberry.field(description="The scheme of the access token: Bearer.")
    @staticmethod
    def token_type() -> str:
        """Name the scheme. Source: RFC 6750."""
        return "Bearer"

    @strawberry.field(description="For how many seconds the access token works; 3600.")
    @staticmethod
    def expires_in(parent: strawberry.Parent[SessionTokens]) -> int:
        """Tell the lifetime."""
        return int(parent.access_expires_in.total_seconds())

    @strawberry.field(description="For how many seconds the refresh token works.")
    @staticmethod
    def refresh_expires_in(parent: strawberry.Parent[SessionTokens]) -> int:
        """Tell the lifetime."""
        return int(parent.refresh_expires_in.total_seconds())


@strawberry.input(description="Who signs in.")
class LoginInput:
    """Credentials."""

    username: str = strawberry.field(description="In any letter case.")
    password: str = strawberry.field(description="The password.")


@strawberry.input(description="A session to continue.")
class RefreshSessionInput:
    """A refresh token."""

    refresh_token: str = strawberry.field(description="The one that was given last.")


@strawberry.input(description="A new password, and the old one as proof.")
class ChangePasswordInput:
    """A change of password."""

    current_password: str = strawberry.field(description="The password as it is.")
    new_password: str = strawberry.field(
        description=(
            "12 to 128 characters, with an upper-case and a lower-case letter, a digit and one of "
            "!@#$%^&*()-_=+."
        )
    )


@strawberry.type
class SignInPayload:
    """What all payloads that open a session have; a view of resolvers.users.SignInResult."""

    user: User | None = strawberry.field(description="Who is signed in; null when refused.")
    session: Session | None = strawberry.field(
        description="What to stay signed in with; null when refused."
    )
    errors: list[UserError] = strawberry.field(description=ERRORS_DESCRIPTION)


@strawberry.type(description="A session that was opened.")
class LoginPayload(SignInPayload):
    """A login's outcome."""


@strawberry.type(description="A session that goes on with new tokens.")
class RefreshSessionPayload(SignInPayload):
    """A refresh's outcome."""


@strawberry.type(description="A session that has ended.")
class LogoutPayload:
    """A view of resolvers.users.DoneResult."""

    success: bool = strawberry.field(description="Whether it has ended.")
    errors: list[UserError] = strawberry.field(description=ERRORS_DESCRIPTION)


@strawberry.type(description="A changed password; every other session has ended.")
class ChangePasswordPayload:
    """A view of resolvers.users.DoneResult."""

    success: bool = strawberry.field(description="Whether it was changed.")
    errors: list[UserError] = strawberry.field(description=ERRORS_DESCRIPTION)


@strawberry.type
class SessionMutation:
    """The mutations of sessions."""

    @strawberry.mutation(
        graphql_type=LoginPayload | None,
        description=(
            "Open a session. Five failures for one username or address within 5 minutes lock it "
            "for 5 minutes: until then `errors` has LOCKED_OUT, for the right password too. "
            f"{SIGN_IN_LIMIT} Public."
        ),
    )
    @staticmethod
    async def login(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            LoginInput, strawberry.argument(description="Who signs in.")
        ],
    ) -> resolve.SignInResult:
        """Sign in."""
        return await resolve.login(info.context.request, input.username, input.password)

    @strawberry.mutation(
        graphql_type=RefreshSessionPayload | None,
        description=(
            "Continue a session with new tokens. Using a refresh token a second time ends its "
            "session, but for a repeat within 10 s. Public."
        ),
    )
    @staticmethod
    async def refresh_session(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            RefreshSessionInput, strawberry.argument(description="The refresh token.")
        ],
    ) -> resolve.SignInResult:
        """Refresh."""
        return await resolve.refresh_session(info.context.request, input.refresh_token)

    @strawberry.federation.mutation(
        authenticated=True,
        graphql_type=LogoutPayload | None,
        description=(
            "End the session that made the call: its access and refresh tokens stop working at "
            "once, on every server process."
        ),
    )
    @staticmethod
    async def logout(info: Info) -> resolve.DoneResult:
        """Sign out."""
        return await resolve.logout(info.context.request)

    @strawberry.federation.mutation(
        authenticated=True,
        graphql_type=ChangePasswordPayload | None,
        description=(
            "Change the password, and end every session but the one that made the call. Each user "
            "may try 5 times a minute unless the server is set otherwise, and hears RATE_LIMITED "
            "beyond."
        ),
    )
    @staticmethod
    async def change_password(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            ChangePasswordInput, strawberry.argument(description="The old and the new one.")
        ],
    ) -> resolve.DoneResult:
        """Change the password."""
        return await resolve.change_password(
            info.context.request, input.current_password, input.new_password
        )
