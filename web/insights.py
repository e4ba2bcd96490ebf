"""Opening the language model that the settings name, and what it writes about portfolios."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from adapters.gemini import GEMINI_URL, Gemini, GeminiSettingsError, check_settings
from adapters.insight_cache import InsightTable, MemoryInsightCache
from adapters.table import Table
from domain.circuit_breaker import CircuitBreaker, CircuitState
from domain.insights import Insights
from domain.instants import Clock
from domain.ports.insights import InsightModel
from web.variables import Variables

GEMINI_MODEL = "gemini-3.8-flash"
"""Quick and cheap, as four sentences need no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeminiSettings:
    """How to ask Gemini; without a key nobody asks."""

    api_key: str = field(default="", repr=False)
    model: str = GEMINI_MODEL
    url: str = GEMINI_URL


def read_gemini(variables: Variables) -> GeminiSettings:
    """Return how to ask Gemini, and note what is wrong with it without repeating the key."""
    found = GeminiSettings(
        api_key=variables.text("GOOGLE_GEMINI_API_KEY"),
        model=variables.text("CNOP_GEMINI_MODEL", GEMINI_MODEL),
        url=variables.text("CNOP_GEMINI_URL", GEMINI_URL),
    )
    if found.api_key:
        try:
            check_settings(api_key=found.api_key, model=found.model, url=found.url)
        except GeminiSettingsError as error:
            variables.problem(
                f"GOOGLE_GEMINI_API_KEY, CNOP_GEMINI_MODEL or CNOP_GEMINI_URL: {error}."
            )
    return found


@asynccontextmanager
async def open_insights(
    settings: GeminiSettings,
    table: Table,
    *,
    clock: Clock,
    model: InsightModel | None = None,
    observe: Callable[[CircuitState], None] | None = None,
) -> AsyncIterator[Insights]:
    """Open insights, and give up what is under way at the end.

    `clock` is the wall clock. `model` stands in for the settings' one; `observe` is told when
    Gemini's circuit opens and closes.
    """
    async with AsyncExitStack() as stack:
        if model is None and settings.api_key:
            breaker = CircuitBreaker(name="gemini", monotonic_s=time.monotonic, observe=observe)
            model = gemini = Gemini(
                api_key=settings.api_key,
                model=settings.model,
                breaker=breaker,
                clock=clock,
                url=settings.url,
            )
            stack.push_async_callback(gemini.close)
        cache = MemoryInsightCache(InsightTable(table), clock=clock)
        insights = Insights(model=model, cache=cache, clock=clock)
        stack.push_async_callback(insights.close)
        yield insights
