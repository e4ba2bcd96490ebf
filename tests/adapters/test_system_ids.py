"""Ids and instants of the machine itself."""

from datetime import UTC, timedelta
from itertools import pairwise

from adapters.system_clock import SystemClock
from adapters.system_ids import MILLISECONDS_MAX, SystemIds
from domain.ids import USER_ID
from domain.instants import to_ms
from tests.domain.identity_world import NOW

MS = timedelta(milliseconds=1)


def test_a_ulid_has_the_form_of_an_id() -> None:
    assert USER_ID.fullmatch("usr_" + SystemIds().ulid(NOW))


def test_ulids_of_one_millisecond_rise_in_the_order_they_are_made() -> None:
    ids = SystemIds()
    made = [ids.ulid(NOW) for _ in range(1000)]
    assert made == sorted(set(made))


def test_ulids_sort_by_their_instant_also_when_a_clock_steps_back() -> None:
    ids = SystemIds()
    later, earlier = ids.ulid(NOW + MS), ids.ulid(NOW)
    assert earlier < later


def test_two_clocks_may_take_turns() -> None:
    ids = SystemIds()
    made = [(ids.ulid(NOW), ids.ulid(NOW - timedelta(days=365))) for _ in range(100)]
    walls, markets = zip(*made, strict=True)
    assert list(walls) == sorted(walls)
    assert list(markets) == sorted(markets)


def test_the_memory_of_milliseconds_is_bounded() -> None:
    ids = SystemIds()
    for number in range(3 * MILLISECONDS_MAX):
        ids.ulid(NOW + number * MS)
    assert len(ids._last) == MILLISECONDS_MAX


def test_the_steps_between_ulids_of_one_millisecond_differ() -> None:
    ids = SystemIds()
    numbers: list[int] = []
    for _ in range(4):
        ids.ulid(NOW)
        numbers.extend(ids._last.values())
    assert len({after - before for before, after in pairwise(numbers)}) == 3


def test_tokens_have_32_characters_and_differ() -> None:
    made = {SystemIds().token() for _ in range(100)}
    assert len(made) == 100
    assert {len(token) for token in made} == {32}


def test_the_clock_tells_utc_cut_to_the_millisecond() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert now == to_ms(now)
