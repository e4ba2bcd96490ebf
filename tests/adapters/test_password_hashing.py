"""Passwords are hashed with argon2id beside the event loop, and only so many wait."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from adapters.password_hashing import Argon2Hashing, Argon2Parameters
from domain.outages import OutageError
from domain.ports.identity import BusyError

CHEAP = Argon2Parameters(memory_kib=8, passes=1)


@pytest.fixture
def hashing() -> Iterator[Argon2Hashing]:
    made = Argon2Hashing(CHEAP)
    yield made
    made.close()


async def test_a_hash_verifies_its_own_password_alone(hashing: Argon2Hashing) -> None:
    made = await hashing.hash("Correct-Horse-7")
    assert await hashing.verify("Correct-Horse-7", made)
    assert not await hashing.verify("correct-horse-7", made)
    assert not await hashing.verify("", made)


async def test_two_hashes_of_one_password_differ(hashing: Argon2Hashing) -> None:
    assert await hashing.hash("same") != await hashing.hash("same")


async def test_nobody_has_the_decoys_password(hashing: Argon2Hashing) -> None:
    assert not await hashing.verify("", hashing.decoy_hash)


def test_the_decoy_costs_what_every_hash_costs(hashing: Argon2Hashing) -> None:
    assert not hashing.is_outdated(hashing.decoy_hash)


def test_the_defaults_are_those_of_owasp() -> None:
    hashing = Argon2Hashing()
    assert hashing.decoy_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    hashing.close()


async def test_a_hash_of_other_parameters_is_outdated_and_still_verifies(
    hashing: Argon2Hashing,
) -> None:
    stronger = Argon2Hashing(Argon2Parameters(memory_kib=16, passes=1))
    made = await hashing.hash("Correct-Horse-7")
    assert stronger.is_outdated(made)
    assert await stronger.verify("Correct-Horse-7", made)
    stronger.close()


@pytest.mark.parametrize("damaged", ["", "x", "$argon2id$v=19$m=8,t=1,p=1$", "\u00e9"])
async def test_a_damaged_hash_is_an_outage(hashing: Argon2Hashing, damaged: str) -> None:
    with pytest.raises(OutageError):
        await hashing.verify("Correct-Horse-7", damaged)


async def test_a_password_that_cannot_be_hashed_is_an_outage() -> None:
    hashing = Argon2Hashing(CHEAP)
    hashing._argon2 = PasswordHasher(hash_len=1)
    with pytest.raises(OutageError):
        await hashing.hash("Correct-Horse-7")
    hashing.close()


async def test_beyond_those_that_may_wait_it_is_busy() -> None:
    hashing = Argon2Hashing(CHEAP, threads=1, waiting_max=2)
    gate = threading.Event()
    hashing._pool.submit(gate.wait)
    waiting = [asyncio.create_task(hashing.hash("x")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await hashing.hash("x")
    gate.set()
    await asyncio.gather(*waiting)
    await hashing.hash("x")
    hashing.close()


async def test_who_gives_up_waiting_makes_room() -> None:
    hashing = Argon2Hashing(CHEAP, threads=1, waiting_max=0)
    gate = threading.Event()
    hashing._pool.submit(gate.wait)
    waiting = asyncio.create_task(hashing.hash("x"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.set()
    await hashing.hash("x")
    hashing.close()
