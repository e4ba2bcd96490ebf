"""People: who they are, how they sign in, and what they can change."""

from typing import Annotated, TypeVar

import strawberry

from domain import accounts, users
from domain.users import UNCHANGED, ProfileChange, Unchanged
from resolvers import accounts as resolve_account
from resolvers import users as resolve
from schema.accounts import Account
from schema.context import Info
from schema.refusals import ERRORS_DESCRIPTION, UserError
from schema.scalars import Date, DateTime
from schema.views import view_of

ValueT = TypeVar("ValueT")


@strawberry.federation.type(keys=["id"], description="A person. Only the user sees this.")
class User:
    """A view of domain.users.User."""

    id: strawberry.ID = strawberry.field(description="Permanent.")
    username: str = strawberry.field(description="As typed; unique in any letter case.")
    email: str = strawberry.field(description="As typed; unique in any letter case.")
    first_name: str = strawberry.field(description="Given name.")
    last_name: str = strawberry.field(description="Family name.")
    phone: str | None = strawberry.field(description="10 to 15 digits.")
    date_of_birth: Date | None = strawberry.field(description="Day of birth.")
    marketing_consent: bool = strawberry.field(description="Whether advertising may be sent.")
    created_at: DateTime = strawberry.field(description="When the user registered.")
    updated_at: DateTime = strawberry.field(description="When the profile last changed.")

    @strawberry.field(graphql_type=Account, description="The user's account.")
    @staticmethod
    async def account(
        parent: strawberry.Parent[users.User],  # noqa: ARG004 - users see only themselves
        info: Info,
    ) -> accounts.Account | None:
        """Return the viewer's account: a user is only ever shown to itself."""
        return await resolve_account.account(info.context.request)

    is_type_of = view_of(users.User)


@strawberry.input(
    description=(
        "What to change. What is absent stays; null clears `phone` and `dateOfBirth`, and is "
        "refused elsewhere."
    )
)
class UpdateProfileInput:
    """A change of profile."""

    email: str | None = strawberry.field(
        default=strawberry.UNSET, description="A new address, unique in any letter case."
    )
    first_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 50 letters, spaces, ' and -."
    )
    last_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 50 letters, spaces, ' and -."
    )
    phone: str | None = strawberry.field(
        default=strawberry.UNSET, description="10 to 15 digits; null clears it."
    )
    date_of_birth: Date | None = strawberry.field(
        default=strawberry.UNSET, description="For an age of 13 to 120 years; null clears it."
    )
    marketing_consent: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether advertising may be sent."
    )

    def to_domain(self) -> ProfileChange:
        """Return the change as the domain has it."""
        return ProfileChange(
            email=_unless_absent(self.email),
            first_name=_unless_absent(self.first_name),
            last_name=_unless_absent(self.last_name),
            phone=_unless_absent(self.phone),
            date_of_birth=_unless_absent(self.date_of_birth),
            marketing_consent=_unless_absent(self.marketing_consent),
        )


def _unless_absent(value: ValueT) -> ValueT | Unchanged:
    """Return what was given, null included."""
    return UNCHANGED if value is strawberry.UNSET else value


@strawberry.type(description="A changed profile.")
class UpdateProfilePayload:
    """A view of resolvers.users.ProfileResult."""

    user: User | None = strawberry.field(description="The user as changed; null when refused.")
    errors: list[UserError] = strawberry.field(description=ERRORS_DESCRIPTION)


@strawberry.type
class UserQuery:
    """The root field about the user."""

    @strawberry.federation.field(
        authenticated=True, graphql_type=User | None, description="The signed-in user."
    )
    @staticmethod
    async def me(info: Info) -> users.User | None:
        """Return the viewer's user."""
        return await resolve.me(info.context.request)


@strawberry.type
class UserMutation:
    """The mutation of the profile."""

    @strawberry.federation.mutation(
        authenticated=True,
        graphql_type=UpdateProfilePayload | None,
        description="Change one's profile.",
    )
    @staticmethod
    async def update_profile(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            UpdateProfileInput, strawberry.argument(description="What to change.")
        ],
    ) -> resolve.ProfileResult:
        """Change the profile."""
        return await resolve.update_profile(info.context.request, input.to_domain())
