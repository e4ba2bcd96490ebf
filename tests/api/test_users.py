"""Users: seeing oneself, and changing one's profile."""

import asyncio
from typing import Any

import pytest

from tests.api.world import Session, World

ME = """
{
  me {
    id username email firstName lastName phone dateOfBirth marketingConsent createdAt updatedAt
    account { id }
  }
}"""
UPDATE = """
mutation ($input: UpdateProfileInput!) {
  updateProfile(input: $input) {
    user { id email firstName lastName phone dateOfBirth marketingConsent updatedAt }
    errors { __typename code message path }
  }
}"""


async def update(world: World, session: Session | None, **change: Any) -> Any:
    return await world.run(UPDATE, {"input": change}, as_=session)


async def test_a_user_sees_only_itself(world: World) -> None:
    alice, bob = await world.register(), await world.register("bobby_02")
    for session in (alice, bob):
        me = (await world.run(ME, as_=session))["me"]
        assert (me["id"], me["username"]) == (session.user_id, session.username)
        assert me["account"] == {"id": session.account_id}


async def test_a_stranger_sees_nobody_and_still_gets_what_is_public(world: World) -> None:
    answer = await world.run("{ me { id } tradingRules { marketSource } }")
    assert answer.data == {"me": None, "tradingRules": {"marketSource": "test"}}
    assert answer.codes == ["UNAUTHENTICATED"]
    assert answer.errors[0]["path"] == ["me"]


async def test_what_is_absent_stays_and_what_is_given_changes(world: World) -> None:
    alice = await world.register(phone="0301234567", dateOfBirth="1990-05-04")
    world.clock.advance(60)
    payload = (await update(world, alice, firstName="Alicia", marketingConsent=True))[
        "updateProfile"
    ]
    assert payload == {
        "user": {
            "id": alice.user_id,
            "email": "alice_01@example.com",
            "firstName": "Alicia",
            "lastName": "Liddell",
            "phone": "0301234567",
            "dateOfBirth": "1990-05-04",
            "marketingConsent": True,
            "updatedAt": "2026-03-01T12:01:00.000Z",
        },
        "errors": [],
    }
    me = (await world.run(ME, as_=alice))["me"]
    assert me["firstName"] == "Alicia"


async def test_null_clears_phone_and_birth_date(world: World) -> None:
    alice = await world.register(phone="0301234567", dateOfBirth="1990-05-04")
    payload = (await update(world, alice, phone=None, dateOfBirth=None))["updateProfile"]
    assert (payload["user"]["phone"], payload["user"]["dateOfBirth"]) == (None, None)


@pytest.mark.parametrize("field", ["email", "firstName", "lastName", "marketingConsent"])
async def test_null_is_refused_elsewhere(world: World, field: str) -> None:
    alice = await world.register()
    before = world.stored()
    payload = (await update(world, alice, **{field: None}))["updateProfile"]
    assert payload["user"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [
        ("INVALID_INPUT", ["input", field])
    ]
    assert world.stored() == before


async def test_an_address_of_somebody_else_is_taken(world: World) -> None:
    alice = await world.register()
    await world.register("bobby_02")
    before = world.stored()
    payload = (await update(world, alice, email="BOBBY_02@example.com"))["updateProfile"]
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [
        ("EMAIL_TAKEN", ["input", "email"])
    ]
    assert world.stored() == before


async def test_keeping_ones_own_address_is_no_conflict(world: World) -> None:
    alice = await world.register()
    payload = (await update(world, alice, email="Alice_01@Example.com"))["updateProfile"]
    assert (payload["user"]["email"], payload["errors"]) == ("Alice_01@Example.com", [])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "not an address"),
        ("email", "аlice@example.com"),  # noqa: RUF001 - a Cyrillic letter
        ("firstName", "Al\x00ice"),
        ("firstName", "Al\u202eice"),
        ("lastName", "x" * 10_000),
        ("phone", "١٢٣٤٥٦٧٨٩٠"),
        ("dateOfBirth", "1890-01-01"),
        ("dateOfBirth", "2020-01-01"),
    ],
)
async def test_a_bad_detail_is_refused_at_its_field(world: World, field: str, value: str) -> None:
    alice = await world.register()
    before = world.stored()
    payload = (await update(world, alice, **{field: value}))["updateProfile"]
    assert [(error["__typename"], error["path"]) for error in payload["errors"]] == [
        ("InputError", ["input", field])
    ]
    assert world.stored() == before


async def test_a_stranger_changes_nothing(world: World) -> None:
    answer = await update(world, None, firstName="Eve")
    assert answer.data == {"updateProfile": None}
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_changes_at_once_all_count(world: World) -> None:
    alice = await world.register()
    await asyncio.gather(
        update(world, alice, firstName="Alicia"),
        update(world, alice, lastName="Hargreaves"),
        update(world, alice, phone="0301234567"),
    )
    me = (await world.run(ME, as_=alice))["me"]
    assert (me["firstName"], me["lastName"], me["phone"]) == (
        "Alicia",
        "Hargreaves",
        "0301234567",
    )
