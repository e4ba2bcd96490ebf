"""The new-year reward."""

from typing import Annotated

import strawberry

from domain.ledger import Outcome
from domain.rewards import ClaimReward
from resolvers import rewards as resolve
from resolvers.commands import carry_out
from schema.accounts import KEY_DESCRIPTION, MoneyPayload
from schema.context import Info, given
from schema.scalars import DateTime, Decimal


@strawberry.type(description="A new-year reward that was paid.")
class CnyReward:
    """A view of resolvers.rewards.Reward."""

    amount: Decimal = strawberry.field(description="US dollars.")
    is_red_pocket: bool = strawberry.field(
        description="Whether the phrase was a listed one; any other brings a little surprise."
    )
    message: str = strawberry.field(description="What to show.")
    at: DateTime = strawberry.field(description="When it was paid.")


@strawberry.input(description="A greeting, for the new year.")
class ClaimCnyRewardInput:
    """A claim."""

    phrase: str = strawberry.field(description="The greeting, 1 to 100 characters.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description=KEY_DESCRIPTION
    )


@strawberry.type(
    description="What claiming a reward did: journal entry and account of one version."
)
class ClaimCnyRewardPayload(MoneyPayload):
    """A view of domain.ledger.Outcome."""

    @strawberry.field(graphql_type=CnyReward | None, description="The reward; null when refused.")
    @staticmethod
    def reward(parent: strawberry.Parent[Outcome]) -> resolve.Reward | None:
        """Read the reward off the journal entry."""
        return resolve.reward_of(parent)


@strawberry.type
class RewardMutation:
    """The mutation of the reward."""

    @strawberry.federation.mutation(
        authenticated=True,
        graphql_type=ClaimCnyRewardPayload | None,
        description=(
            "Claim a new-year reward: a listed greeting brings a red pocket once a UTC day, any "
            "other a little surprise."
        ),
    )
    @staticmethod
    async def claim_cny_reward(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            ClaimCnyRewardInput, strawberry.argument(description="The greeting.")
        ],
    ) -> Outcome:
        """Claim."""
        return await carry_out(
            info.context.request,
            lambda: ClaimReward.of(input.phrase),
            given(input.idempotency_key),
        )
