"""Insights: a language model says in a few sentences what a portfolio holds, and invents nothing.

One call at a time for each user. Who asks meanwhile about the same figures waits for that call's
answer, as it is exactly theirs. Who asks about other figures is told RATE_LIMITED: a queue would
let one user hold any number of paid calls, and the answer under way is about figures that no longer
are. The calls of other processes are not counted, but what they have written is found in the cache.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.ids import UserId
from domain.insight_answers import AnswerRefusedError, checked
from domain.insight_prompts import InsightKey, Prompt, prompt_about
from domain.insight_results import (
    InsightsUnavailable,
    InsightsUnavailableReason,
    PortfolioInsights,
)
from domain.instants import Clock
from domain.orders import Order
from domain.outages import OutageError, OutcomeUnknownError
from domain.portfolios import Portfolio
from domain.ports.insights import InsightCache, InsightModel, NoAnswerError

ANSWERS_MAX = 2
"""Answers asked for: a model seldom invents a figure twice, and a third try costs too much time."""

CALLS_MAX = 20
"""Calls at once in one process, so that slow answers can't pile up; each takes seconds."""

BUSY_RETRY_AFTER = timedelta(seconds=5)
"""An answer takes two to five seconds."""

LIMITED_RETRY_AFTER = timedelta(seconds=60)
"""When a provider limits calls and doesn't say how long: its limits count by the minute."""

LIMITED_RETRY_AFTER_MAX = timedelta(hours=24)
"""The longest wait that is believed: daily limits begin anew by then."""

_LOG = logging.getLogger(__name__)

_Result = PortfolioInsights | InsightsUnavailable


@dataclass(frozen=True, slots=True)
class _Call:
    """A call under way."""

    key: InsightKey
    task: asyncio.Task[_Result]


class Insights:
    """Asks a model about portfolios. It belongs to one event loop."""

    def __init__(self, *, model: InsightModel | None, cache: InsightCache, clock: Clock) -> None:
        """Take the collaborators; without a model there are no insights."""
        self._model = model
        self._cache = cache
        self._clock = clock
        self._calls: dict[UserId, _Call] = {}
        self._limited_until: datetime | None = None

    async def about(
        self, user_id: UserId, portfolio: Portfolio, orders: Iterable[Order]
    ) -> PortfolioInsights | InsightsUnavailable:
        """Return what a model says about a portfolio and its orders, newest first, or why nothing.

        Raises OutageError when the cache can't answer: the store can't be reached.
        """
        if self._model is None:
            return _unavailable(InsightsUnavailableReason.NOT_CONFIGURED)
        prompt = prompt_about(portfolio, orders, model=self._model.name)
        found = await self._cache.get(prompt.key)
        if found is not None:
            return replace(found, cached=True)
        return await self._called(user_id, prompt, self._model)

    async def close(self) -> None:
        """Give up the calls under way; whoever waits for one gets OutageError."""
        tasks = [call.task for call in self._calls.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _called(self, user_id: UserId, prompt: Prompt, model: InsightModel) -> _Result:
        # Nothing is awaited between looking for a call and making one, so there is never a second.
        running = self._calls.get(user_id)
        if running is not None:
            if running.key != prompt.key:
                return _limited(BUSY_RETRY_AFTER)
            result = await _result_of(running.task)
            return replace(result, cached=True) if isinstance(result, PortfolioInsights) else result
        if len(self._calls) >= CALLS_MAX:
            return _limited(BUSY_RETRY_AFTER)
        # In a task of its own: when its client goes away, others may wait for it, and the answer
        # that was paid for is kept.
        task = asyncio.create_task(self._ask(user_id, prompt, model), name="insights")
        self._calls[user_id] = _Call(prompt.key, task)
        return await _result_of(task)

    async def _ask(self, user_id: UserId, prompt: Prompt, model: InsightModel) -> _Result:
        try:
            # Again, since a call may have ended between the first look and this one.
            found = await self._cache.get(prompt.key)
            if found is not None:
                return replace(found, cached=True)
            limited = self._still_limited()
            return limited or await self._written(prompt, model)
        finally:
            del self._calls[user_id]

    async def _written(self, prompt: Prompt, model: InsightModel) -> _Result:
        for _ in range(ANSWERS_MAX):
            try:
                summary = checked(await model.answer(prompt), prompt.figures)
            except NoAnswerError as error:
                _LOG.warning("No insights from %s: %s", model.name, error)
                return self._unanswered(error)
            except AnswerRefusedError as error:
                _LOG.warning("An answer of %s was refused: %s", model.name, error)
                continue
            insights = PortfolioInsights(
                summary=summary, generated_at=self._clock.now(), model=model.name
            )
            await self._keep(prompt.key, insights)
            return insights
        return _unavailable(InsightsUnavailableReason.PROVIDER_ERROR)

    async def _keep(self, key: InsightKey, insights: PortfolioInsights) -> None:
        try:
            await self._cache.put(key, insights)
        except (OutageError, OutcomeUnknownError) as error:
            _LOG.warning("Insights could not be kept, and are given all the same: %s", error)

    def _unanswered(self, error: NoAnswerError) -> InsightsUnavailable:
        if error.reason is not InsightsUnavailableReason.RATE_LIMITED:
            return _unavailable(error.reason, error.retry_after)
        wait = min(error.retry_after or LIMITED_RETRY_AFTER, LIMITED_RETRY_AFTER_MAX)
        self._limited_until = self._clock.now() + wait
        return _limited(wait)

    def _still_limited(self) -> InsightsUnavailable | None:
        """Return what to say while the provider wants no calls, from anybody."""
        if self._limited_until is None:
            return None
        wait = self._limited_until - self._clock.now()
        return _limited(wait) if wait > timedelta(0) else None


async def _result_of(task: asyncio.Task[_Result]) -> _Result:
    """Wait for a call; whoever stops waiting doesn't stop the call."""
    await asyncio.wait([task])
    if task.cancelled():
        raise OutageError("insights were closed while a call was under way")
    return task.result()


def _limited(wait: timedelta) -> InsightsUnavailable:
    return _unavailable(InsightsUnavailableReason.RATE_LIMITED, wait)


def _unavailable(
    reason: InsightsUnavailableReason, retry_after: timedelta | None = None
) -> InsightsUnavailable:
    return InsightsUnavailable(reason=reason, message=_MESSAGES[reason], retry_after=retry_after)


_MESSAGES = {
    InsightsUnavailableReason.NOT_CONFIGURED: (
        "This server has no key for a language model, so it gives no insights."
    ),
    InsightsUnavailableReason.RATE_LIMITED: (
        "Too many insights are asked for at present; ask again when the time given is over."
    ),
    InsightsUnavailableReason.BLOCKED: "The language model declined to describe this portfolio.",
    InsightsUnavailableReason.TIMEOUT: "The language model did not answer in time; ask again.",
    InsightsUnavailableReason.PROVIDER_ERROR: (
        "The language model gave no answer that could be used; ask again later."
    ),
}
