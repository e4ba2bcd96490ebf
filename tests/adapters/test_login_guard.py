"""Failed logins are counted for address and username, each for itself, within bounds."""

from adapters.login_guard import MemoryLoginGuard
from domain.login_attempts import LoginAttempt, attempt_from
from tests.domain.identity_world import SetClock


def attempt(address: str = "192.0.2.1", username: str = "alice_01") -> LoginAttempt:
    return attempt_from(address, username)


async def fail(guard: MemoryLoginGuard, count: int, attempted: LoginAttempt) -> list[bool]:
    """Fail `count` times; tell for each whether it was told to be locked."""
    return [await guard.settle(attempted, failed=True) is not None for _ in range(count)]


async def test_nobody_is_locked_at_first() -> None:
    assert await MemoryLoginGuard(SetClock()).locked_for(attempt()) is None


async def test_the_fifth_failure_locks_and_is_itself_still_told() -> None:
    guard = MemoryLoginGuard(SetClock())
    assert await fail(guard, 6, attempt()) == [False] * 5 + [True]


async def test_address_and_username_are_locked_each_for_itself() -> None:
    guard = MemoryLoginGuard(SetClock())
    await fail(guard, 5, attempt("192.0.2.1", "alice_01"))
    assert await guard.locked_for(attempt("192.0.2.1", "somebody"))
    assert await guard.locked_for(attempt("192.0.2.9", "alice_01"))
    assert await guard.locked_for(attempt("192.0.2.9", "somebody")) is None


async def test_a_success_counts_nothing_and_clears_nothing() -> None:
    guard = MemoryLoginGuard(SetClock())
    await fail(guard, 4, attempt())
    assert await guard.settle(attempt(), failed=False) is None
    await fail(guard, 1, attempt())
    assert await guard.settle(attempt(), failed=False) is not None


async def test_failures_older_than_300_s_do_not_count() -> None:
    clock = SetClock()
    guard = MemoryLoginGuard(clock)
    await fail(guard, 4, attempt())
    clock.advance(300)
    await fail(guard, 4, attempt())
    assert await guard.locked_for(attempt()) is None
    await fail(guard, 1, attempt())
    assert await guard.locked_for(attempt())


async def test_the_300_s_slide() -> None:
    clock = SetClock()
    guard = MemoryLoginGuard(clock)
    for _ in range(20):
        assert await fail(guard, 1, attempt()) == [False]
        clock.advance(75)
    clock.advance(-15)
    await fail(guard, 1, attempt())
    assert await guard.locked_for(attempt())


async def test_a_lock_says_how_long_it_lasts() -> None:
    clock = SetClock()
    guard = MemoryLoginGuard(clock)
    await fail(guard, 5, attempt())
    clock.advance(100)
    left = await guard.locked_for(attempt())
    assert left is not None
    assert left.total_seconds() == 200


async def test_who_was_locked_begins_anew_after_it() -> None:
    clock = SetClock()
    guard = MemoryLoginGuard(clock)
    await fail(guard, 5, attempt())
    clock.advance(300)
    assert await guard.locked_for(attempt()) is None
    assert await fail(guard, 6, attempt()) == [False] * 5 + [True]


async def test_a_lock_that_is_over_is_paid_for_even_if_its_record_is_still_there() -> None:
    clock = SetClock()
    guard = MemoryLoginGuard(clock)
    await fail(guard, 1, attempt("192.0.2.2", "somebody"))
    await fail(guard, 5, attempt())
    clock.advance(300)
    assert await fail(guard, 4, attempt()) == [False] * 4
    assert await guard.locked_for(attempt()) is None


async def test_what_no_longer_counts_is_forgotten() -> None:
    clock = SetClock()
    guard = MemoryLoginGuard(clock)
    for number in range(100):
        await fail(guard, 1, attempt(f"192.0.2.{number}", f"nobody_{number}"))
    clock.advance(300)
    await fail(guard, 1, attempt())
    assert len(guard._records) == 2


async def test_memory_is_bounded_and_who_failed_longest_ago_goes_first() -> None:
    guard = MemoryLoginGuard(SetClock(), subjects_max=10)
    await fail(guard, 4, attempt("192.0.2.200", "alice_01"))
    for number in range(100):
        await fail(guard, 1, attempt(f"192.0.2.{number}", f"nobody_{number}"))
    await fail(guard, 4, attempt("192.0.2.99", "nobody_99"))
    assert len(guard._records) == 10
    assert await guard.locked_for(attempt("192.0.2.250", "nobody_99"))
    assert await fail(guard, 1, attempt("192.0.2.200", "alice_01")) == [False]
    assert await guard.locked_for(attempt("192.0.2.200", "alice_01")) is None
