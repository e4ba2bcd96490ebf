"""Insights: when a model is asked, and how often."""

import asyncio
from dataclasses import replace

import pytest

from domain.ids import UserId
from domain.insight_prompts import prompt_about
from domain.insight_results import (
    InsightsUnavailable,
    InsightsUnavailableReason,
    PortfolioInsights,
)
from domain.insights import BUSY_RETRY_AFTER, CALLS_MAX, Insights
from domain.outages import OutageError
from domain.ports.insights import NoAnswerError
from tests.domain.insight_world import (
    ALICE,
    BOB,
    GOOD,
    MODEL,
    NOW,
    World,
    holding,
    order,
    reason_of,
    turns,
)

OTHER = holding(cash="5234.57")
RATE_LIMITED = InsightsUnavailableReason.RATE_LIMITED
PROVIDER_ERROR = InsightsUnavailableReason.PROVIDER_ERROR


async def test_without_a_model_there_are_no_insights() -> None:
    world = World()
    insights = Insights(model=None, cache=world.cache, clock=world.clock)

    found = await insights.about(ALICE, holding(), [])

    assert reason_of(found) is InsightsUnavailableReason.NOT_CONFIGURED
    assert found.retry_after_seconds is None  # type: ignore[union-attr] # as above


async def test_the_model_is_asked_once_for_the_same_figures() -> None:
    world = World(GOOD)

    first = await world.insights.about(ALICE, holding(), [order()])
    second = await world.insights.about(BOB, holding(), [order()])

    assert first == PortfolioInsights(summary=GOOD, generated_at=NOW, model=MODEL)
    assert second == replace(first, cached=True)
    assert world.calls == 1


async def test_changed_figures_are_asked_about_anew() -> None:
    world = World(GOOD, "All is well.")

    await world.insights.about(ALICE, holding(), [order()])
    found = await world.insights.about(ALICE, OTHER, [order()])

    assert isinstance(found, PortfolioInsights)
    assert not found.cached
    assert world.calls == 2


async def test_ten_requests_at_once_about_the_same_figures_make_one_call() -> None:
    world = World(GOOD)
    world.model.may_answer.clear()

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(world.insights.about(ALICE, holding(), [order()])) for _ in range(10)
        ]
        await turns()
        world.model.may_answer.set()

    found = [task.result() for task in asked]
    assert world.calls == 1
    assert sorted(one.cached for one in found if isinstance(one, PortfolioInsights)) == (
        [False] + [True] * 9
    )


async def test_ten_requests_at_once_share_a_failure_too() -> None:
    world = World(NoAnswerError(PROVIDER_ERROR, "it answered 500"))
    world.model.may_answer.clear()

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(world.insights.about(ALICE, holding(), [])) for _ in range(10)]
        await turns()
        world.model.may_answer.set()

    assert {reason_of(task.result()) for task in asked} == {PROVIDER_ERROR}
    assert world.calls == 1


async def test_a_user_with_a_call_under_way_about_other_figures_is_told_to_wait() -> None:
    world = World(GOOD, "All is well.")
    world.model.may_answer.clear()
    first = asyncio.create_task(world.insights.about(ALICE, holding(), []))
    await turns()

    second = await world.insights.about(ALICE, OTHER, [])
    of_bob = asyncio.create_task(world.insights.about(BOB, OTHER, []))
    await turns()
    world.model.may_answer.set()

    assert reason_of(second) is RATE_LIMITED
    assert isinstance(second, InsightsUnavailable)
    assert second.retry_after == BUSY_RETRY_AFTER
    assert isinstance(await first, PortfolioInsights)
    assert isinstance(await of_bob, PortfolioInsights)
    assert world.calls == 2


async def test_only_so_many_calls_are_made_at_once() -> None:
    world = World(*["All is well."] * CALLS_MAX)
    world.model.may_answer.clear()
    users = [UserId(f"usr_{number}") for number in range(CALLS_MAX + 1)]

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(world.insights.about(user, holding(), [])) for user in users]
        await turns()
        world.model.may_answer.set()

    refused = [task.result() for task in asked if isinstance(task.result(), InsightsUnavailable)]
    assert [reason_of(one) for one in refused] == [RATE_LIMITED]
    assert world.calls == CALLS_MAX


async def test_a_client_that_goes_away_leaves_the_call_to_others_and_to_the_cache() -> None:
    world = World(GOOD)
    world.model.may_answer.clear()
    gone = asyncio.create_task(world.insights.about(ALICE, holding(), []))
    await turns()
    waiting = asyncio.create_task(world.insights.about(ALICE, holding(), []))
    await turns()

    gone.cancel()
    await asyncio.wait([gone])
    world.model.may_answer.set()

    found = await waiting
    assert isinstance(found, PortfolioInsights)
    assert found.cached
    assert list(world.cache.entries) == [prompt_about(holding(), [], model=MODEL).key]


async def test_what_was_written_between_two_looks_is_not_paid_for_again() -> None:
    world = World()
    key = prompt_about(holding(), [], model=MODEL).key
    asked = asyncio.create_task(world.insights.about(ALICE, holding(), []))
    await turns(2)
    world.cache.entries[key] = PortfolioInsights(summary=GOOD, generated_at=NOW, model=MODEL)

    found = await asked

    assert isinstance(found, PortfolioInsights)
    assert found.cached
    assert world.calls == 0


async def test_closing_gives_up_what_is_under_way() -> None:
    world = World(GOOD)
    world.model.may_answer.clear()
    asked = asyncio.create_task(world.insights.about(ALICE, holding(), []))
    await turns()

    await world.insights.close()

    with pytest.raises(OutageError):
        await asked
    await world.insights.close()
