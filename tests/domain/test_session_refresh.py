"""Staying signed in: each refresh token once, but for a moment's grace."""

import asyncio

import pytest

from adapters.identity_items import user_account_item, user_key
from adapters.jwt_secrets import JwtSecret
from adapters.table import Delete, TableOutcomeUnknownError, TableUnavailableError
from domain.outages import OutageError
from domain.refresh_tokens import RefreshTokens
from domain.sign_ins import TRIES_MAX
from tests.domain.identity_world import ALICE, SECRETS, World, codes_of, errors_of, is_live

EXPIRED = ["SESSION_EXPIRED"]
NEW_SECRET = JwtSecret("two", b"2" * 32)


async def test_a_refresh_gives_new_tokens_for_the_same_session() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    world.clock.advance(60)
    again = await world.identity.refresh(alice.tokens.refresh_token)
    assert (again.viewer, again.user) == (alice.viewer, alice.user)
    assert again.tokens.refresh_token != alice.tokens.refresh_token
    assert again.tokens.refresh_expires_in.days == 30
    assert await world.identity.authenticate(again.tokens.access_token) == alice.viewer


async def test_a_session_goes_on_as_long_as_it_is_refreshed() -> None:
    world = World()
    signed_in = await world.identity.register(ALICE)
    for _ in range(4):
        world.clock.advance(29 * 86400)
        signed_in = await world.identity.refresh(signed_in.tokens.refresh_token)
    assert await is_live(world.identity, signed_in.tokens.access_token)


async def test_a_refresh_token_expires_after_30_days() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    world.clock.advance(30 * 86400)
    assert await codes_of(world.identity.refresh(alice.tokens.refresh_token)) == EXPIRED


async def test_the_previous_token_gives_the_same_new_one_within_10_s() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    first = await world.identity.refresh(alice.tokens.refresh_token)
    world.clock.advance(10)
    again = await world.identity.refresh(alice.tokens.refresh_token)
    assert again.tokens.refresh_token == first.tokens.refresh_token
    assert again.tokens.refresh_expires_in < first.tokens.refresh_expires_in
    await world.identity.refresh(again.tokens.refresh_token)


async def test_a_replay_after_10_s_ends_the_session() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    thief = await world.identity.refresh(alice.tokens.refresh_token)
    world.clock.advance(10.001)
    (error,) = await errors_of(world.identity.refresh(alice.tokens.refresh_token))
    assert (error.code, error.path) == ("SESSION_EXPIRED", ("input", "refreshToken"))
    assert not await is_live(world.identity, thief.tokens.access_token)
    assert await codes_of(world.identity.refresh(thief.tokens.refresh_token)) == EXPIRED


async def test_a_replay_of_an_older_token_ends_the_session_at_once() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    second = await world.identity.refresh(alice.tokens.refresh_token)
    third = await world.identity.refresh(second.tokens.refresh_token)
    assert await codes_of(world.identity.refresh(alice.tokens.refresh_token)) == EXPIRED
    assert not await is_live(world.identity, third.tokens.access_token)


async def test_a_replay_ends_no_other_session() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    other = await world.identity.login("Alice_01", ALICE.password, address="192.0.2.1")
    await world.identity.refresh(alice.tokens.refresh_token)
    world.clock.advance(60)
    await codes_of(world.identity.refresh(alice.tokens.refresh_token))
    assert await is_live(world.identity, other.tokens.access_token)


async def test_a_made_up_token_is_refused_and_ends_nothing() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    forger = RefreshTokens((b"x" * 32,))
    forged = forger.made(alice.viewer.user_id, alice.viewer.session_id, 1)
    assert await codes_of(world.identity.refresh(forged.text)) == EXPIRED
    assert await is_live(world.identity, alice.tokens.access_token)


@pytest.mark.parametrize("text", ["", "x", "\x00", "\ud800", "x" * 100_000])
async def test_any_other_text_is_refused(text: str) -> None:
    assert await codes_of(World().identity.refresh(text)) == EXPIRED


async def test_an_access_token_refreshes_nothing() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    assert await codes_of(world.identity.refresh(alice.tokens.access_token)) == EXPIRED


