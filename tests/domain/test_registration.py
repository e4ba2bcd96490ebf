"""Becoming a user: all of it or nothing, and nobody twice."""

import asyncio
from dataclasses import replace

import pytest

from adapters.account_items import account_key, account_of
from adapters.table import TableOutcomeUnknownError, TableUnavailableError
from domain.accounts import opened
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.identity import BusyError
from tests.domain.identity_world import ALICE, HOME, NOW, PASSWORD, World, codes_of, errors_of

BOB = replace(ALICE, username="Bob_0002", email="bob@example.com")


async def test_who_registers_is_signed_in_with_an_empty_account() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    assert await world.identity.authenticate(alice.tokens.access_token) == alice.viewer
    stored = await world.table.get(account_key(alice.viewer.account_id))
    assert stored is not None
    assert account_of(stored) == opened(alice.viewer.account_id, NOW)


async def test_the_user_is_stored_as_told() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    assert await world.identity.user(alice.user.id) == alice.user
    assert (alice.user.username, alice.user.created_at) == ("Alice_01", NOW)


async def test_tokens_say_how_long_they_work() -> None:
    tokens = (await World().identity.register(ALICE)).tokens
    assert tokens.access_expires_in.total_seconds() == 3600
    assert tokens.refresh_expires_in.days == 30
    assert tokens.access_token not in repr(tokens)


async def test_the_password_is_stored_as_a_hash_only() -> None:
    world = World()
    await world.identity.register(ALICE)
    assert world.hasher.hashed == 1


async def test_bad_input_is_refused_before_any_work() -> None:
    world = World()
    assert await codes_of(world.identity.register(replace(ALICE, username="x"))) == [
        "INVALID_INPUT"
    ]
    assert (world.hasher.hashed, world.table.calls) == (0, [])


async def test_a_username_is_taken_in_any_letter_case() -> None:
    world = World()
    await world.identity.register(ALICE)
    (error,) = await errors_of(world.identity.register(replace(BOB, username="aLICE_01")))
    assert (error.code, error.path) == ("USERNAME_TAKEN", ("input", "username"))


async def test_an_email_address_is_taken_in_any_letter_case() -> None:
    world = World()
    await world.identity.register(ALICE)
    (error,) = await errors_of(world.identity.register(replace(BOB, email="ALICE@example.COM")))
    assert (error.code, error.path) == ("EMAIL_TAKEN", ("input", "email"))


async def test_a_refused_registration_leaves_nothing_behind() -> None:
    world = World()
    await world.identity.register(ALICE)
    await codes_of(world.identity.register(replace(BOB, email=ALICE.email)))
    await world.identity.register(BOB)


async def test_both_are_told_when_both_are_taken() -> None:
    world = World()
    await world.identity.register(ALICE)
    assert await codes_of(world.identity.register(ALICE)) == ["USERNAME_TAKEN", "EMAIL_TAKEN"]


async def test_of_many_who_register_one_username_at_once_exactly_one_wins() -> None:
    world = World()
    told = await asyncio.gather(
        *(
            codes_of(world.process().register(replace(ALICE, email=f"a{number}@example.com")))
            for number in range(20)
        )
    )
    assert sorted(told) == [[], *[["USERNAME_TAKEN"]] * 19]


async def test_too_many_waiting_hashes_are_an_outage() -> None:
    world = World()
    world.hasher.is_busy = True
    with pytest.raises(BusyError):
        await world.identity.register(ALICE)


async def test_an_unreachable_store_is_an_outage() -> None:
    world = World()
    world.table.fail_transactions(TableUnavailableError())
    with pytest.raises(OutageError):
        await world.identity.register(ALICE)
    assert await world.users.by_username("alice_01") is None


@pytest.mark.parametrize("is_written", [True, False])
@pytest.mark.parametrize("remembers_tokens", [True, False])
async def test_a_registration_in_doubt_is_made_once(
    *, is_written: bool, remembers_tokens: bool
) -> None:
    world = World(remembers_tokens=remembers_tokens)
    world.table.fail_transactions(TableOutcomeUnknownError(), is_written=is_written)
    alice = await world.identity.register(ALICE)
    assert (await world.identity.login("Alice_01", PASSWORD, address=HOME)).user.id == alice.user.id
    assert world.pauses == [1]


async def test_a_registration_in_doubt_that_lost_is_refused() -> None:
    world = World()
    world.table.fail_transactions(TableOutcomeUnknownError())

    async def nothing() -> None:
        """Let the first try pass."""

    async def another_registers() -> None:
        await world.process().register(ALICE)

    world.table.before_transactions.extend([nothing, another_registers])
    assert await codes_of(world.identity.register(ALICE)) == ["USERNAME_TAKEN", "EMAIL_TAKEN"]


async def test_a_registration_that_stays_in_doubt_says_so() -> None:
    world = World()
    world.table.fail_transactions(*[TableOutcomeUnknownError() for _ in range(9)])
    with pytest.raises(OutcomeUnknownError):
        await world.identity.register(ALICE)


async def test_users_are_read_in_one_batch() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    bob = await world.identity.register(BOB)
    world.table.calls.clear()
    found = await world.identity.users([alice.user.id, bob.user.id])
    assert found == {alice.user.id: alice.user, bob.user.id: bob.user}
    assert world.table.calls == ["get_many"]
