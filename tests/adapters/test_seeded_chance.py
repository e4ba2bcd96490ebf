"""Chance that is a function of its place: the same whenever and in whatever order it is asked."""

from statistics import fmean, pstdev

from hypothesis import given
from hypothesis import strategies as st

from adapters.seeded_chance import SeededChance


@given(seed=st.integers(), number=st.integers(), before=st.lists(st.integers(), max_size=5))
def test_what_was_asked_before_changes_nothing(seed: int, number: int, before: list[int]) -> None:
    asked = SeededChance(seed, "BTC")
    for other in before:
        asked.pair(other)
    assert asked.pair(number) == SeededChance(seed, "BTC").pair(number)


@given(seed=st.integers(), number=st.integers())
def test_its_numbers_lie_between_nothing_and_one(seed: int, number: int) -> None:
    first, second = SeededChance(seed, "BTC").pair(number)
    assert 0 < first <= 1
    assert 0 < second <= 1


def test_seeds_names_and_numbers_tell_chances_apart() -> None:
    places = [(seed, name) for seed in (1, 11, -1) for name in ("BTC", "1/BTC", "ETH")]
    found = {SeededChance(*place).pair(number) for place in places for number in (1, 11, -1)}
    assert len(found) == 27


def test_a_thousand_are_spread_as_they_should_be() -> None:
    chance = SeededChance(7, "BTC")
    evenly = [number for place in range(1_000) for number in chance.pair(place)]
    normally = [chance.gauss(place) for place in range(1_000)]
    assert abs(fmean(evenly) - 0.5) < 0.03
    assert min(evenly) < 0.01
    assert max(evenly) > 0.99
    assert abs(fmean(normally)) < 0.1
    assert abs(pstdev(normally) - 1) < 0.1
