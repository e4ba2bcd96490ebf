"""Signing in: nobody learns who exists, and nobody guesses for long."""

import asyncio

import pytest

from domain.sessions import SESSIONS_PER_USER_MAX
from domain.users import ProfileChange
from tests.domain.identity_world import (
    ALICE,
    ANOTHER_PASSWORD,
    ELSEWHERE,
    HOME,
    PASSWORD,
    World,
    codes_of,
    errors_of,
    is_live,
)


async def a_world() -> World:
    world = World()
    await world.identity.register(ALICE)
    return world


async def failures(world: World, count: int, *, username: str = "Alice_01") -> list[list[str]]:
    """Fail from another address each time."""
    return [
        await codes_of(world.identity.login(username, "wrong", address=f"192.0.2.{number}"))
        for number in range(count)
    ]


async def test_who_knows_the_password_is_signed_in() -> None:
    world = await a_world()
    alice = await world.identity.login("aLICE_01", PASSWORD, address=HOME)
    assert alice.user.username == "Alice_01"
    assert await world.identity.authenticate(alice.tokens.access_token) == alice.viewer
    assert await world.identity.user(alice.user.id) == alice.user


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("Alice_01", "wrong"),
        ("Alice_01", ""),
        ("Alice_01", PASSWORD + "\x00"),
        ("Alice_01", "\ud800"),
        ("Alice_01", "x" * 100_000),
        ("nobody_9", PASSWORD),
        ("nobody_9", "nobody's password"),
        ("", PASSWORD),
        ("\ud800", PASSWORD),
        ("\x00" * 9, PASSWORD),
        ("x" * 100_000, PASSWORD),
        ("\u0430lice_01", PASSWORD),
    ],
)
async def test_everybody_else_hears_the_same_after_the_same_work(
    username: str, password: str
) -> None:
    world = await a_world()
    world.table.calls.clear()
    (error,) = await errors_of(world.identity.login(username, password, address=HOME))
    assert (error.code, error.path) == ("INVALID_CREDENTIALS", ())
    assert error.message == "The username or the password is wrong."
    assert len(world.hasher.verified) == 1
    assert world.table.calls == ["get", "get"]


async def test_five_failures_lock_a_username_from_every_address() -> None:
    world = await a_world()
    assert await failures(world, 6) == [["INVALID_CREDENTIALS"]] * 5 + [["LOCKED_OUT"]]


async def test_unknown_usernames_are_locked_alike() -> None:
    world = await a_world()
    told = await failures(world, 6, username="nobody_9")
    assert told == [["INVALID_CREDENTIALS"]] * 5 + [["LOCKED_OUT"]]


async def test_the_right_password_opens_nothing_while_locked() -> None:
    world = await a_world()
    await failures(world, 5)
    world.hasher.verified.clear()
    (error,) = await errors_of(world.identity.login("Alice_01", PASSWORD, address=HOME))
    assert error.code == "LOCKED_OUT"
    assert error.message == "Too many failed logins; try again in 300 s."
    assert world.hasher.verified == []


async def test_five_failures_lock_an_address_for_every_username() -> None:
    world = await a_world()
    for number in range(5):
        await codes_of(world.identity.login(f"nobody_{number}", "wrong", address=HOME))
    assert await codes_of(world.identity.login("Alice_01", PASSWORD, address=HOME)) == [
        "LOCKED_OUT"
    ]
    await world.identity.login("Alice_01", PASSWORD, address=ELSEWHERE)


async def test_a_lock_ends_after_300_s_and_does_not_grow() -> None:
    world = await a_world()
    await failures(world, 5)
    world.clock.advance(299.5)
    (error,) = await errors_of(world.identity.login("Alice_01", PASSWORD, address=HOME))
    assert error.message == "Too many failed logins; try again in 1 s."
    world.clock.advance(0.5)
    await world.identity.login("Alice_01", PASSWORD, address=HOME)


async def test_of_many_guesses_at_once_five_are_told_apart() -> None:
    world = await a_world()
    guesses = [f"guess {number}" for number in range(20)] + [PASSWORD]
    told = await asyncio.gather(
        *(
            codes_of(world.process().login("Alice_01", guess, address=f"192.0.2.{number}"))
            for number, guess in enumerate(guesses)
        )
    )
    assert sorted(told) == [["INVALID_CREDENTIALS"]] * 5 + [["LOCKED_OUT"]] * 16


async def test_many_may_sign_in_at_once_from_one_address() -> None:
    world = await a_world()
    told = await asyncio.gather(
        *(codes_of(world.identity.login("Alice_01", PASSWORD, address=HOME)) for _ in range(20))
    )
    assert told == [[]] * 20


async def test_a_hash_of_old_parameters_is_renewed_by_a_login() -> None:
    world = await a_world()
    world.hasher.scheme = "tomorrow"
    alice = await world.identity.login("Alice_01", PASSWORD, address=HOME)
    assert alice.user.password_hash.startswith("tomorrow")
    assert await world.identity.user(alice.user.id) == alice.user
    await world.identity.login("Alice_01", PASSWORD, address=HOME)
    assert world.hasher.hashed == 2


async def test_a_hash_is_not_renewed_while_too_many_wait() -> None:
    world = await a_world()
    world.hasher.scheme = "tomorrow"
    world.hasher.is_busy = True
    alice = await world.identity.login("Alice_01", PASSWORD, address=HOME)
    assert alice.user.password_hash.startswith("today")


async def test_the_oldest_session_ends_when_there_are_too_many() -> None:
    world = await a_world()
    first = await world.identity.login("Alice_01", PASSWORD, address=HOME)
    for _ in range(SESSIONS_PER_USER_MAX - 1):
        world.clock.advance(1)
        last = await world.identity.login("Alice_01", PASSWORD, address=HOME)
    assert await is_live(world.identity, first.tokens.access_token)
    world.clock.advance(1)
    await world.identity.login("Alice_01", PASSWORD, address=HOME)
    assert not await is_live(world.identity, first.tokens.access_token)
    assert await is_live(world.identity, last.tokens.access_token)
    assert len(await world.sessions.of_user(first.user.id)) == SESSIONS_PER_USER_MAX


async def test_a_login_overtaken_by_a_change_of_profile_goes_on() -> None:
    world = await a_world()
    alice = await world.identity.login("Alice_01", PASSWORD, address=HOME)

    async def profile_changes() -> None:
        change = ProfileChange(first_name="Al")
        await world.process().update_profile(alice.viewer, change)

    world.table.before_transactions.append(profile_changes)
    again = await world.identity.login("Alice_01", PASSWORD, address=HOME)
    assert again.user.first_name == "Al"
    assert await is_live(world.identity, again.tokens.access_token)


async def test_a_login_overtaken_by_a_change_of_password_fails() -> None:
    world = await a_world()
    alice = await world.identity.login("Alice_01", PASSWORD, address=HOME)

    async def password_changes() -> None:
        await world.process().change_password(
            alice.viewer, current=PASSWORD, new=ANOTHER_PASSWORD, address=HOME
        )

    world.table.before_transactions.append(password_changes)
    told = await codes_of(world.identity.login("Alice_01", PASSWORD, address=HOME))
    assert told == ["INVALID_CREDENTIALS"]
    assert [one.id for one in await world.sessions.of_user(alice.user.id)] == [
        alice.viewer.session_id
    ]
