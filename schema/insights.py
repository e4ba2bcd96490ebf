"""Insights: a few sentences about the portfolio, written by a language model."""

from typing import Annotated

import strawberry

from domain import insight_results as domain
from domain.insight_results import InsightsUnavailableReason
from resolvers import insights as resolve
from schema.context import Info
from schema.descriptions import described_enum
from schema.scalars import DateTime
from schema.views import view_of

described_enum(
    InsightsUnavailableReason,
    "Why there are no insights now.",
    {
        "NOT_CONFIGURED": "This server has no key for a language model.",
        "RATE_LIMITED": (
            "The model takes no more calls at present, or one for this user is under way about "
            "other figures; `retryAfterSeconds` says when to ask again."
        ),
        "BLOCKED": "The model declined to answer.",
        "TIMEOUT": "The model did not answer in time.",
        "PROVIDER_ERROR": (
            "The model failed, or what it wrote was refused, such as for a figure that it was not "
            "given."
        ),
    },
)


@strawberry.type(
    description=(
        "What a language model wrote about the portfolio. Each figure in it is one that the model "
        "was given; its words are not checked, and are no advice."
    )
)
class PortfolioInsights:
    """A view of domain.insight_results.PortfolioInsights."""

    summary: str = strawberry.field(
        description="2 to 4 English sentences of plain text, at most 1,200 characters."
    )
    generated_at: DateTime = strawberry.field(description="When it was written.")
    model: str = strawberry.field(description="Which model wrote it.")
    cached: bool = strawberry.field(
        description="Whether it was written for an earlier request, within 24 hours, with exactly "
        "the same figures."
    )

    is_type_of = view_of(domain.PortfolioInsights)


@strawberry.type(description="Why there are no insights now.")
class InsightsUnavailable:
    """A view of domain.insight_results.InsightsUnavailable."""

    reason: InsightsUnavailableReason = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, for people.")
    retry_after_seconds: int | None = strawberry.field(
        description="After how many seconds asking again may help; null where that is not known."
    )

    is_type_of = view_of(domain.InsightsUnavailable)


PortfolioInsightsResult = Annotated[
    PortfolioInsights | InsightsUnavailable,
    strawberry.union("PortfolioInsightsResult", description="Insights, or why there are none."),
]


@strawberry.type
class InsightQuery:
    """The root field about insights."""

    @strawberry.federation.field(
        authenticated=True,
        graphql_type=PortfolioInsightsResult | None,
        description=(
            "A language model's summary of the signed-in user's cash, total, 10 largest holdings "
            "and 10 latest orders; the model learns these figures and nothing about the user. The "
            "same figures get the same answer for 24 hours."
        ),
    )
    @staticmethod
    async def portfolio_insights(
        info: Info,
    ) -> domain.PortfolioInsights | domain.InsightsUnavailable:
        """Return insights, or why there are none."""
        return await resolve.portfolio_insights(info.context.request)
