"""Streams of an account pay as they go on: who has much to tell is slowed down, not refused."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.memory_budgets import MemoryBudgets
from domain.ports.budgets import Bucket
from resolvers.budgets import BudgetRules, Purse
from schema.streams import EVENTS_PER_PAYMENT
from tests.api.world import Session, World

EVENTS = "subscription { accountEvents(since: 0) { version } }"


@dataclass
class Till:
    """A budget whose time passes while somebody sleeps."""

    bucket: Bucket
    now_ms: int = 0
    slept_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.budgets = MemoryBudgets(self.bucket, clock_ms=lambda: self.now_ms)

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_ms += round(seconds * 1000)

    def purse(self) -> Purse:
        rules = BudgetRules(budgets=self.budgets, bucket=self.bucket, sleep=self.sleep)
        return Purse(rules, "somebody")


async def replayed(world: World, session: Session, till: Till) -> AsyncGenerator[int, None]:
    context = replace(await world.context(session), purse=till.purse())
    results: Any = await world.schema.stream(EVENTS, context_value=context)
    async for result in results:
        assert not result.errors
        yield result.data["accountEvents"]["version"]


async def batches(
    world: World, session: Session, till: Till, text: str, number: int
) -> list[list[dict[str, Any]]]:
    """Read batches of prices, each after a tick of its own; their budget's time passes by waits."""
    context = replace(await world.context(session), purse=till.purse())
    results: Any = await world.schema.stream(text, context_value=context)
    found = []
    for tick in range(number):
        found.append((await anext(results)).data["priceUpdates"])
        await world.tick({"BTC": f"{50_001 + tick}", "ETH": f"{2_501 + tick}"})
    await results.aclose()
    return found


async def holder_of_events(world: World, number: int) -> Session:
    session = await world.register()
    for _ in range(number):
        await world.deposit(session, "0.01")
    return session


async def versions(world: World, session: Session, till: Till, number: int) -> list[int]:
    stream = replayed(world, session, till)
    found = [await anext(stream) for _ in range(number)]
    await stream.aclose()
    return found


async def test_a_few_events_cost_what_was_said_beforehand(world: World) -> None:
    till = Till(Bucket(capacity=100, restore_per_second=10))
    alice = await holder_of_events(world, EVENTS_PER_PAYMENT)
    await versions(world, alice, till, EVENTS_PER_PAYMENT)
    assert (await till.budgets.take("somebody", 1)).available == 100 - 1 - 1
    assert till.slept_s == []


async def test_below_half_of_the_budget_a_replay_goes_on_as_the_budget_restores(
    world: World,
) -> None:
    till = Till(Bucket(capacity=100, restore_per_second=10))
    alice = await holder_of_events(world, 201)
    assert await versions(world, alice, till, 201) == list(range(1, 202))
    assert till.slept_s == [EVENTS_PER_PAYMENT / 10] * 8
    assert (await till.budgets.take("somebody", 1)).available > 0


async def test_a_budget_that_others_have_emptied_is_waited_for(world: World) -> None:
    till = Till(Bucket(capacity=100, restore_per_second=10))
    alice = await holder_of_events(world, 21)
    stream = replayed(world, alice, till)
    for _ in range(20):
        await anext(stream)
    await till.budgets.take("somebody", 99)
    assert await anext(stream) == 21
    await stream.aclose()
    assert till.slept_s == [2.0, 2.0]


async def test_a_budget_that_is_too_small_for_a_payment_stops_nobody(world: World) -> None:
    till = Till(Bucket(capacity=EVENTS_PER_PAYMENT - 1, restore_per_second=1))
    alice = await holder_of_events(world, 50)
    assert await versions(world, alice, till, 50) == list(range(1, 51))
    assert till.slept_s == []


async def test_without_budgets_nothing_is_paid(world: World) -> None:
    number = 100
    alice = await holder_of_events(world, number)
    stream = world.listen(EVENTS, as_=alice)
    found = [(await anext(stream))["accountEvents"]["version"] for _ in range(number)]
    assert found == list(range(1, number + 1))
    await stream.aclose()


async def test_prices_and_their_assets_are_paid_for_once(world: World) -> None:
    till = Till(Bucket(capacity=1_000, restore_per_second=10))
    text = "subscription { priceUpdates { price asset { id name } } }"
    assert len(await batches(world, await world.register(), till, text, 9)) == 9
    assert (await till.budgets.take("somebody", 1)).available == 1_000 - 2 * 250 - 1
    assert till.slept_s == []


async def test_what_is_looked_up_beside_prices_is_paid_for_at_each_tick(world: World) -> None:
    till = Till(Bucket(capacity=100, restore_per_second=10))
    text = """
    subscription {
      priceUpdates(assetIds: ["BTC", "ETH"]) { price asset { candles(limit: 20) { close } } }
    }"""
    found = await batches(world, await world.register(), till, text, 4)
    assert [[one["price"] for one in batch] for batch in found[1:]] == [
        ["50001", "2501"],
        ["50002", "2502"],
        ["50003", "2503"],
    ]
    held, each = 2 * (2 + 20), 2 * 20
    assert held + 3 * each <= 100 + 10 * sum(till.slept_s)
    assert till.slept_s[0] == each / 10


async def test_a_document_that_names_one_asset_without_a_list_pays_for_one(world: World) -> None:
    till = Till(Bucket(capacity=2_000, restore_per_second=10))
    text = 'subscription { priceUpdates(assetIds: "BTC") { price asset { position { id } } } }'
    await batches(world, await world.register(), till, text, 5)
    assert (await till.budgets.take("somebody", 1)).available == 2_000 - 250 * 3 - 4 * 1 - 1
