"""What is remembered of sign-ins, refusals and money: by ids alone, and without a secret."""

import pytest

from domain.ports.audit_trail import AuditAction, AuditEvent, AuditReason
from domain.sessions import SESSIONS_PER_USER_MAX, NotAuthenticatedError
from tests.domain.identity_world import (
    ALICE,
    ANOTHER_PASSWORD,
    ELSEWHERE,
    HOME,
    PASSWORD,
    World,
    codes_of,
)
from tests.domain.ledger_world import ACCOUNT, USER
from tests.domain.ledger_world import World as LedgerWorld
from tests.domain.noted_audit import NotedAudit


@pytest.fixture
def audit() -> NotedAudit:
    return NotedAudit()


@pytest.fixture
def world(audit: NotedAudit) -> World:
    return World(audit=audit)


async def test_a_registration_a_login_and_a_logout(world: World, audit: NotedAudit) -> None:
    registered = (await world.identity.register(ALICE)).viewer
    viewer = (await world.identity.login("alice_01", PASSWORD, address=HOME)).viewer
    await world.identity.logout(viewer)

    user_id = registered.user_id
    assert audit.events == [
        AuditEvent(
            action=AuditAction.REGISTERED, user_id=user_id, session_id=registered.session_id
        ),
        AuditEvent(action=AuditAction.LOGGED_IN, user_id=user_id, session_id=viewer.session_id),
        AuditEvent(
            action=AuditAction.SESSION_ENDED,
            user_id=user_id,
            session_id=viewer.session_id,
            reason=AuditReason.LOGOUT,
        ),
    ]


async def test_failed_logins_and_the_lock_out(world: World, audit: NotedAudit) -> None:
    user_id = (await world.identity.register(ALICE)).viewer.user_id
    audit.events.clear()
    for _ in range(5):
        await codes_of(world.identity.login("alice_01", "wrong", address=HOME))
    await codes_of(world.identity.login("alice_01", PASSWORD, address=ELSEWHERE))

    failed = AuditEvent(action=AuditAction.LOGIN_FAILED, user_id=user_id)
    assert audit.events == [failed] * 5 + [AuditEvent(action=AuditAction.LOCKED_OUT)]


async def test_a_failed_login_of_nobody_names_nobody(world: World, audit: NotedAudit) -> None:
    await codes_of(world.identity.login("who_is_it", PASSWORD, address=HOME))

    assert audit.events == [AuditEvent(action=AuditAction.LOGIN_FAILED)]


async def test_a_changed_password_and_the_sessions_that_it_ends(
    world: World, audit: NotedAudit
) -> None:
    other = (await world.identity.register(ALICE)).viewer
    viewer = (await world.identity.login("alice_01", PASSWORD, address=HOME)).viewer
    audit.events.clear()
    await world.identity.change_password(
        viewer, current=PASSWORD, new=ANOTHER_PASSWORD, address=HOME
    )

    assert audit.events == [
        AuditEvent(
            action=AuditAction.PASSWORD_CHANGED,
            user_id=viewer.user_id,
            session_id=viewer.session_id,
        ),
        AuditEvent(
            action=AuditAction.SESSION_ENDED,
            user_id=viewer.user_id,
            session_id=other.session_id,
            reason=AuditReason.PASSWORD,
        ),
    ]


async def test_a_refresh_token_used_again(world: World, audit: NotedAudit) -> None:
    alice = await world.identity.register(ALICE)
    await world.identity.refresh(alice.tokens.refresh_token)
    world.clock.advance(11)
    audit.events.clear()
    await codes_of(world.identity.refresh(alice.tokens.refresh_token))

    reused, ended = audit.events
    assert reused.action is AuditAction.REFRESH_REUSED
    assert (ended.action, ended.reason) == (AuditAction.SESSION_ENDED, AuditReason.REUSE)
    assert reused.session_id == ended.session_id == alice.viewer.session_id


async def test_the_session_that_a_new_one_drives_out(world: World, audit: NotedAudit) -> None:
    first = (await world.identity.register(ALICE)).viewer
    for _ in range(SESSIONS_PER_USER_MAX):
        world.clock.advance(1)
        await world.identity.login("alice_01", PASSWORD, address=HOME)

    assert audit.events[-1] == AuditEvent(
        action=AuditAction.SESSION_ENDED,
        user_id=first.user_id,
        session_id=first.session_id,
        reason=AuditReason.SURPLUS,
    )


async def test_tokens_that_open_nothing(world: World, audit: NotedAudit) -> None:
    alice = await world.identity.register(ALICE)
    bob = (await world.identity.login("alice_01", PASSWORD, address=HOME)).tokens.access_token
    await world.identity.logout(alice.viewer)
    audit.events.clear()
    for token, seconds in ((alice.tokens.access_token, 0), ("eyJ.eyJ.x", 0), (bob, 3600)):
        world.clock.advance(seconds)
        with pytest.raises(NotAuthenticatedError):
            await world.identity.authenticate(token)

    assert audit.events == [
        AuditEvent(
            action=AuditAction.ACCESS_REFUSED,
            user_id=alice.viewer.user_id,
            session_id=alice.viewer.session_id,
            reason=AuditReason.REVOKED,
        ),
        AuditEvent(action=AuditAction.ACCESS_REFUSED, reason=AuditReason.INVALID),
        AuditEvent(action=AuditAction.ACCESS_REFUSED, reason=AuditReason.EXPIRED),
    ]


async def test_money_that_moved_and_none_that_did_not() -> None:
    world = await LedgerWorld().open("100")
    await world.deposit("5", key="again")
    await world.deposit("5", key="again")
    await world.withdraw("1000")

    assert world.audit.events == [
        AuditEvent(
            action=AuditAction.MONEY_MOVED,
            user_id=USER,
            account_id=ACCOUNT,
            version=version,
            kind="DEPOSIT",
        )
        for version in (1, 2)
    ]
