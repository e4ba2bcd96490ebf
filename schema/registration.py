"""Becoming a user."""

from typing import Annotated

import strawberry

from domain.users import Registration
from resolvers import users as resolve
from schema.context import Info, given
from schema.scalars import Date
from schema.sessions import SIGN_IN_LIMIT, SignInPayload


@strawberry.input(description="A new user.")
class RegisterInput:
    """A registration."""

    username: str = strawberry.field(
        description="6 to 30 letters, digits or underscores; unique in any letter case."
    )
    email: str = strawberry.field(description="An e-mail address; unique in any letter case.")
    password: str = strawberry.field(
        description=(
            "12 to 128 characters, with an upper-case and a lower-case letter, a digit and one of "
            "!@#$%^&*()-_=+."
        )
    )
    first_name: str = strawberry.field(description="1 to 50 letters, spaces, ' and -.")
    last_name: str = strawberry.field(description="1 to 50 letters, spaces, ' and -.")
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="10 to 15 digits.")
    date_of_birth: Date | None = strawberry.field(
        default=strawberry.UNSET, description="For an age of 13 to 120 years."
    )
    marketing_consent: bool | None = strawberry.field(
        default=False, description="Whether advertising may be sent."
    )

    def to_domain(self) -> Registration:
        """Return the registration as the domain has it."""
        return Registration(
            username=self.username,
            email=self.email,
            password=self.password,
            first_name=self.first_name,
            last_name=self.last_name,
            phone=given(self.phone),
            date_of_birth=given(self.date_of_birth),
            marketing_consent=self.marketing_consent,
        )


@strawberry.type(description="A new user, signed in.")
class RegisterPayload(SignInPayload):
    """A registration's outcome."""


@strawberry.type
class RegistrationMutation:
    """The mutation that makes users."""

    @strawberry.mutation(
        graphql_type=RegisterPayload | None,
        description=(
            f"Become a user with an empty account, signed in at once. {SIGN_IN_LIMIT} Public."
        ),
    )
    @staticmethod
    async def register(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            RegisterInput, strawberry.argument(description="Who it is.")
        ],
    ) -> resolve.SignInResult:
        """Register."""
        return await resolve.register(info.context.request, input.to_domain())
