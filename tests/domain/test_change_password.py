"""A new password: only for who knows the old one, and every other session ends with it."""

import asyncio

import pytest

from adapters.identity_items import user_key
from adapters.table import Delete, TableOutcomeUnknownError
from domain.outages import OutcomeUnknownError
from domain.sessions import NotAuthenticatedError, Viewer
from domain.sign_ins import TRIES_MAX, SignedIn
from domain.users import ProfileChange
from tests.domain.identity_world import (
    ALICE,
    ANOTHER_PASSWORD,
    HOME,
    PASSWORD,
    World,
    codes_of,
    errors_of,
    is_live,
)


async def a_world() -> tuple[World, SignedIn]:
    world = World()
    return world, await world.identity.register(ALICE)


async def change(
    world: World,
    viewer: Viewer,
    *,
    current: str = PASSWORD,
    new: str = ANOTHER_PASSWORD,
    address: str = HOME,
) -> None:
    await world.process().change_password(viewer, current=current, new=new, address=address)


async def test_the_new_password_opens_and_the_old_one_does_not() -> None:
    world, alice = await a_world()
    await change(world, alice.viewer)
    assert await codes_of(world.identity.login("Alice_01", PASSWORD, address=HOME)) == [
        "INVALID_CREDENTIALS"
    ]
    await world.identity.login("Alice_01", ANOTHER_PASSWORD, address=HOME)


async def test_every_session_but_the_callers_ends_at_once() -> None:
    world, alice = await a_world()
    other = await world.identity.login("Alice_01", PASSWORD, address=HOME)
    await change(world, alice.viewer)
    assert await is_live(world.identity, alice.tokens.access_token)
    assert not await is_live(world.identity, other.tokens.access_token)
    assert await codes_of(world.identity.refresh(other.tokens.refresh_token)) == ["SESSION_EXPIRED"]
    await world.identity.refresh(alice.tokens.refresh_token)


async def test_a_bad_new_password_is_refused_before_any_work() -> None:
    world, alice = await a_world()
    (error,) = await errors_of(change(world, alice.viewer, new="Short-1"))
    assert (error.code, error.path) == ("INVALID_INPUT", ("input", "newPassword"))
    assert world.hasher.verified == []


async def test_a_wrong_current_password_changes_nothing() -> None:
    world, alice = await a_world()
    (error,) = await errors_of(change(world, alice.viewer, current="wrong"))
    assert (error.code, error.path) == ("INVALID_CREDENTIALS", ("input", "currentPassword"))
    assert error.message == "The current password is wrong."
    await world.identity.login("Alice_01", PASSWORD, address=HOME)


async def test_wrong_current_passwords_count_for_the_lock() -> None:
    world, alice = await a_world()
    told = [
        await codes_of(change(world, alice.viewer, current="wrong", address=f"192.0.2.{number}"))
        for number in range(6)
    ]
    assert told == [["INVALID_CREDENTIALS"]] * 5 + [["LOCKED_OUT"]]
    assert await codes_of(change(world, alice.viewer)) == ["LOCKED_OUT"]
    assert await codes_of(world.identity.login("Alice_01", PASSWORD, address=HOME)) == [
        "LOCKED_OUT"
    ]


async def test_a_login_that_comes_between_does_not_survive() -> None:
    world, alice = await a_world()
    opened: list[SignedIn] = []

    async def somebody_signs_in() -> None:
        opened.append(await world.process().login("Alice_01", PASSWORD, address=HOME))

    world.table.before_transactions.append(somebody_signs_in)
    await change(world, alice.viewer)
    assert not await is_live(world.identity, opened[0].tokens.access_token)
    assert [one.id for one in await world.sessions.of_user(alice.user.id)] == [
        alice.viewer.session_id
    ]


async def test_no_login_at_the_same_time_survives() -> None:
    world, alice = await a_world()
    logins = [
        codes_of(world.process().login("Alice_01", PASSWORD, address=HOME)) for _ in range(10)
    ]
    await asyncio.gather(*logins[:5], change(world, alice.viewer), *logins[5:])
    assert [one.id for one in await world.sessions.of_user(alice.user.id)] == [
        alice.viewer.session_id
    ]


async def test_of_two_changes_at_once_exactly_one_is_made() -> None:
    world, alice = await a_world()
    told = await asyncio.gather(
        codes_of(change(world, alice.viewer, new="First-Password-1")),
        codes_of(change(world, alice.viewer, new="Other-Password-2")),
    )
    assert sorted(told) == [[], ["INVALID_CREDENTIALS"]]


async def test_a_change_of_profile_that_comes_between_is_kept() -> None:
    world, alice = await a_world()

    async def profile_changes() -> None:
        await world.process().update_profile(alice.viewer, ProfileChange(first_name="Al"))

    world.table.before_transactions.append(profile_changes)
    await change(world, alice.viewer)
    user = await world.identity.user(alice.user.id)
    assert user is not None
    assert (user.first_name, user.credential_version) == ("Al", 2)


@pytest.mark.parametrize("is_written", [True, False])
@pytest.mark.parametrize("remembers_tokens", [True, False])
async def test_a_change_in_doubt_is_made_once(*, is_written: bool, remembers_tokens: bool) -> None:
    world = World(remembers_tokens=remembers_tokens)
    alice = await world.identity.register(ALICE)
    world.table.fail_transactions(TableOutcomeUnknownError(), is_written=is_written)
    await change(world, alice.viewer)
    user = await world.identity.user(alice.user.id)
    assert user is not None
    assert user.credential_version == 2


async def test_a_change_in_doubt_that_was_written_over_says_that_its_outcome_is_unknown() -> None:
    world, alice = await a_world()
    world.table.fail_transactions(TableOutcomeUnknownError())

    async def nothing() -> None:
        """Let the first try pass."""

    async def profile_changes() -> None:
        await world.process().update_profile(alice.viewer, ProfileChange(first_name="Al"))

    world.table.before_transactions.extend([nothing, profile_changes])
    with pytest.raises(OutcomeUnknownError):
        await change(world, alice.viewer)


async def test_a_change_overtaken_too_often_is_a_conflict() -> None:
    world, alice = await a_world()
    world.table.overtaken = TRIES_MAX
    assert await codes_of(change(world, alice.viewer)) == ["CONFLICT"]


async def test_a_login_overtaken_too_often_is_a_conflict() -> None:
    world, _ = await a_world()
    world.table.overtaken = TRIES_MAX
    login = world.identity.login("Alice_01", PASSWORD, address=HOME)
    assert await codes_of(login) == ["CONFLICT"]


@pytest.mark.parametrize("remembers_tokens", [True, False])
async def test_a_login_in_doubt_opens_one_session(*, remembers_tokens: bool) -> None:
    world = World(remembers_tokens=remembers_tokens)
    await world.identity.register(ALICE)
    world.table.fail_transactions(TableOutcomeUnknownError(), is_written=True)
    alice = await world.identity.login("Alice_01", PASSWORD, address=HOME)
    assert await is_live(world.identity, alice.tokens.access_token)
    assert len(await world.sessions.of_user(alice.user.id)) == 2


async def test_an_erased_user_changes_nothing() -> None:
    world, alice = await a_world()
    await world.table.transact([Delete(user_key(alice.user.id))], token=world.ids.token())
    with pytest.raises(NotAuthenticatedError):
        await change(world, alice.viewer)
