"""New-year rewards: a red pocket for a listed greeting, a little surprise for any other."""

from typing import Any

import pytest

from tests.api.world import GREETING, Session, World

CLAIM = """
mutation ($phrase: String!, $key: String) {
  claimCnyReward(input: {phrase: $phrase, idempotencyKey: $key}) {
    reward { amount isRedPocket message at }
    transaction { version kind cashChange legs { account amount } }
    account { version cash depositAllowance { used } }
    replayed
    errors {
      __typename code path
      ... on LimitExceededError { unit limit used remaining resetsAt }
    }
  }
}"""


async def claim(world: World, phrase: str, session: Session | None, key: str | None = None) -> Any:
    return await world.run(CLAIM, {"phrase": phrase, "key": key}, as_=session)


async def test_a_listed_greeting_brings_a_red_pocket(world: World) -> None:
    alice = await world.register()
    payload = (await claim(world, f" {GREETING} ", alice))["claimCnyReward"]
    assert payload == {
        "reward": {
            "amount": "88.88",
            "isRedPocket": True,
            "message": "Red pocket!",
            "at": "2026-03-01T12:00:00.000Z",
        },
        "transaction": {
            "version": 1,
            "kind": "CNY_REWARD",
            "cashChange": "88.88",
            "legs": [
                {"account": "USER_AVAILABLE", "amount": "88.88"},
                {"account": "REWARDS", "amount": "-88.88"},
            ],
        },
        "account": {"version": 1, "cash": "88.88", "depositAllowance": {"used": "0.00"}},
        "replayed": False,
        "errors": [],
    }


async def test_any_other_brings_a_surprise_that_blocks_no_red_pocket(world: World) -> None:
    alice = await world.register()
    surprise = (await claim(world, "Happy new year", alice))["claimCnyReward"]
    assert surprise["reward"]["message"] == "Here's a little surprise!"
    assert (surprise["reward"]["amount"], surprise["reward"]["isRedPocket"]) == ("8.88", False)
    pocket = (await claim(world, GREETING, alice))["claimCnyReward"]
    assert pocket["account"]["cash"] == "97.76"


async def test_each_kind_is_paid_once_a_day(world: World) -> None:
    alice = await world.register()
    for phrase in (GREETING, "Hello"):
        assert (await claim(world, phrase, alice))["claimCnyReward"]["errors"] == []
        refused = (await claim(world, phrase, alice))["claimCnyReward"]
        assert (refused["reward"], refused["transaction"]) == (None, None)
        assert refused["errors"] == [
            {
                "__typename": "LimitExceededError",
                "code": "ALREADY_CLAIMED_TODAY",
                "path": ["input", "phrase"],
                "unit": "rewards",
                "limit": "1",
                "used": "1",
                "remaining": "0",
                "resetsAt": "2026-03-02T00:00:00.000Z",
            }
        ]
    alice = await world.later(alice, 12 * 3600)
    assert (await claim(world, GREETING, alice))["claimCnyReward"]["errors"] == []


async def test_a_reset_brings_no_second_reward(world: World) -> None:
    alice = await world.register()
    await claim(world, GREETING, alice)
    await world.run("mutation { resetAccount(input: {}) { replayed } }", as_=alice)
    refused = (await claim(world, GREETING, alice))["claimCnyReward"]
    assert refused["errors"][0]["code"] == "ALREADY_CLAIMED_TODAY"


async def test_a_replay_tells_the_first_reward_again(world: World) -> None:
    alice = await world.register()
    first = (await claim(world, GREETING, alice, "k"))["claimCnyReward"]
    again = (await claim(world, GREETING, alice, "k"))["claimCnyReward"]
    assert again == first | {"replayed": True}


async def test_rewards_are_each_users_own(world: World) -> None:
    for name in ("alice_01", "bobby_02"):
        session = await world.register(name)
        assert (await claim(world, GREETING, session))["claimCnyReward"]["errors"] == []


async def test_a_stranger_gets_no_reward(world: World) -> None:
    answer = await claim(world, GREETING, None)
    assert answer.data == {"claimCnyReward": None}
    assert answer.codes == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("phrase", ["", "   ", "x" * 101, "a\x00b", "a\nb", "\u202eabc"])
async def test_a_phrase_that_can_be_none_is_refused(world: World, phrase: str) -> None:
    alice = await world.register()
    before = world.stored()
    payload = (await claim(world, phrase, alice, "key"))["claimCnyReward"]
    (error,) = payload["errors"]
    assert (error["__typename"], error["path"]) == ("InputError", ["input", "phrase"])
    assert world.stored() == before
