"""What happens to an account, live: also where the bus loses hints."""

from datetime import timedelta

from adapters.local_bus import LocalHintBus
from domain.ports.hints import Hint
from subscriptions.accounts import AccountBroadcast
from tests.domain.ledger_world import ACCOUNT, World


class DeafBus(LocalHintBus):
    """A bus that loses every hint."""

    def publish(self, topic: str, hint: Hint) -> None:
        return


async def test_what_no_hint_tells_of_is_found_by_looking() -> None:
    world = await World().open("10")
    broadcast = AccountBroadcast(world.accounts, DeafBus(), look_every=timedelta(0))
    stream = broadcast.stream(ACCOUNT, 0)
    assert (await anext(stream)).version == 1
    await world.deposit("1")
    broadcast.changed(ACCOUNT, 2)
    assert (await anext(stream)).version == 2
    await stream.aclose()


async def test_a_hint_brings_what_is_new_at_once() -> None:
    world = await World().open("10")
    bus = LocalHintBus()
    broadcast = AccountBroadcast(world.accounts, bus, look_every=None)
    stream = broadcast.stream(ACCOUNT, 0)
    assert (await anext(stream)).version == 1
    await world.deposit("1")
    broadcast.changed(ACCOUNT, 2)
    assert (await anext(stream)).version == 2
    await stream.aclose()
    assert bus._mailboxes == {}


async def test_hints_of_what_was_told_already_bring_nothing_twice() -> None:
    world = await World().open("10")
    broadcast = AccountBroadcast(world.accounts, LocalHintBus(), look_every=None)
    stream = broadcast.stream(ACCOUNT, 0)
    heard = [(await anext(stream)).version]
    for version in (2, 3, 4):
        await world.deposit("1")
        for _ in range(3):
            broadcast.changed(ACCOUNT, version)
    heard += [(await anext(stream)).version for _ in range(3)]
    assert heard == [1, 2, 3, 4]
    await stream.aclose()
