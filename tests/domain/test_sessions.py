"""Refresh tokens take turns: what each of them opens, and when."""

from datetime import timedelta

from domain.ids import SessionId, UserId
from domain.sessions import (
    REFRESH_GRACE,
    REFRESH_TOKEN_LIFETIME,
    SESSIONS_PER_USER_MAX,
    Session,
    Turn,
    is_live,
    opened,
    rotated,
    surplus,
    turn,
)
from tests.domain.identity_world import NOW

SECOND = timedelta(seconds=1)
FIRST, NEXT, THIRD = b"first", b"next", b"third"


def a_session(number: int = 1) -> Session:
    at = NOW + number * SECOND
    return opened(SessionId(f"ses_{number}"), UserId("usr_1"), FIRST, at)


def test_the_current_token_lets_the_next_take_its_place() -> None:
    assert turn(a_session(), FIRST, NOW, is_genuine=True) is Turn.ROTATE


def test_a_rotation_gives_another_30_days() -> None:
    session = rotated(a_session(), NEXT, NOW + SECOND * 60)
    assert session.expires_at == NOW + SECOND * 60 + REFRESH_TOKEN_LIFETIME
    assert (session.generation, session.refresh_hash) == (2, NEXT)
    assert session.previous_refresh_hash == FIRST


def test_the_previous_token_works_again_within_the_grace() -> None:
    session = rotated(a_session(), NEXT, NOW)
    assert turn(session, FIRST, NOW, is_genuine=True) is Turn.REPEAT
    assert turn(session, FIRST, NOW + REFRESH_GRACE, is_genuine=True) is Turn.REPEAT


def test_a_clock_behind_the_one_that_rotated_still_grants_the_grace() -> None:
    session = rotated(a_session(), NEXT, NOW)
    assert turn(session, FIRST, NOW - SECOND, is_genuine=True) is Turn.REPEAT


def test_the_previous_token_after_the_grace_ends_the_session() -> None:
    session = rotated(a_session(), NEXT, NOW)
    late = NOW + REFRESH_GRACE + timedelta(milliseconds=1)
    assert turn(session, FIRST, late, is_genuine=True) is Turn.END


def test_an_older_token_ends_the_session_even_within_the_grace() -> None:
    session = rotated(rotated(a_session(), NEXT, NOW), THIRD, NOW)
    assert turn(session, FIRST, NOW, is_genuine=True) is Turn.END


def test_a_made_up_token_ends_nothing() -> None:
    session = rotated(a_session(), NEXT, NOW)
    assert turn(session, b"made up", NOW, is_genuine=False) is Turn.REFUSE
    assert turn(a_session(), b"made up", NOW, is_genuine=False) is Turn.REFUSE


def test_no_token_opens_a_session_that_has_ended() -> None:
    assert turn(None, FIRST, NOW, is_genuine=True) is Turn.REFUSE


def test_no_token_opens_a_session_that_has_expired() -> None:
    session = a_session()
    assert is_live(session, session.expires_at - SECOND)
    assert not is_live(session, session.expires_at)
    assert turn(session, FIRST, session.expires_at, is_genuine=True) is Turn.REFUSE


def test_no_session_must_end_while_there_is_room() -> None:
    assert surplus(tuple(map(a_session, range(SESSIONS_PER_USER_MAX - 1)))) == ()


def test_the_oldest_session_ends_so_that_one_more_fits() -> None:
    sessions = tuple(map(a_session, reversed(range(SESSIONS_PER_USER_MAX))))
    assert surplus(sessions) == (SessionId("ses_0"),)


def test_no_hash_shows_in_a_representation() -> None:
    assert "first" not in repr(a_session())
