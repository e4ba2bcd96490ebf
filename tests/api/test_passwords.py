"""Changing one's password."""

from typing import Any

import pytest

from tests.api.test_sessions import codes, is_live, login
from tests.api.world import PASSWORD, Session, World

NEW_PASSWORD = "Battery_Staple_8"

CHANGE = """
mutation ($current: String!, $new: String!) {
  changePassword(input: {currentPassword: $current, newPassword: $new}) {
    success errors { code path message }
  }
}"""


async def change(world: World, session: Session | None, current: str, new: str) -> Any:
    return await world.run(CHANGE, {"current": current, "new": new}, as_=session)


async def test_a_new_password_ends_every_other_session(world: World) -> None:
    alice = await world.register()
    other = (await login(world, "alice_01"))["session"]
    answer = await change(world, alice, PASSWORD, NEW_PASSWORD)
    assert answer["changePassword"] == {"success": True, "errors": []}
    assert await is_live(world, alice.access_token)
    assert not await is_live(world, other["accessToken"])
    assert codes(await login(world, "alice_01", PASSWORD)) == ["INVALID_CREDENTIALS"]
    assert codes(await login(world, "alice_01", NEW_PASSWORD)) == []


@pytest.mark.parametrize(
    ("current", "new", "code", "field"),
    [
        ("wrong", NEW_PASSWORD, "INVALID_CREDENTIALS", "currentPassword"),
        (PASSWORD, "short", "INVALID_INPUT", "newPassword"),
    ],
)
async def test_a_password_that_is_not_changed_says_why(
    world: World, current: str, new: str, code: str, field: str
) -> None:
    alice = await world.register()
    before = world.stored()
    payload = (await change(world, alice, current, new))["changePassword"]
    assert payload["success"] is False
    assert {error["code"] for error in payload["errors"]} == {code}
    assert {tuple(error["path"]) for error in payload["errors"]} == {("input", field)}
    assert PASSWORD not in str(payload)
    assert world.stored() == before


async def test_guesses_at_the_current_password_lock_out(world: World) -> None:
    alice = await world.register()
    for _ in range(5):
        await change(world, alice, "wrong", NEW_PASSWORD)
    payload = (await change(world, alice, PASSWORD, NEW_PASSWORD))["changePassword"]
    assert (payload["success"], codes(payload)) == (False, ["LOCKED_OUT"])


async def test_a_stranger_changes_no_password(world: World) -> None:
    answer = await change(world, None, PASSWORD, NEW_PASSWORD)
    assert answer.data == {"changePassword": None}
    assert answer.codes == ["UNAUTHENTICATED"]
