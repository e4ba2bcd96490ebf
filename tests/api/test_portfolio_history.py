"""The portfolio's value over time, through the whole schema."""

from typing import Any

import pytest

from tests.api.world import Session, World, opened

HISTORY = """
query ($range: HistoryRange! = ONE_WEEK) {
  portfolioHistory(range: $range) {
    points { at cash assetValue totalValue netDeposits }
  }
}"""


async def history(world: World, session: Session, asked: str = "ONE_DAY") -> Any:
    return (await world.run(HISTORY, {"range": asked}, as_=session))["portfolioHistory"]["points"]


async def test_value_deposits_and_gains_are_told_apart() -> None:
    async with opened() as world:
        session = await world.trader("1000")
        await world.buy(session, "BTC", "0.01")
        session = await world.later(session, 3600)
        await world.tick({"BTC": "60000"})
        session = await world.later(session, 3600)
        await world.tick({"BTC": "60000"})

        found = await history(world, session)

        assert found[0] == {
            "at": "2026-03-01T12:00:00.000Z",
            "cash": "0.00",
            "assetValue": "0.00",
            "totalValue": "0.00",
            "netDeposits": "0.00",
        }
        assert found[1] == {
            "at": "2026-03-01T12:05:00.000Z",
            "cash": "500.00",
            "assetValue": "500.00",
            "totalValue": "1000.00",
            "netDeposits": "1000.00",
        }
        assert found[-1] == {
            "at": "2026-03-01T13:55:00.000Z",
            "cash": "500.00",
            "assetValue": "600.00",
            "totalValue": "1100.00",
            "netDeposits": "1000.00",
        }
        assert len(found) == 24


async def test_every_range_tells_the_same_of_an_instant() -> None:
    async with opened() as world:
        session = await world.trader("1000")
        await world.buy(session, "ETH", "0.1")
        for price in ("2600", "2700", "2800", "2900"):
            session = await world.later(session, 8 * 3600)
            await world.tick({"ETH": price})

        told: dict[str, Any] = {}
        for asked in ("ONE_DAY", "ONE_WEEK", "ONE_MONTH", "ONE_YEAR", "ALL"):
            found = await history(world, session, asked)
            assert found
            for point in found:
                assert told.setdefault(point["at"], point) == point


async def test_a_reset_begins_at_nothing() -> None:
    async with opened() as world:
        session = await world.trader("1000")
        await world.buy(session, "BTC", "0.01")
        session = await world.later(session, 3600)
        await world.run("mutation { resetAccount(input: {}) { errors { message } } }", as_=session)
        session = await world.later(session, 3600)
        await world.tick({"BTC": "60000"})

        found = await history(world, session)

        worth = [(point["totalValue"], point["netDeposits"]) for point in found]
        assert list(dict.fromkeys(worth)) == [("0.00", "0.00"), ("1000.00", "1000.00")]
        assert worth[-1] == ("0.00", "0.00")


@pytest.mark.parametrize("asked", ["ONE_DAY", "ONE_YEAR", "ALL"])
async def test_a_history_takes_a_bounded_number_of_queries(asked: str) -> None:
    async with opened() as world:
        session = await world.trader("5000")
        for _ in range(5):
            await world.buy(session, "BTC", "0.001")
            await world.buy(session, "ETH", "0.001")
        session = await world.later(session, 2 * 86400)
        await world.tick({"BTC": "60000"})

        answer, calls = await world.calls(HISTORY, {"range": asked}, as_=session)

        assert answer["portfolioHistory"]["points"]
        holdings, journal, kinds_of_funding, assets = 1, 1, 3, 2
        assert len(calls) == holdings + journal + kinds_of_funding + assets


async def test_a_new_account_has_no_points() -> None:
    async with opened() as world:
        assert await history(world, await world.register()) == []


async def test_strangers_have_no_history() -> None:
    async with opened() as world:
        answer = await world.run(HISTORY)

        assert answer.codes == ["UNAUTHENTICATED"]
        assert answer.data == {"portfolioHistory": None}


async def test_somebody_else_sees_their_own() -> None:
    async with opened() as world:
        await world.trader("1000")
        bob = await world.register("bobby_02")
        bob = await world.later(bob, 3600)
        await world.tick({"BTC": "60000"})

        assert {point["totalValue"] for point in await history(world, bob)} == {"0.00"}


async def test_a_history_that_is_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.portfolio_histories.PAGES_MAX", 0)
    async with opened() as world:
        session = await world.later(await world.trader("1000"), 3600)
        await world.tick({"BTC": "60000"})

        answer = await world.run(HISTORY, as_=session)

        assert answer.codes == ["BAD_USER_INPUT"]
        assert "history can't be shown" in answer.message


async def test_a_history_that_is_asked_for_twenty_times_is_worked_out_once() -> None:
    async with opened() as world:
        session = await world.later(await world.trader("1000"), 3600)
        await world.tick({"BTC": "60000"})
        fields = " ".join(
            f"h{number}: portfolioHistory(range: ONE_DAY) {{ points {{ totalValue }} }}"
            for number in range(15)
        )

        answer, calls = await world.calls(f"{{ {fields} }}", as_=session)
        _, once = await world.calls("{ portfolioHistory { points { at } } }", as_=session)

        assert len({str(told) for told in answer.data.values()}) == 1
        assert len(calls) == len(once)


async def test_a_history_without_its_points_takes_nothing() -> None:
    async with opened() as world:
        session = await world.trader("1000")

        answer, calls = await world.calls("{ portfolioHistory { __typename } }", as_=session)

        assert answer["portfolioHistory"] == {"__typename": "PortfolioHistory"}
        assert calls == []
        strangers = await world.run("{ portfolioHistory { __typename } }")
        assert strangers.codes == ["UNAUTHENTICATED"]
