"""A write is repeated until its outcome is certain."""

from collections import deque

import pytest

from domain.certain_writes import REPEATS_MAX, CertainWrites
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.identity import UserChangedError


class Store:
    """Answers each write with what is planned, and then takes it."""

    def __init__(self, *answers: Exception, is_there: bool = False) -> None:
        self.answers = deque(answers)
        self.is_there = is_there
        self.is_blind = False
        self.writes = 0
        self.pauses: list[int] = []

    async def write(self) -> None:
        self.writes += 1
        if self.answers:
            raise self.answers.popleft()

    async def was_made(self) -> bool:
        if self.is_blind:
            raise OutageError
        return self.is_there

    async def pause(self, attempt: int) -> None:
        self.pauses.append(attempt)


async def test_a_write_that_succeeds_is_made_once() -> None:
    store = Store()
    await CertainWrites(store.pause).make(store.write)
    assert (store.writes, store.pauses) == (1, [])


async def test_an_outage_is_told_at_once() -> None:
    store = Store(OutageError())
    with pytest.raises(OutageError):
        await CertainWrites(store.pause).make(store.write)
    assert store.writes == 1


async def test_a_write_in_doubt_is_repeated_through_outages_after_pauses() -> None:
    store = Store(OutcomeUnknownError(), OutageError())
    await CertainWrites(store.pause).make(store.write)
    assert (store.writes, store.pauses) == (3, [1, 2])


async def test_a_conflict_is_told() -> None:
    store = Store(UserChangedError(), is_there=True)
    with pytest.raises(UserChangedError):
        await CertainWrites(store.pause).make(store.write, store.was_made)


async def test_a_write_in_doubt_that_meets_itself_was_made() -> None:
    store = Store(OutcomeUnknownError(), UserChangedError(), is_there=True)
    await CertainWrites(store.pause).make(store.write, store.was_made)


async def test_a_write_in_doubt_that_meets_another_was_not() -> None:
    store = Store(OutcomeUnknownError(), UserChangedError())
    with pytest.raises(UserChangedError):
        await CertainWrites(store.pause).make(store.write, store.was_made)


async def test_a_write_that_stays_in_doubt_has_an_unknown_outcome() -> None:
    store = Store(*[OutcomeUnknownError() for _ in range(REPEATS_MAX)])
    with pytest.raises(OutcomeUnknownError):
        await CertainWrites(store.pause).make(store.write)
    assert store.writes == REPEATS_MAX


async def test_a_write_in_doubt_that_cannot_be_looked_up_stays_in_doubt() -> None:
    store = Store(OutcomeUnknownError(), *[UserChangedError() for _ in range(REPEATS_MAX)])
    store.is_blind = True
    with pytest.raises(OutcomeUnknownError):
        await CertainWrites(store.pause).make(store.write, store.was_made)
