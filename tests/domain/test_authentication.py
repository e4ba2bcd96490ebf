"""Who shows an access token, and since when it opens nothing any more."""

import pytest

from adapters.jwt_secrets import JwtSecret
from adapters.table import TableUnavailableError
from domain.identity import Identity
from domain.outages import OutageError
from domain.sessions import NotAuthenticatedError, NotAuthenticatedReason
from tests.domain.identity_world import ALICE, SECRETS, World, is_live

NEW_SECRET = JwtSecret("two", b"2" * 32)


async def reason_of(identity: Identity, token: str) -> NotAuthenticatedReason:
    with pytest.raises(NotAuthenticatedError) as refused:
        await identity.authenticate(token)
    return refused.value.reason


async def test_a_token_names_user_session_and_account() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    assert await world.process().authenticate(alice.tokens.access_token) == alice.viewer


async def test_each_use_of_a_token_takes_one_read() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    await world.identity.authenticate(alice.tokens.access_token)
    world.table.calls.clear()
    await world.identity.authenticate(alice.tokens.access_token)
    assert world.table.calls == ["get"]


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "\x00", "\ud800", "x" * 100_000])
async def test_any_other_text_is_invalid(text: str) -> None:
    assert await reason_of(World().identity, text) is NotAuthenticatedReason.INVALID


async def test_a_refresh_token_authenticates_nobody() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    reason = await reason_of(world.identity, alice.tokens.refresh_token)
    assert reason is NotAuthenticatedReason.INVALID


async def test_a_token_expires_after_an_hour() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    world.clock.advance(3599)
    assert await is_live(world.identity, alice.tokens.access_token)
    world.clock.advance(1)
    reason = await reason_of(world.identity, alice.tokens.access_token)
    assert reason is NotAuthenticatedReason.EXPIRED


async def test_logout_revokes_at_once_on_every_process() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    other = world.process()
    assert await is_live(other, alice.tokens.access_token)
    await world.identity.logout(alice.viewer)
    reason = await reason_of(other, alice.tokens.access_token)
    assert reason is NotAuthenticatedReason.REVOKED
    assert not await is_live(world.identity, alice.tokens.access_token)


async def test_logout_ends_no_other_session_and_may_be_repeated() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    other = await world.identity.login("Alice_01", ALICE.password, address="192.0.2.1")
    await world.identity.logout(alice.viewer)
    await world.identity.logout(alice.viewer)
    assert await is_live(world.identity, other.tokens.access_token)


async def test_tokens_outlive_a_new_secret_and_end_with_their_own() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    assert await is_live(world.process((NEW_SECRET, *SECRETS)), alice.tokens.access_token)
    assert not await is_live(world.process((NEW_SECRET,)), alice.tokens.access_token)


async def test_nobody_is_let_in_while_the_store_cannot_answer() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    world.table.fail_next(TableUnavailableError())
    with pytest.raises(OutageError):
        await world.identity.authenticate(alice.tokens.access_token)
