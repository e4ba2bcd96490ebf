"""Access tokens: ours are read, and whatever else is shown is refused in one way."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.access_tokens import JwtAccessTokens
from adapters.jwt_secrets import JwtSecret
from adapters.system_ids import SystemIds
from domain.ids import SessionId, UserId, ulid_text
from domain.ports.identity import AccessClaims
from domain.sessions import NotAuthenticatedError, NotAuthenticatedReason
from tests.domain.identity_world import NOW

USER = UserId("usr_" + ulid_text(1, 1))
SESSION = SessionId("ses_" + ulid_text(1, 2))
OURS = JwtSecret("one", b"1" * 32)
NEXT = JwtSecret("two", b"2" * 32)
HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=1)


def tokens(*secrets: JwtSecret) -> JwtAccessTokens:
    return JwtAccessTokens(secrets or (OURS,), SystemIds())


def good_claims() -> dict[str, Any]:
    now_s = int(NOW.timestamp())
    return {
        "sub": USER,
        "sid": SESSION,
        "iat": now_s,
        "exp": now_s + 3600,
        "type": "access",
        "jti": "0" * 32,
        "iss": "cnop",
        "aud": "cnop-api",
    }


def signed(
    claims: dict[str, Any],
    *,
    key: Any = OURS.secret,
    algorithm: str = "HS256",
    kid: Any = "one",
) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims, key, algorithm, headers=headers)


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def reason_of(reader: JwtAccessTokens, token: str) -> NotAuthenticatedReason:
    with pytest.raises(NotAuthenticatedError) as refused:
        reader.read(token, NOW)
    return refused.value.reason


def test_our_token_says_who_in_which_session_and_until_when() -> None:
    token = tokens().issue(USER, SESSION, NOW)
    assert tokens().read(token, NOW) == AccessClaims(
        user_id=USER, session_id=SESSION, expires_at=NOW + HOUR
    )


def test_our_token_carries_the_claims_of_the_contract() -> None:
    token = tokens().issue(USER, SESSION, NOW)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert len(claims.pop("jti")) == 32
    assert claims == {name: value for name, value in good_claims().items() if name != "jti"}
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", "kid": "one"}


def test_no_two_tokens_are_alike() -> None:
    assert tokens().issue(USER, SESSION, NOW) != tokens().issue(USER, SESSION, NOW)


def test_the_claims_of_these_tests_are_good_ones() -> None:
    assert tokens().read(signed(good_claims()), NOW).user_id == USER


@pytest.mark.parametrize("is_warm", [True, False])
def test_a_token_expires_after_an_hour(*, is_warm: bool) -> None:
    reader = tokens()
    token = reader.issue(USER, SESSION, NOW)
    if is_warm:
        reader.read(token, NOW)
    assert reader.read(token, NOW + HOUR - MOMENT).user_id == USER
    with pytest.raises(NotAuthenticatedError) as refused:
        reader.read(token, NOW + HOUR)
    assert refused.value.reason is NotAuthenticatedReason.EXPIRED


@pytest.mark.parametrize("claim", sorted(good_claims()))
def test_each_claim_is_needed(claim: str) -> None:
    claims = good_claims()
    del claims[claim]
    assert reason_of(tokens(), signed(claims)) is NotAuthenticatedReason.INVALID


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("type", "refresh"),
        ("type", None),
        ("iss", "somebody else"),
        ("iss", ["cnop"]),
        ("aud", "another api"),
        ("aud", ["cnop-api"]),
        ("sub", "usr_1"),
        ("sub", USER + "\n"),
        ("sid", "ses_1"),
        ("sid", 7),
        ("jti", 7),
        ("iat", "now"),
        ("iat", -1),
        ("iat", 1e18),
        ("iat", int(NOW.timestamp()) + 61),
        ("exp", "later"),
        ("exp", 10**30),
        ("exp", int(NOW.timestamp()) + 3601),
        ("exp", int(NOW.timestamp())),
        ("exp", None),
    ],
)
def test_each_claim_must_be_right_even_under_our_signature(claim: str, value: object) -> None:
    token = unchecked(good_claims() | {claim: value})
    assert reason_of(tokens(), token) is NotAuthenticatedReason.INVALID


def unchecked(claims: dict[str, Any]) -> str:
    """Sign claims that the library's own encoder refuses."""
    head = {"alg": "HS256", "typ": "JWT", "kid": "one"}
    payload = json.dumps(claims).encode()
    return jwt.api_jws.encode(payload, OURS.secret, "HS256", headers=head)


