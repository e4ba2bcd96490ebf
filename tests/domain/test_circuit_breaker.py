"""A circuit opens when a dependency keeps failing, tries it gently, and closes when it is back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.circuit_breaker import (
    FAILURES_MAX,
    RETRY_AFTER,
    SUCCESSES_MIN,
    Attempt,
    Circuit,
    CircuitBreaker,
    CircuitOpenError,
    CircuitRules,
    CircuitState,
)
from domain.outages import OutageError

DELAY_S = RETRY_AFTER.total_seconds()


class World:
    """A breaker, the clock it goes by, and the states that its observer was told."""

    def __init__(self, rules: CircuitRules | None = None) -> None:
        self.now_s = 1000.0
        self.told: list[CircuitState] = []
        self.breaker = CircuitBreaker(
            name="the dependency",
            monotonic_s=lambda: self.now_s,
            rules=rules,
            observe=self.told.append,
        )

    def state(self) -> CircuitState:
        return self.breaker.state

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.admit().failed()

    def succeed(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.admit().succeeded()

    def half_open(self) -> "World":
        self.fail(FAILURES_MAX)
        self.now_s += DELAY_S
        return self


def test_the_fifth_failure_in_a_row_opens_it() -> None:
    world = World()
    world.fail(FAILURES_MAX - 1)
    assert world.state() is CircuitState.CLOSED
    world.fail()
    assert world.told == [CircuitState.OPEN]
    with pytest.raises(CircuitOpenError, match="the dependency has failed too often lately"):
        world.breaker.admit()


def test_a_success_between_failures_begins_the_count_anew() -> None:
    world = World()
    world.fail(FAILURES_MAX - 1)
    world.succeed(2)
    world.fail(FAILURES_MAX - 1)
    assert (world.state(), world.told) == (CircuitState.CLOSED, [])


def test_an_open_one_is_an_outage_until_the_delay_has_passed() -> None:
    world = World()
    world.fail(FAILURES_MAX)
    world.now_s += DELAY_S - 0.001
    with pytest.raises(OutageError):
        world.breaker.admit()
    world.now_s += 0.001
    assert not world.breaker.is_refusing
    world.breaker.admit()
    assert world.told == [CircuitState.OPEN, CircuitState.HALF_OPEN]


def test_a_half_open_one_admits_one_attempt_at_a_time() -> None:
    world = World().half_open()
    attempt = world.breaker.admit()
    assert world.breaker.is_refusing
    attempt.succeeded()
    assert not world.breaker.is_refusing


def test_three_successes_close_it() -> None:
    world = World().half_open()
    world.succeed(SUCCESSES_MIN - 1)
    assert world.state() is CircuitState.HALF_OPEN
    world.succeed()
    assert world.told == [CircuitState.OPEN, CircuitState.HALF_OPEN, CircuitState.CLOSED]
    world.fail(FAILURES_MAX - 1)
    assert world.state() is CircuitState.CLOSED


def test_one_failure_while_half_open_opens_it_for_the_whole_delay() -> None:
    world = World().half_open()
    world.succeed(SUCCESSES_MIN - 1)
    world.fail()
    assert world.state() is CircuitState.OPEN
    world.now_s += DELAY_S - 0.001
    assert world.breaker.is_refusing


def test_what_comes_late_says_nothing_about_the_present() -> None:
    world = World()
    late = [world.breaker.admit() for _ in range(4)]
    world.half_open()
    late[0].succeeded()
    assert world.state() is CircuitState.OPEN
    probe = world.breaker.admit()
    late[1].failed()
    late[2].succeeded()
    late[3].given_up()
    assert world.state() is CircuitState.HALF_OPEN
    assert world.breaker.is_refusing
    probe.succeeded()
    assert not world.breaker.is_refusing


def test_a_failure_that_comes_late_does_not_prolong_the_delay() -> None:
    world = World()
    late = world.breaker.admit()
    world.fail(FAILURES_MAX)
    world.now_s += DELAY_S - 1
    late.failed()
    world.now_s += 1
    assert not world.breaker.is_refusing


def test_an_attempt_that_was_given_up_makes_room_for_another_and_counts_nothing() -> None:
    world = World().half_open()
    world.breaker.admit().given_up()
    world.succeed(SUCCESSES_MIN)
    assert world.state() is CircuitState.CLOSED
    world.fail(FAILURES_MAX - 1)
    world.breaker.admit().given_up()
    world.fail()
    assert world.state() is CircuitState.OPEN


def test_an_attempt_that_nobody_reports_on_counts_as_given_up_after_the_delay() -> None:
    world = World().half_open()
    lost = world.breaker.admit()
    world.now_s += DELAY_S
    world.succeed()
    lost.failed()
    assert world.state() is CircuitState.HALF_OPEN


def test_only_the_first_report_of_an_attempt_counts() -> None:
    world = World().half_open()
    attempt = world.breaker.admit()
    for _ in range(SUCCESSES_MIN):
        attempt.succeeded()
    attempt.failed()
    assert world.state() is CircuitState.HALF_OPEN


def test_a_guarded_body_reports_for_itself() -> None:
    world = World(CircuitRules(failures_max=1))
    with world.breaker.guard(TimeoutError):
        pass
    with pytest.raises(ValueError, match="an answer"), world.breaker.guard(TimeoutError):
        raise ValueError("an answer")
    assert world.state() is CircuitState.CLOSED
    with pytest.raises(TimeoutError), world.breaker.guard(TimeoutError):
        raise TimeoutError
    assert world.state() is CircuitState.OPEN
    with pytest.raises(CircuitOpenError), world.breaker.guard(TimeoutError):
        pytest.fail("the body must not run")


def test_a_guarded_body_that_is_cancelled_tells_nothing() -> None:
    world = World().half_open()
    with pytest.raises(asyncio.CancelledError), world.breaker.guard(TimeoutError):
        raise asyncio.CancelledError
    assert not world.breaker.is_refusing


def test_it_works_unobserved() -> None:
    breaker = CircuitBreaker(name="x", monotonic_s=lambda: 0.0, rules=CircuitRules(failures_max=1))
    breaker.admit().failed()
    assert breaker.state is CircuitState.OPEN


@pytest.mark.parametrize("field", ["failures_max", "successes_min", "retry_after"])
def test_rules_of_nothing_are_refused(field: str) -> None:
    nothing = timedelta(0) if field == "retry_after" else 0
    with pytest.raises(ValueError, match="must be above 0"):
        CircuitRules(**{field: nothing})  # type: ignore[arg-type]


def test_a_circuit_is_a_value() -> None:
    circuit = Circuit()
    assert circuit.failed(0, 1.0) == replace(circuit, counted=1)
    assert circuit == Circuit()


class AnyTraffic(RuleBasedStateMachine):
    """Attempts begin, end and are lost in any order, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(CircuitRules(failures_max=2, successes_min=2))
        self.under_way: list[Attempt] = []
        self.opened_at_s: float | None = None
        self.answers_since_open = 0

    @rule(seconds=st.floats(min_value=0, max_value=2 * DELAY_S))
    def time_passes(self, seconds: float) -> None:
        self.world.now_s += seconds

    @rule()
    def somebody_asks(self) -> None:
        before = self.world.state()
        was_refusing = self.world.breaker.is_refusing
        try:
            self.under_way.append(self.world.breaker.admit())
        except CircuitOpenError:
            assert was_refusing
            assert before is not CircuitState.CLOSED
        else:
            assert not was_refusing
            if before is CircuitState.OPEN:
                assert self.opened_at_s is not None
                assert self.world.now_s - self.opened_at_s >= DELAY_S

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), how=st.sampled_from(["succeeded", "failed", "given_up"]))
    def an_attempt_ends(self, data: st.DataObject, how: str) -> None:
        attempt = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        before = self.world.state()
        getattr(attempt, how)()
        after = self.world.state()
        if after is CircuitState.OPEN and before is not CircuitState.OPEN:
            assert how == "failed"
            self.opened_at_s = self.world.now_s
        if before is CircuitState.OPEN:
            assert after is CircuitState.OPEN
        if after is CircuitState.CLOSED and before is not CircuitState.CLOSED:
            assert (how, before) == ("succeeded", CircuitState.HALF_OPEN)

    @invariant()
    def the_observer_was_told_every_change_once(self) -> None:
        told = [CircuitState.CLOSED, *self.world.told]
        assert told[-1] is self.world.state()
        assert all(one is not following for one, following in pairwise(told))

    @invariant()
    def it_never_stays_shut_for_good(self) -> None:
        now_s = self.world.now_s
        self.world.now_s += DELAY_S + 0.001
        assert not self.world.breaker.is_refusing
        self.world.now_s = now_s


test_any_traffic = AnyTraffic.TestCase
