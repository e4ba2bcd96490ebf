"""Becoming a user, signing in, staying signed in, and signing out."""

from typing import Any

import pytest

from tests.api.world import HOME, PASSWORD, REGISTER, World

LOGIN = """
mutation ($username: String!, $password: String!) {
  login(input: {username: $username, password: $password}) {
    user { id username account { id version } }
    session { accessToken tokenType expiresIn refreshToken refreshExpiresIn }
    errors { __typename code message path }
  }
}"""
REFRESH = """
mutation ($token: String!) {
  refreshSession(input: {refreshToken: $token}) {
    user { id }
    session { accessToken refreshToken }
    errors { code path }
  }
}"""
LOGOUT = "mutation { logout { success errors { code } } }"
ME = "{ me { id } }"


async def login(world: World, username: str, password: str = PASSWORD, **from_: str) -> Any:
    typed = {"username": username, "password": password}
    return (await world.run(LOGIN, typed, **from_))["login"]


async def is_live(world: World, token: str) -> bool:
    return (await world.run(ME, as_=token)).errors == []


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["errors"]]


async def test_who_registers_is_signed_in_with_an_empty_account(world: World) -> None:
    text = """
    mutation ($input: RegisterInput!) {
      register(input: $input) {
        user {
          username email firstName lastName phone dateOfBirth marketingConsent createdAt updatedAt
          account { version cash availableCash heldCash createdAt }
        }
        session { accessToken tokenType expiresIn refreshExpiresIn }
        errors { code }
      }
    }"""
    typed = {
        "username": "Alice_01",
        "email": "Alice@Example.com",
        "password": PASSWORD,
        "firstName": "Alice",
        "lastName": "O'Neil",
        "phone": "+49 30 1234567",
        "dateOfBirth": "1990-05-04",
        "marketingConsent": True,
    }
    payload = (await world.run(text, {"input": typed}))["register"]
    now = "2026-03-01T12:00:00.000Z"
    assert payload["user"] == {
        "username": "Alice_01",
        "email": "Alice@Example.com",
        "firstName": "Alice",
        "lastName": "O'Neil",
        "phone": "+49301234567",
        "dateOfBirth": "1990-05-04",
        "marketingConsent": True,
        "createdAt": now,
        "updatedAt": now,
        "account": {
            "version": 0,
            "cash": "0.00",
            "availableCash": "0.00",
            "heldCash": "0.00",
            "createdAt": now,
        },
    }
    session = payload["session"]
    assert (session["tokenType"], session["expiresIn"]) == ("Bearer", 3600)
    assert session["refreshExpiresIn"] == 30 * 24 * 3600
    assert await is_live(world, session["accessToken"])


async def test_a_null_consent_is_none(world: World) -> None:
    alice = await world.register(marketingConsent=None, phone=None, dateOfBirth=None)
    answer = await world.run("{ me { marketingConsent phone dateOfBirth } }", as_=alice)
    assert answer["me"] == {"marketingConsent": False, "phone": None, "dateOfBirth": None}


async def test_every_problem_of_a_registration_is_told_at_its_field(world: World) -> None:
    typed = {
        "username": "al",
        "email": "nowhere",
        "password": "short",
        "firstName": "",
        "lastName": "L1",
        "phone": "12",
        "dateOfBirth": "2026-01-01",
    }
    before = world.stored()
    payload = (await world.run(REGISTER, {"input": typed}))["register"]
    assert (payload["user"], payload["session"]) == (None, None)
    assert {tuple(error["path"]) for error in payload["errors"]} == {
        ("input", name) for name in typed
    }
    assert set(codes(payload)) == {"INVALID_INPUT"}
    assert world.stored() == before


async def test_username_and_email_belong_to_one_user_in_any_letter_case(world: World) -> None:
    await world.register("alice_01")
    before = world.stored()
    typed = {
        "username": "ALICE_01",
        "email": "ALICE_01@example.COM",
        "password": PASSWORD,
        "firstName": "A",
        "lastName": "B",
    }
    payload = (await world.run(REGISTER, {"input": typed}))["register"]
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [
        ("USERNAME_TAKEN", ["input", "username"]),
        ("EMAIL_TAKEN", ["input", "email"]),
    ]
    assert world.stored() == before


async def test_who_knows_the_password_signs_in_in_any_letter_case(world: World) -> None:
    alice = await world.register()
    payload = await login(world, "ALICE_01")
    assert payload["user"] == {
        "id": alice.user_id,
        "username": "alice_01",
        "account": {"id": alice.account_id, "version": 0},
    }
    assert payload["errors"] == []
    assert await is_live(world, payload["session"]["accessToken"])


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("alice_01", "wrong"),
        ("nobody_1", PASSWORD),
        ("аlice_01", PASSWORD),  # noqa: RUF001 - a Cyrillic letter
        ("ａlice_01", PASSWORD),  # noqa: RUF001 - a full-width letter
        ("alice_01\x00", PASSWORD),
        ("", ""),
        ("x" * 10_000, "y" * 10_000),
    ],
)
async def test_a_failed_login_never_says_what_was_wrong(
    world: World, username: str, password: str
) -> None:
    await world.register()
    payload = await login(world, username, password)
    assert payload == {
        "user": None,
        "session": None,
        "errors": [
            {
                "__typename": "RefusedError",
                "code": "INVALID_CREDENTIALS",
                "message": "The username or the password is wrong.",
                "path": [],
            }
        ],
    }