async def test_only_a_hash_of_the_refresh_token_is_stored() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    secret = alice.tokens.refresh_token.rsplit(".", 1)[1]
    page = await world.table.query(f"USER#{alice.user.id}")
    assert secret not in repr(page)


@pytest.mark.parametrize("count", [2, 20])
async def test_tabs_that_refresh_at_once_all_stay_signed_in(count: int) -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    told = await asyncio.gather(
        *(world.process().refresh(alice.tokens.refresh_token) for _ in range(count))
    )
    assert len({one.tokens.refresh_token for one in told}) == 1
    world.clock.advance(60)
    await world.identity.refresh(told[-1].tokens.refresh_token)


async def test_tabs_of_one_process_refresh_in_turn() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    token = alice.tokens.refresh_token
    told = await asyncio.gather(*(world.identity.refresh(token) for _ in range(5)))
    assert len({one.tokens.refresh_token for one in told}) == 1


@pytest.mark.parametrize("is_written", [True, False])
@pytest.mark.parametrize("remembers_tokens", [True, False])
async def test_a_refresh_in_doubt_gives_a_token_that_works(
    *, is_written: bool, remembers_tokens: bool
) -> None:
    world = World(remembers_tokens=remembers_tokens)
    alice = await world.identity.register(ALICE)
    world.table.fail_transactions(TableOutcomeUnknownError(), is_written=is_written)
    again = await world.identity.refresh(alice.tokens.refresh_token)
    world.clock.advance(60)
    await world.identity.refresh(again.tokens.refresh_token)


async def test_an_unreachable_store_uses_no_token_up() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    world.table.fail_transactions(TableUnavailableError())
    with pytest.raises(OutageError):
        await world.identity.refresh(alice.tokens.refresh_token)
    world.clock.advance(60)
    await world.identity.refresh(alice.tokens.refresh_token)


async def test_a_refresh_overtaken_by_a_logout_is_refused() -> None:
    world = World()
    alice = await world.identity.register(ALICE)

    async def logs_out() -> None:
        await world.process().logout(alice.viewer)

    world.table.before_transactions.append(logs_out)
    assert await codes_of(world.identity.refresh(alice.tokens.refresh_token)) == EXPIRED
    assert await world.sessions.of_user(alice.user.id) == ()


async def test_a_session_goes_on_under_a_new_secret() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    later = world.process((NEW_SECRET, *SECRETS))
    again = await later.refresh(alice.tokens.refresh_token)
    only_new = world.process((NEW_SECRET,))
    await only_new.refresh(again.tokens.refresh_token)


async def test_a_lost_answer_is_given_again_under_the_secret_that_made_it() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    first = await world.identity.refresh(alice.tokens.refresh_token)
    again = await world.process((NEW_SECRET, *SECRETS)).refresh(alice.tokens.refresh_token)
    assert again.tokens.refresh_token == first.tokens.refresh_token


async def test_a_lost_answer_that_cannot_be_made_again_ends_nothing() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    first = await world.identity.refresh(alice.tokens.refresh_token)
    without_it = world.process((NEW_SECRET,))
    assert await codes_of(without_it.refresh(alice.tokens.refresh_token)) == EXPIRED
    await without_it.refresh(first.tokens.refresh_token)


async def test_a_refresh_overtaken_too_often_is_a_conflict() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    world.table.overtaken = TRIES_MAX
    assert await codes_of(world.identity.refresh(alice.tokens.refresh_token)) == ["CONFLICT"]


async def test_the_session_of_an_erased_user_is_over() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    await world.table.transact([Delete(user_key(alice.user.id))], token=world.ids.token())
    assert await codes_of(world.identity.refresh(alice.tokens.refresh_token)) == EXPIRED


async def test_a_session_without_an_account_is_over() -> None:
    world = World()
    alice = await world.identity.register(ALICE)
    item = user_account_item(alice.viewer.user_id, alice.viewer.account_id)
    await world.table.transact([Delete(item.key)], token=world.ids.token())
    assert await codes_of(world.process().refresh(alice.tokens.refresh_token)) == EXPIRED
    assert not await is_live(world.process(), alice.tokens.access_token)
