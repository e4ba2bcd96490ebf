"""Users and sessions on the table, on every engine: whole or not at all, and nobody twice."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.account_items import account_key, account_of
from adapters.identity_items import session_key
from adapters.session_store import SessionTable
from adapters.table import Table
from adapters.user_store import UserTable
from domain.accounts import opened as opened_account
from domain.ids import AccountId, SessionId, UserId, ulid_text
from domain.ports.identity import ClaimTakenError, SessionChangedError, UserChangedError
from domain.sessions import REFRESH_TOKEN_LIFETIME, Session, opened, rotated
from domain.users import User, registered
from tests.adapters.conftest import WallClock
from tests.domain.identity_world import ALICE, CountingIds

NOW = datetime.fromtimestamp(WallClock().now_s, UTC)
FULL = replace(
    ALICE,
    first_name="Zo\u00eb",
    phone="+14155550132",
    date_of_birth=date(1990, 5, 17),
    marketing_consent=True,
)
IDS = CountingIds()


def user_id(number: int) -> UserId:
    return UserId("usr_" + ulid_text(number, 0))


def account_id(number: int) -> AccountId:
    return AccountId("acc_" + ulid_text(number, 0))


def a_session(number: int = 1, of: int = 1) -> Session:
    return opened(SessionId("ses_" + ulid_text(number, 0)), user_id(of), b"h" * 32, NOW)


def a_user(number: int = 1) -> User:
    typed = replace(FULL, username=f"Alice_{number}", email=f"Alice{number}@Example.com")
    return registered(user_id(number), typed, "hash", NOW)


async def add(table: Table, user: User, number: int = 1) -> User:
    account = opened_account(account_id(number), NOW)
    await UserTable(table).add(user, account, a_session(number, number), token=IDS.token())
    return user


async def save(table: Table, user: User, was: User, *ending: SessionId) -> None:
    await UserTable(table).save(user, was=was, ending=ending, token=IDS.token())


async def open_session(table: Table, session: Session, was: User, *ending: SessionId) -> User:
    user = replace(was, version=was.version + 1)
    sessions = SessionTable(table)
    await sessions.open(session, user=user, was=was, ending=ending, token=IDS.token())
    return user


async def test_a_user_is_read_back_as_written(table: Table) -> None:
    user = await add(table, a_user())
    users = UserTable(table)
    assert await users.get(user.id) == user
    assert await users.by_username("alice_1") == user
    assert await users.get_many([user.id, user_id(9)]) == {user.id: user}
    assert await users.account_id(user.id) == account_id(1)
    assert await SessionTable(table).of_user(user.id) == (a_session(),)
    stored = await table.get(account_key(account_id(1)))
    assert stored is not None
    assert account_of(stored) == opened_account(account_id(1), NOW)


async def test_what_was_left_out_is_read_back_as_none(table: Table) -> None:
    user = await add(table, replace(a_user(), phone=None, date_of_birth=None))
    assert await UserTable(table).get(user.id) == user


async def test_nobody_is_found_where_nobody_is(table: Table) -> None:
    users = UserTable(table)
    assert await users.get(user_id(1)) is None
    assert await users.by_username("alice_1") is None
    assert await users.get_many([]) == {}
    assert await users.account_id(user_id(1)) is None
    assert await SessionTable(table).get(user_id(1), a_session().id) is None
    assert await SessionTable(table).of_user(user_id(1)) == ()


async def test_claims_say_all_that_is_taken_and_leave_nothing_behind(table: Table) -> None:
    await add(table, a_user(1))
    twin = replace(a_user(2), username="ALICE_1", email="ALICE1@example.com")
    with pytest.raises(ClaimTakenError) as refused:
        await add(table, twin, 2)
    assert (refused.value.username, refused.value.email) == (True, True)
    with pytest.raises(ClaimTakenError) as refused:
        await add(table, replace(twin, username="Alice_2"), 2)
    assert (refused.value.username, refused.value.email) == (False, True)
    await add(table, a_user(2), 2)


async def test_of_users_added_at_once_under_one_name_exactly_one_is(table: Table) -> None:
    users = [replace(a_user(number), username="Alice_0") for number in range(1, 9)]
    told = await asyncio.gather(
        *(add(table, user, number) for number, user in enumerate(users, start=1)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in told) == ["ClaimTakenError"] * 7 + ["User"]


async def test_a_save_passes_only_over_the_version_that_was_read(table: Table) -> None:
    was = await add(table, a_user())
    after = replace(was, first_name="Al", version=2)
    await save(table, after, was)
    with pytest.raises(UserChangedError):
        await save(table, replace(was, first_name="Bo", version=2), was)
    assert await UserTable(table).get(was.id) == after


async def test_a_new_address_moves_the_claim(table: Table) -> None:
    was = await add(table, a_user())
    await save(table, replace(was, email="new@example.com", version=2), was)
    taken = replace(a_user(2), email="NEW@example.com")
    with pytest.raises(ClaimTakenError):
        await add(table, taken, 2)
    await add(table, replace(taken, email=was.email), 2)


async def test_a_taken_address_changes_nothing(table: Table) -> None:
    was = await add(table, a_user(1), 1)
    await add(table, a_user(2), 2)
    with pytest.raises(ClaimTakenError) as refused:
        await save(table, replace(was, email="alice2@example.com", version=2), was)
    assert refused.value.email
    assert await UserTable(table).get(was.id) == was


async def test_who_was_overtaken_hears_that_before_anything_else(table: Table) -> None:
    was = await add(table, a_user(1), 1)
    after = replace(was, email="new@example.com", version=2)
    await save(table, after, was)
    with pytest.raises(UserChangedError):
        await save(table, after, was)


async def test_sessions_end_in_the_same_step_as_the_user_changes(table: Table) -> None:
    was = await add(table, a_user())
    user = await open_session(table, a_session(2), was)
    await save(table, replace(user, version=3), user, a_session(1).id)
    assert await SessionTable(table).of_user(was.id) == (a_session(2),)


async def test_a_session_opens_only_over_the_version_that_was_read(table: Table) -> None:
    was = await add(table, a_user())
    await save(table, replace(was, version=2), was)
    with pytest.raises(UserChangedError):
        await open_session(table, a_session(2), was)
    assert await SessionTable(table).of_user(was.id) == (a_session(1),)


async def test_opening_a_session_ends_those_that_it_replaces(table: Table) -> None:
    was = await add(table, a_user())
    await open_session(table, a_session(2), was, a_session(1).id)
    assert await SessionTable(table).of_user(was.id) == (a_session(2),)


async def test_a_rotation_passes_only_over_the_generation_that_was_read(table: Table) -> None:
    await add(table, a_user())
    sessions, was = SessionTable(table), a_session()
    after = rotated(was, b"n" * 32, NOW + timedelta(seconds=1))
    await sessions.rotate(after, was=was, token=IDS.token())
    with pytest.raises(SessionChangedError):
        await sessions.rotate(rotated(was, b"x" * 32, NOW), was=was, token=IDS.token())
    assert await sessions.get(was.user_id, was.id) == after


async def test_a_session_that_has_ended_never_comes_back(table: Table) -> None:
    await add(table, a_user())
    sessions, was = SessionTable(table), a_session()
    await sessions.end(was.user_id, was.id, token=IDS.token())
    await sessions.end(was.user_id, was.id, token=IDS.token())
    with pytest.raises(SessionChangedError):
        await sessions.rotate(rotated(was, b"n" * 32, NOW), was=was, token=IDS.token())
    assert await sessions.get(was.user_id, was.id) is None


async def test_a_session_expires_by_itself_and_never_early(
    table: Table, wall_clock: WallClock
) -> None:
    await add(table, a_user())
    session = a_session()
    wall_clock.now_s += REFRESH_TOKEN_LIFETIME.total_seconds() - 0.5
    assert await SessionTable(table).get(session.user_id, session.id) == session
    wall_clock.now_s += 0.5
    assert await table.get(session_key(session.user_id, session.id)) is None


async def test_an_account_is_learnt_once_and_within_bounds(table: Table) -> None:
    for number in range(1, 4):
        await add(table, a_user(number), number)
    users = UserTable(table, account_ids_max=2)
    for number in (1, 2, 3, 3):
        assert await users.account_id(user_id(number)) == account_id(number)
    assert list(users._account_ids) == [user_id(2), user_id(3)]
