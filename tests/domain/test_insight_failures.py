"""Insights: what is said when a model, its provider or the cache fails."""

from datetime import timedelta

import pytest

from domain.insight_results import (
    InsightsUnavailable,
    InsightsUnavailableReason,
    PortfolioInsights,
)
from domain.insights import LIMITED_RETRY_AFTER, LIMITED_RETRY_AFTER_MAX
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.insights import NoAnswerError
from tests.domain.insight_world import (
    ALICE,
    BOB,
    GOOD,
    World,
    holding,
    reason_of,
)

INVENTED = "The total is $99.99."
OTHER = holding(cash="5234.57")
RATE_LIMITED = InsightsUnavailableReason.RATE_LIMITED
PROVIDER_ERROR = InsightsUnavailableReason.PROVIDER_ERROR


def limited(wait: timedelta | None) -> NoAnswerError:
    return NoAnswerError(RATE_LIMITED, "it answered 429", retry_after=wait)


async def test_an_invented_figure_is_asked_about_once_more() -> None:
    world = World(INVENTED, GOOD)

    found = await world.insights.about(ALICE, holding(), [])

    assert isinstance(found, PortfolioInsights)
    assert found.summary == GOOD
    assert world.model.asked[0] == world.model.asked[1]


async def test_two_invented_figures_are_an_error_of_the_provider_and_not_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(INVENTED, INVENTED)

    found = await world.insights.about(ALICE, holding(), [])

    assert reason_of(found) is PROVIDER_ERROR
    assert world.cache.entries == {}
    assert "99" not in caplog.text


@pytest.mark.parametrize("reason", ["BLOCKED", "TIMEOUT", "PROVIDER_ERROR"])
async def test_what_the_model_failed_for_is_told_and_not_kept(reason: str) -> None:
    wanted = InsightsUnavailableReason(reason)
    world = World(NoAnswerError(wanted, "for the log only"), GOOD)

    found = await world.insights.about(ALICE, holding(), [])

    assert reason_of(found) is wanted
    assert isinstance(found, InsightsUnavailable)
    assert "log" not in found.message
    assert isinstance(await world.insights.about(ALICE, holding(), []), PortfolioInsights)


async def test_a_limit_of_the_provider_holds_for_everybody_until_it_is_over() -> None:
    world = World(limited(timedelta(seconds=30.5)), GOOD)

    first = await world.insights.about(ALICE, holding(), [])
    world.clock.advance(10)
    second = await world.insights.about(BOB, OTHER, [])
    world.clock.advance(20.5)
    third = await world.insights.about(BOB, holding(), [])

    assert isinstance(first, InsightsUnavailable)
    assert isinstance(second, InsightsUnavailable)
    assert (first.reason, first.retry_after_seconds) == (RATE_LIMITED, 31)
    assert (second.reason, second.retry_after_seconds) == (RATE_LIMITED, 21)
    assert isinstance(third, PortfolioInsights)
    assert world.calls == 2


@pytest.mark.parametrize(
    ("told", "wait"),
    [(None, LIMITED_RETRY_AFTER), (timedelta(days=400), LIMITED_RETRY_AFTER_MAX)],
)
async def test_a_limit_without_a_wait_or_with_a_wild_one_gets_a_sane_one(
    told: timedelta | None, wait: timedelta
) -> None:
    world = World(limited(told))

    found = await world.insights.about(ALICE, holding(), [])

    assert isinstance(found, InsightsUnavailable)
    assert found.retry_after == wait


@pytest.mark.parametrize("error", [OutageError("down"), OutcomeUnknownError("silent")])
async def test_an_answer_that_can_not_be_kept_is_given_all_the_same(error: Exception) -> None:
    world = World(GOOD)
    world.cache.put_error = error

    found = await world.insights.about(ALICE, holding(), [])

    assert isinstance(found, PortfolioInsights)


async def test_a_cache_that_can_not_answer_is_an_outage_and_costs_no_call() -> None:
    world = World(GOOD)
    world.cache.get_error = OutageError("down")

    with pytest.raises(OutageError):
        await world.insights.about(ALICE, holding(), [])

    assert world.calls == 0
