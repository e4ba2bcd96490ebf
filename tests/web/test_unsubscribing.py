"""Unsubscribing, at whatever moment, frees all that a subscription held."""

import asyncio
import gc
import random

import pytest

from tests.set_timeouts import settled
from tests.web.test_sockets import Socket, ended, served

SUBSCRIPTIONS = (
    "subscription { priceUpdates { price asset { position { quantity } } } }",
    "subscription { accountEvents(since: 0) { version order { id } account { cash } } }",
    "subscription { orderUpdates { id asset { price } } }",
)
"""All that there are."""

TURNS_MAX = 12
"""Turns of the event loop that a subscription lives for: from before it begins to its events."""


# An event that is cut off leaves resolvers that graphql-core never began; Python warns of each.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("seed", range(5))
async def test_whenever_it_is_ended_a_subscription_leaves_nothing_behind(seed: int) -> None:
    chance = random.Random(seed)
    async with served() as (world, app):
        alice = await world.trader("1000")
        socket = Socket(app)
        await socket.begin(Authorization=f"Bearer {alice.access_token}")
        await settled()
        before = asyncio.all_tasks()
        for number in range(40):
            socket.say("subscribe", f"{number}", query=chance.choice(SUBSCRIPTIONS))
            for _ in range(chance.randrange(TURNS_MAX)):
                await asyncio.sleep(0)
            if number % 4 == 0:
                await world.tick({"BTC": f"{50_000 + number}"})
                await world.buy(alice, "BTC", "0.0001")
            socket.say("complete", f"{number}")
        for _ in range(20):
            await settled()
        left = asyncio.all_tasks() - before
        readers = world.exchange.prices.readers
        topics = world.exchange.entries._bus._mailboxes  # type: ignore[attr-defined]
        await ended(socket)
        gc.collect()  # Python warns of them here, and not in a later test

    assert (left, readers, topics) == (set(), 0, {})
