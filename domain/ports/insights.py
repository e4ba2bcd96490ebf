"""Who writes insights, and where they are kept."""

from datetime import timedelta
from typing import Protocol

from domain.insight_prompts import InsightKey, Prompt
from domain.insight_results import InsightsUnavailableReason, PortfolioInsights


class NoAnswerError(Exception):
    """A model gave no whole answer; the message says why, for the log, and holds no secret."""

    def __init__(
        self,
        reason: InsightsUnavailableReason,
        message: str,
        *,
        retry_after: timedelta | None = None,
    ) -> None:
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(message)


class InsightModel(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """Which model answers."""

    async def answer(self, prompt: Prompt) -> str:
        """Return what the model wrote, whole and not looked at yet.

        Each call costs. It ends within seconds, and raises NoAnswerError and nothing else.
        """


class InsightCache(Protocol):
    """Keeps insights until INSIGHTS_LIFETIME after their making.

    It may forget earlier. Both methods raise OutageError when the cache can't answer, and `put`
    OutcomeUnknownError when it didn't say.
    """

    async def get(self, key: InsightKey) -> PortfolioInsights | None:
        """Return what was written for exactly this prompt."""

    async def put(self, key: InsightKey, insights: PortfolioInsights) -> None:
        """Keep what was written for a prompt, instead of anything before it."""