async def test_five_failures_lock_a_username_out_for_five_minutes(world: World) -> None:
    await world.register()
    for number in range(5):
        await login(world, "alice_01", "wrong", address=f"192.0.2.{number}")
    assert codes(await login(world, "alice_01")) == ["LOCKED_OUT"]
    world.clock.advance(301)
    assert codes(await login(world, "alice_01")) == []


async def test_five_failures_lock_an_address_out_and_no_other(world: World) -> None:
    await world.register()
    for number in range(5):
        await login(world, f"nobody_{number}", address=HOME)
    assert codes(await login(world, "alice_01", address=HOME)) == ["LOCKED_OUT"]
    assert codes(await login(world, "alice_01", address="198.51.100.9")) == []


async def test_a_session_goes_on_with_new_tokens(world: World) -> None:
    alice = await world.register()
    payload = (await world.run(REFRESH, {"token": alice.refresh_token}))["refreshSession"]
    assert (payload["user"], payload["errors"]) == ({"id": alice.user_id}, [])
    assert payload["session"]["refreshToken"] != alice.refresh_token
    assert await is_live(world, payload["session"]["accessToken"])


async def test_a_refresh_token_that_comes_back_ends_its_session(world: World) -> None:
    alice = await world.register()
    first = (await world.run(REFRESH, {"token": alice.refresh_token}))["refreshSession"]
    world.clock.advance(11)
    again = (await world.run(REFRESH, {"token": alice.refresh_token}))["refreshSession"]
    assert (again["session"], codes(again)) == (None, ["SESSION_EXPIRED"])
    assert not await is_live(world, first["session"]["accessToken"])


@pytest.mark.parametrize("token", ["", "x", "\x00", "x" * 10_000, "usr_1.ses_1.1.x"])
async def test_what_is_no_refresh_token_opens_nothing(world: World, token: str) -> None:
    before = world.stored()
    payload = (await world.run(REFRESH, {"token": token}))["refreshSession"]
    assert payload["errors"] == [{"code": "SESSION_EXPIRED", "path": ["input", "refreshToken"]}]
    assert world.stored() == before


async def test_who_signs_out_is_out_at_once_with_both_tokens(world: World) -> None:
    alice = await world.register()
    other = (await login(world, "alice_01"))["session"]
    assert (await world.run(LOGOUT, as_=alice))["logout"] == {"success": True, "errors": []}
    answer = await world.run(ME, as_=alice)
    assert answer.data == {"me": None}
    assert answer.errors[0]["extensions"] == {
        "code": "UNAUTHENTICATED",
        "reason": "REVOKED",
        "requestId": "request-7",
    }
    refreshed = (await world.run(REFRESH, {"token": alice.refresh_token}))["refreshSession"]
    assert codes(refreshed) == ["SESSION_EXPIRED"]
    assert await is_live(world, other["accessToken"])


async def test_what_follows_a_logout_in_one_document_is_a_strangers(world: World) -> None:
    alice = await world.register()
    text = """
    mutation {
      logout { success }
      deposit(input: {amount: "1"}) { account { cash } }
    }"""
    answer = await world.run(text, as_=alice)
    assert answer.data == {"logout": {"success": True}, "deposit": None}
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_what_follows_a_login_in_one_document_is_theirs(world: World) -> None:
    bob = await world.register("bobby_02")
    alice = await world.register()
    text = """
    mutation ($password: String!) {
      login(input: {username: "alice_01", password: $password}) { user { account { id } } }
      deposit(input: {amount: "1"}) { account { id } }
    }"""
    answer = await world.run(text, {"password": PASSWORD}, as_=bob)
    assert answer["login"] == {"user": {"account": {"id": alice.account_id}}}
    assert answer["deposit"] == {"account": {"id": alice.account_id}}


@pytest.mark.parametrize(
    ("token", "reason"), [(None, "MISSING"), ("nonsense", "INVALID"), ("expired", "EXPIRED")]
)
async def test_strangers_are_told_why_they_are(
    world: World, token: str | None, reason: str
) -> None:
    if token == "expired":
        token = (await world.register()).access_token
        world.clock.advance(3601)
    answer = await world.run(LOGOUT, as_=token)
    assert answer.data == {"logout": None}
    assert answer.codes == ["UNAUTHENTICATED"]
    assert answer.errors[0]["extensions"]["reason"] == reason


@pytest.mark.parametrize(
    "username",
    [
        "аlice_01",  # noqa: RUF001 - a Cyrillic letter
        "ａlice_01",  # noqa: RUF001 - a full-width letter
        "al\u0131ce_01",
        "alice\u200b01",
        "alice 01",
        "alice\x0001",
        "alice\n01",
    ],
)
async def test_a_username_that_looks_like_another_is_refused(world: World, username: str) -> None:
    await world.register("alice_01")
    before = world.stored()
    typed = {
        "username": username,
        "email": "eve@example.com",
        "password": PASSWORD,
        "firstName": "Eve",
        "lastName": "Nobody",
    }
    (error,) = (await world.run(REGISTER, {"input": typed}))["register"]["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", "username"])
    assert error["message"].isascii()
    assert world.stored() == before
