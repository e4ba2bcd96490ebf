"""Ids by a seed: the same in each run that does the same, and never twice on one store."""

from datetime import timedelta

from adapters.seeded_ids import SeededIds
from domain.ids import ORDER_ID
from tests.domain.identity_world import NOW

MS = timedelta(milliseconds=1)


def made(seed: int, run: int, count: int = 100) -> list[str]:
    """Return ids of which four each are of one instant."""
    ids = SeededIds(seed, lambda: run)
    return [ids.ulid(NOW + number // 4 * MS) for number in range(count)]


def test_a_seeded_ulid_has_the_form_of_an_id() -> None:
    assert all(ORDER_ID.fullmatch(f"ord_{ulid}") for ulid in made(1, 1))


def test_the_same_seed_and_run_make_the_same_ulids() -> None:
    assert made(7, 1) == made(7, 1)


def test_another_seed_or_run_makes_others() -> None:
    assert len({*made(7, 1), *made(8, 1), *made(7, 2)}) == 300


def test_seeded_ulids_rise_in_the_order_they_are_made() -> None:
    assert made(7, 1) == sorted(set(made(7, 1)))


def test_seeded_ulids_rise_also_when_the_clock_steps_back() -> None:
    ids = SeededIds(7, lambda: 1)
    later, earlier = ids.ulid(NOW + MS), ids.ulid(NOW)
    assert later < earlier


def test_tokens_are_by_chance_whatever_the_seed() -> None:
    assert len({SeededIds(7, lambda: 1).token() for _ in range(100)}) == 100
