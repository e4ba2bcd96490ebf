import asyncio

import pytest

from domain.locks import KeyedLocks


async def test_holders_of_one_key_take_turns_in_their_order() -> None:
    locks, events = KeyedLocks(), list[str]()

    async def work(name: str, key: str) -> None:
        async with locks.hold(key):
            events.append(f"{name} begins")
            await asyncio.sleep(0)
            events.append(f"{name} ends")

    await asyncio.gather(work("a", "one"), work("b", "one"), work("c", "one"))
    assert events == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]


async def test_holders_of_different_keys_do_not_wait_for_each_other() -> None:
    locks = KeyedLocks()
    async with locks.hold("one"), locks.hold("two"):
        assert len(locks) == 2


async def test_a_lock_is_forgotten_when_nobody_wants_it() -> None:
    locks = KeyedLocks()
    with pytest.raises(KeyError):
        async with locks.hold("one"):
            raise KeyError
    async with locks.hold("one"):
        pass
    assert len(locks) == 0
