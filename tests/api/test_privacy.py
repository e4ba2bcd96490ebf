"""What is somebody's own is nobody else's: every field that there is, asked for by another user."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.whole_selections import RootField, entity_types, everything, root_fields
from tests.api.world import Answer, Session, World, opened

NOBODYS = "ord_01JN8Y2M5E0000000000000000"

TYPED = {
    "email": "wonderland@example.com",
    "firstName": "Alicia",
    "lastName": "Pleasance",
    "phone": "5550172534",
    "dateOfBirth": "1985-07-04",
}
CASH = "7351.29"
QUANTITY = "0.03141592"

OWN_QUERIES = [root for root in root_fields("Query") if root.says_authenticated]
SUBSCRIPTIONS = [root for root in root_fields("Subscription") if root.says_authenticated]


@dataclass(frozen=True, slots=True)
class Scene:
    """Alice, who has everything that can be had, and Bob, who wants to know of it."""

    world: World
    alice: Session
    bob: Session
    order_id: str

    @property
    def traces(self) -> tuple[str, ...]:
        """Return what only Alice may see."""
        alice = self.alice
        return (
            *TYPED.values(),
            CASH,
            QUANTITY,
            self.order_id,
            alice.username,
            alice.user_id,
            alice.account_id,
        )

    def named(self) -> tuple[str, ...]:
        """Return what Bob may have overheard."""
        return (self.order_id, self.alice.account_id, self.alice.user_id)

    def shows(self, answer: Answer) -> list[str]:
        """Return what of Alice an answer shows."""
        text = json.dumps([answer.data, answer.errors])
        return [trace for trace in self.traces if trace in text]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with opened() as world:
        bob = await world.register("bobby_02")
        alice = await world.register(**TYPED)
        await world.deposit(alice, CASH)
        order_id = await world.buy(alice, "BTC", QUANTITY)
        yield Scene(world, alice, bob, order_id)


def entity_query(kind: str, key: str) -> tuple[str, dict[str, Any]]:
    selection = everything(next(found for found in entity_types() if found.name == kind))
    text = f"query ($keys: [_Any!]!) {{ _entities(representations: $keys) {selection} }}"
    return text, {"keys": [{"__typename": kind, "id": key}]}


async def test_the_traces_are_what_alice_herself_sees(scene: Scene) -> None:
    """Otherwise the other tests would look for what nobody is ever shown."""
    seen = set()
    for root in OWN_QUERIES:
        answer = await scene.world.run(*root.operation(scene.order_id), as_=scene.alice)
        assert answer.codes == []
        seen |= set(scene.shows(answer))
    assert seen == set(scene.traces)


@pytest.mark.parametrize("root", root_fields("Query"), ids=str)
async def test_no_query_shows_another_user_anything_of_alice(scene: Scene, root: RootField) -> None:
    for viewer in (scene.bob, None):
        unknown = await scene.world.run(*root.operation(NOBODYS), as_=viewer)
        for name in scene.named():
            answer = await scene.world.run(*root.operation(name), as_=viewer)
            assert scene.shows(answer) == []
            # What is Alice's looks like what doesn't exist, so that nobody learns which ids do.
            assert answer == unknown


@pytest.mark.parametrize("kind", ["Account", "Order", "User"])
async def test_no_gateway_is_shown_anything_of_alice_for_another_user(
    scene: Scene, kind: str
) -> None:
    for viewer in (scene.bob, None):
        for name in scene.named():
            answer = await scene.world.run(*entity_query(kind, name), as_=viewer)
            assert answer == Answer({"_entities": [None]})
        answer = await scene.world.run(*entity_query("Asset", "BTC"), as_=viewer)
        assert scene.shows(answer) == []
        assert answer["_entities"][0]["position"] is None


@pytest.mark.parametrize("root", OWN_QUERIES, ids=str)
async def test_what_alice_does_changes_nothing_that_another_user_sees(root: RootField) -> None:
    async with opened() as world:
        bob = await world.trader("1000", "bobby_02")
        await world.buy(bob, "ETH", "0.1")
        before = await world.run(*root.operation(NOBODYS), as_=bob)
        alice = await world.trader()
        await world.buy(alice, "ETH", "1")

        assert await world.run(*root.operation(NOBODYS), as_=bob) == before


@pytest.mark.parametrize("root", root_fields("Mutation"), ids=str)
async def test_no_mutation_shows_or_changes_anything_of_alice(
    scene: Scene, root: RootField
) -> None:
    hers = (scene.alice.user_id, scene.alice.account_id)
    before = {key: item for key, item in scene.world.stored().items() if _is_of(key.pk, hers)}
    for name in scene.named():
        answer = await scene.world.run(*root.operation(name), as_=scene.bob)
        told = set(scene.shows(answer)) - {name}  # a refusal may repeat what Bob has sent
        assert told == set()
    after = {key: item for key, item in scene.world.stored().items() if _is_of(key.pk, hers)}
    assert after == before
    assert before


@pytest.mark.parametrize("root", SUBSCRIPTIONS, ids=str)
async def test_no_subscription_tells_another_user_what_alice_does(
    scene: Scene, root: RootField
) -> None:
    stream = scene.world.listen(*root.operation(NOBODYS), as_=scene.bob)
    first = asyncio.ensure_future(anext(stream))
    for _ in range(20):
        await asyncio.sleep(0)
    await scene.world.buy(scene.alice, "BTC", QUANTITY)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not first.done()

    await scene.world.deposit(scene.bob, "1000")
    await scene.world.buy(scene.bob, "BTC", "0.01")

    answer = await first
    assert answer.codes == []
    assert scene.shows(answer) == []
    await stream.aclose()


def _is_of(pk: str, owners: tuple[str, ...]) -> bool:
    return pk.endswith(owners)
