"""How often an address may register and log in, whatever the names and whatever comes of it."""

from adapters.memory_budgets import MemoryMinuteCounts
from tests.api.world import HOME, LOGIN, PASSWORD, REGISTER, World, opened

ELSEWHERE = "198.51.100.9"


def registration(username: str) -> dict[str, dict[str, str]]:
    return {
        "input": {
            "username": username,
            "email": f"{username}@example.com",
            "password": PASSWORD,
            "firstName": "Alice",
            "lastName": "Liddell",
        }
    }


async def fails_to_log_in(world: World, address: str = HOME) -> list[str]:
    typed = {"username": "nobody_01", "password": PASSWORD}
    return (await world.run(LOGIN, typed, address=address)).codes


async def test_an_address_that_signed_in_too_often_hears_when_to_come_back() -> None:
    async with opened(logins_per_minute=2) as world:
        await world.register()
        assert await fails_to_log_in(world) == []
        answer = await world.run(LOGIN, {"username": "alice_01", "password": PASSWORD})

    (error,) = answer.errors
    assert answer.data == {"login": None}
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 1 <= error["extensions"]["retryAfterSeconds"] <= 60
    assert "Try again in" in error["message"]


async def test_a_registration_beyond_the_limit_makes_nobody() -> None:
    async with opened(logins_per_minute=1) as world:
        await world.register("alice_01")
        before = world.stored()
        answer = await world.run(REGISTER, registration("bob_0001"))

        assert answer.codes == ["RATE_LIMITED"]
        assert world.stored() == before


async def test_each_attempt_of_one_document_counts() -> None:
    text = (
        "mutation { a: login(input: I) { errors { code } } b: login(input: I) { errors {code} } }"
    )
    typed = text.replace("I)", '{username: "nobody_01", password: "x"})')
    async with opened(logins_per_minute=1) as world:
        answer = await world.run(typed)

    assert answer.data["a"] is not None
    assert answer.data["b"] is None
    assert answer.codes == ["RATE_LIMITED"]


async def test_other_addresses_have_their_own_count_and_one_ipv6_network_has_one() -> None:
    async with opened(logins_per_minute=1) as world:
        told = [
            await fails_to_log_in(world, address)
            for address in (HOME, HOME, ELSEWHERE, "2001:db8::1", "2001:db8::2")
        ]

    assert told == [[], ["RATE_LIMITED"], [], [], ["RATE_LIMITED"]]


CHANGE = """mutation ($new: String!) {
  changePassword(input: {currentPassword: "Wrong-Horse-7", newPassword: $new}) { success }
}"""


async def test_a_user_may_try_to_change_the_password_as_often_from_wherever() -> None:
    async with opened(logins_per_minute=2) as world:
        alice, bob = await world.register("alice_01"), await world.register("bobby_01")
        told = [
            (await world.run(CHANGE, {"new": PASSWORD}, as_=person, address=address)).codes
            for person, address in ((alice, HOME), (alice, ELSEWHERE), (alice, HOME), (bob, HOME))
        ]

    assert told == [[], [], ["RATE_LIMITED"], []]


async def test_without_a_limit_nothing_is_counted() -> None:
    async with opened(logins_per_minute=0) as world:
        assert [await fails_to_log_in(world) for _ in range(7)] == [[]] * 7


async def test_the_next_minute_begins_anew() -> None:
    now_ms = 0
    counts = MemoryMinuteCounts(1, clock_ms=lambda: now_ms)
    within = [(await counts.count("a")).is_within, (await counts.count("a")).is_within]
    now_ms = 60_000

    assert [*within, (await counts.count("a")).is_within] == [True, False, True]
