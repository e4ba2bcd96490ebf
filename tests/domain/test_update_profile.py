"""Changing what is known of oneself."""

import asyncio
from dataclasses import replace

import pytest

from adapters.identity_items import user_key
from adapters.table import Delete, TableOutcomeUnknownError
from domain.sessions import NotAuthenticatedError
from domain.sign_ins import TRIES_MAX, SignedIn
from domain.users import ProfileChange
from tests.domain.identity_world import ALICE, World, codes_of, errors_of

BOB = replace(ALICE, username="Bob_0002", email="bob@example.com")


async def a_world() -> tuple[World, SignedIn]:
    world = World()
    return world, await world.identity.register(ALICE)


async def test_a_change_is_stored_as_told() -> None:
    world, alice = await a_world()
    world.clock.advance(60)
    told = await world.identity.update_profile(alice.viewer, ProfileChange(first_name="Al"))
    assert told == await world.identity.user(alice.user.id)
    assert (told.first_name, told.updated_at) == ("Al", world.clock.now())


async def test_no_change_writes_nothing() -> None:
    world, alice = await a_world()
    world.table.calls.clear()
    assert await world.identity.update_profile(alice.viewer, ProfileChange()) == alice.user
    assert world.table.calls == ["get"]


async def test_bad_input_changes_nothing() -> None:
    world, alice = await a_world()
    change = ProfileChange(first_name="Al", email="x")
    (error,) = await errors_of(world.identity.update_profile(alice.viewer, change))
    assert (error.code, error.path) == ("INVALID_INPUT", ("input", "email"))
    assert await world.identity.user(alice.user.id) == alice.user


async def test_somebody_elses_address_is_taken() -> None:
    world, alice = await a_world()
    await world.identity.register(BOB)
    change = ProfileChange(email="BOB@example.com")
    (error,) = await errors_of(world.identity.update_profile(alice.viewer, change))
    assert (error.code, error.path) == ("EMAIL_TAKEN", ("input", "email"))


async def test_keeping_ones_own_address_is_no_conflict() -> None:
    world, alice = await a_world()
    change = ProfileChange(email="ALICE@EXAMPLE.COM", first_name="Al")
    told = await world.identity.update_profile(alice.viewer, change)
    assert (told.email, told.first_name) == ("ALICE@EXAMPLE.COM", "Al")


async def test_an_address_that_was_given_up_is_free() -> None:
    world, alice = await a_world()
    await world.identity.update_profile(alice.viewer, ProfileChange(email="new@example.com"))
    await world.identity.register(replace(BOB, email=ALICE.email))
    taken = replace(BOB, username="Carol_03", email="new@example.com")
    assert await codes_of(world.identity.register(taken)) == ["EMAIL_TAKEN"]


async def test_of_two_who_want_one_address_at_once_exactly_one_gets_it() -> None:
    world, alice = await a_world()
    bob = await world.identity.register(BOB)
    change = ProfileChange(email="new@example.com")
    told = await asyncio.gather(
        codes_of(world.process().update_profile(alice.viewer, change)),
        codes_of(world.process().update_profile(bob.viewer, change)),
    )
    assert sorted(told) == [[], ["EMAIL_TAKEN"]]


async def test_changes_at_once_are_all_kept() -> None:
    world, alice = await a_world()
    changes = [
        ProfileChange(first_name="Al"),
        ProfileChange(last_name="Bo"),
        ProfileChange(phone="0123456789"),
        ProfileChange(email="new@example.com"),
    ]
    await asyncio.gather(
        *(world.process().update_profile(alice.viewer, change) for change in changes * 2)
    )
    user = await world.identity.user(alice.user.id)
    assert user == replace(
        alice.user,
        first_name="Al",
        last_name="Bo",
        phone="0123456789",
        email="new@example.com",
        version=5,
    )


async def test_a_change_overtaken_too_often_is_a_conflict() -> None:
    world, alice = await a_world()
    world.table.overtaken = TRIES_MAX
    change = ProfileChange(first_name="Al")
    assert await codes_of(world.identity.update_profile(alice.viewer, change)) == ["CONFLICT"]


async def test_a_change_in_doubt_that_did_not_happen_is_refused_as_usual() -> None:
    world, alice = await a_world()
    world.table.fail_transactions(TableOutcomeUnknownError())

    async def nothing() -> None:
        """Let the first try pass."""

    async def somebody_takes_it() -> None:
        await world.process().register(replace(BOB, email="new@example.com"))

    world.table.before_transactions.extend([nothing, somebody_takes_it])
    change = ProfileChange(email="new@example.com")
    assert await codes_of(world.identity.update_profile(alice.viewer, change)) == ["EMAIL_TAKEN"]


async def test_an_erased_user_changes_nothing() -> None:
    world, alice = await a_world()
    await world.table.transact([Delete(user_key(alice.user.id))], token=world.ids.token())
    with pytest.raises(NotAuthenticatedError):
        await world.identity.update_profile(alice.viewer, ProfileChange(first_name="Al"))