def test_a_clock_that_is_a_minute_ahead_is_forgiven() -> None:
    token = tokens().issue(USER, SESSION, NOW + timedelta(seconds=60))
    assert tokens().read(token, NOW).user_id == USER


@pytest.mark.parametrize(
    "forged",
    [
        lambda: signed(good_claims(), key=NEXT.secret),
        lambda: signed(good_claims(), key="", algorithm="none"),
        lambda: signed(good_claims(), key=b"1" * 64, algorithm="HS512"),
        lambda: signed(good_claims(), key=b"1" * 48, algorithm="HS384"),
        lambda: signed(good_claims(), kid=None),
        lambda: signed(good_claims(), kid="unknown"),
        lambda: signed(good_claims(), kid="../../dev/null"),
        lambda: f"{segment({'alg': 'none', 'kid': 'one'})}.{segment(good_claims())}.",
        lambda: f"{segment({'alg': 'HS256', 'kid': 7})}.{segment(good_claims())}.{'a' * 43}",
        lambda: f"{segment({'alg': 'HS256', 'kid': ['one']})}.{segment({})}.{'a' * 42}A",
        lambda: f"{segment(['HS256'])}.{segment(good_claims())}.{'a' * 42}A",
        lambda: f"{segment('x')[:-1]}.{segment({})}.{'a' * 42}A",
        lambda: f"{base64.urlsafe_b64encode(b'[' * 600).decode()}.e30.{'a' * 42}A",
        lambda: f"{base64.urlsafe_b64encode(bytes([255]) * 6).decode()}.e30.{'a' * 42}A",
    ],
)
def test_a_forged_token_is_refused(forged: Callable[[], str]) -> None:
    assert reason_of(tokens(), forged()) is NotAuthenticatedReason.INVALID


def test_a_token_edited_at_any_character_is_refused() -> None:
    reader = tokens()
    token = reader.issue(USER, SESSION, NOW)
    for place, character in enumerate(token):
        for other in ("A", "B", "=", ".", "\n", "\u00e9"):
            if other != character:
                edited = token[:place] + other + token[place + 1 :]
                assert reason_of(reader, edited) is NotAuthenticatedReason.INVALID


def test_a_signature_has_one_spelling() -> None:
    token = tokens().issue(USER, SESSION, NOW)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same_bits = alphabet[alphabet.index(token[-1]) ^ 1]
    for edited in (token[:-1] + same_bits, token + "=", token + " ", f"{token}\n"):
        assert reason_of(tokens(), edited) is NotAuthenticatedReason.INVALID


def test_the_first_secret_signs_and_all_verify() -> None:
    old = tokens(OURS).issue(USER, SESSION, NOW)
    rotating = tokens(NEXT, OURS)
    new = rotating.issue(USER, SESSION, NOW)
    assert jwt.get_unverified_header(new)["kid"] == "two"
    assert rotating.read(old, NOW) == rotating.read(new, NOW)
    assert reason_of(tokens(NEXT), old) is NotAuthenticatedReason.INVALID
    assert reason_of(tokens(OURS), new) is NotAuthenticatedReason.INVALID


def test_the_memory_of_verified_tokens_is_bounded() -> None:
    reader = JwtAccessTokens((OURS,), SystemIds(), verified_max=3)
    for _ in range(10):
        reader.read(reader.issue(USER, SESSION, NOW), NOW)
    assert len(reader._verified) == 3


def test_what_was_refused_is_not_remembered() -> None:
    reader = tokens()
    reason_of(reader, signed(good_claims() | {"type": "refresh"}))
    assert reader._verified == {}


def test_an_expired_token_is_forgotten() -> None:
    reader = tokens()
    token = reader.issue(USER, SESSION, NOW)
    reader.read(token, NOW)
    with pytest.raises(NotAuthenticatedError):
        reader.read(token, NOW + HOUR)
    assert reader._verified == {}


@given(st.text(st.characters(exclude_categories=())))
def test_any_other_text_is_refused(text: str) -> None:
    assert reason_of(tokens(), text) is NotAuthenticatedReason.INVALID
