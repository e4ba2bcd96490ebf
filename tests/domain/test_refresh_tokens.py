"""Refresh tokens are derived: the same ones again, and nobody else's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import SessionId, UserId, ulid_text
from domain.refresh_tokens import RefreshTokens

USER = UserId("usr_" + ulid_text(1, 1))
SESSION = SessionId("ses_" + ulid_text(1, 2))
OLD, NEW = b"o" * 32, b"n" * 32


def test_a_generation_has_the_same_token_each_time() -> None:
    tokens = RefreshTokens((NEW,))
    assert tokens.made(USER, SESSION, 1) == tokens.made(USER, SESSION, 1)
    assert tokens.made(USER, SESSION, 1) != tokens.made(USER, SESSION, 2)


def test_a_token_is_read_back_as_it_was_made() -> None:
    made = RefreshTokens((NEW,)).made(USER, SESSION, 12)
    read = RefreshTokens((NEW,)).read(made.text)
    assert read == made
    assert read is not None
    assert read.hash == made.hash


def test_only_the_holder_of_the_secret_makes_genuine_tokens() -> None:
    made = RefreshTokens((OLD,)).made(USER, SESSION, 1)
    assert RefreshTokens((OLD,)).is_genuine(made)
    assert not RefreshTokens((NEW,)).is_genuine(made)


def test_a_token_of_an_older_secret_is_genuine_while_that_secret_is_known() -> None:
    made = RefreshTokens((OLD,)).made(USER, SESSION, 1)
    assert RefreshTokens((NEW, OLD)).is_genuine(made)
    assert RefreshTokens((NEW, OLD)).made_again(USER, SESSION, 1, made.hash) == made
    assert RefreshTokens((NEW,)).made_again(USER, SESSION, 1, made.hash) is None


def test_no_token_shows_in_a_representation() -> None:
    made = RefreshTokens((NEW,)).made(USER, SESSION, 1)
    assert made.text not in repr(made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        f"{USER}.{SESSION}.1",
        f"{USER}.{SESSION}.0.{'a' * 43}",
        f"{USER}.{SESSION}.01.{'a' * 43}",
        f"{USER}.{SESSION}.{'9' * 10}.{'a' * 43}",
        f"{USER}.{SESSION}.1.{'a' * 42}",
        f"{USER}.{SESSION}.1.{'a' * 43}\n",
        f"{USER}.{SESSION}.1.{'a' * 42}=",
        f"{USER}.{SESSION}.\u0661.{'a' * 43}",
        f"{USER}\x00.{SESSION}.1.{'a' * 43}",
    ],
)
def test_what_looks_like_no_token_is_none(text: str) -> None:
    assert RefreshTokens((NEW,)).read(text) is None


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_read(text: str) -> None:
    assert RefreshTokens((NEW,)).read(text) is None
