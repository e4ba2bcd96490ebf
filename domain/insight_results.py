"""What comes of asking for insights: a few sentences about a portfolio, or why there are none."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

INSIGHTS_LIFETIME = timedelta(hours=24)
"""How long what was written for the same figures is given again, as in the first system."""

_SECOND = timedelta(seconds=1)


class InsightsUnavailableReason(StrEnum):
    """Why there are no insights."""

    NOT_CONFIGURED = "NOT_CONFIGURED"
    RATE_LIMITED = "RATE_LIMITED"
    BLOCKED = "BLOCKED"
    TIMEOUT = "TIMEOUT"
    PROVIDER_ERROR = "PROVIDER_ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioInsights:
    """What a language model wrote about a portfolio; every figure in it was given to the model."""

    summary: str
    generated_at: datetime
    model: str
    cached: bool = False
    """Whether it was written for an earlier request with the same figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsUnavailable:
    """Why there are no insights now, and how long to wait where that is known."""

    reason: InsightsUnavailableReason
    message: str
    retry_after: timedelta | None = None

    @property
    def retry_after_seconds(self) -> int | None:
        """Return the wait in whole seconds, rounded up: asking then is not too early."""
        return None if self.retry_after is None else -(-self.retry_after // _SECOND)
