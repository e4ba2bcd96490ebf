"""Circuit breaking: what keeps failing is left alone for a while, then tried gently."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

from domain.outages import OutageError

FAILURES_MAX = 5
RETRY_AFTER = timedelta(seconds=60)
SUCCESSES_MIN = 3
"""Opens after 5 failures, is half-open after 60 s, closes after 3 successes: as it used to be."""


class CircuitOpenError(OutageError):
    """The dependency has failed too often lately, so it was not asked."""


class CircuitState(Enum):
    """How much a dependency is trusted."""

    CLOSED = "closed"
    """It is asked."""
    HALF_OPEN = "half_open"
    """One attempt at a time finds out whether it is back."""
    OPEN = "open"
    """It is not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitRules:
    """When a circuit opens, how long it stays so, and what closes it; all counted in a row."""

    failures_max: int = FAILURES_MAX
    retry_after: timedelta = RETRY_AFTER
    successes_min: int = SUCCESSES_MIN

    def __post_init__(self) -> None:
        if self.failures_max < 1 or self.successes_min < 1 or self.retry_after <= timedelta(0):
            raise ValueError(f"{self} must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """What a breaker remembers; each method returns what follows, and changes nothing.

    Every change of state begins an era. What comes of an attempt of an earlier era says nothing
    about the present: a success that is late must not close a circuit, nor a late failure open it.
    """

    rules: CircuitRules = CircuitRules()
    state: CircuitState = CircuitState.CLOSED
    era: int = 0
    counted: int = 0
    """Failures in a row while closed, successes in a row while half-open."""
    since_s: float = 0.0
    """When it opened; while half-open, when the last attempt was admitted."""
    is_probed: bool = False

    def admits(self, now_s: float) -> bool:
        """Tell whether one more attempt may be made.

        An attempt that nobody reports on, while half-open, counts as given up after the delay.
        """
        is_due = now_s - self.since_s >= self.rules.retry_after.total_seconds()
        if self.state is CircuitState.HALF_OPEN:
            return is_due or not self.is_probed
        return is_due or self.state is CircuitState.CLOSED

    def admitted(self, now_s: float) -> "Circuit":
        """Follow an attempt that is made."""
        if self.state is CircuitState.CLOSED:
            return self
        following = self
        if self.state is CircuitState.OPEN or self.is_probed:
            following = self._turned(CircuitState.HALF_OPEN, now_s)
        return replace(following, is_probed=True, since_s=now_s)

    def succeeded(self, era: int) -> "Circuit":
        """Follow an attempt that was answered."""
        if era != self.era or self.state is CircuitState.OPEN:
            return self
        if self.state is CircuitState.CLOSED:
            return replace(self, counted=0) if self.counted else self
        if self.counted + 1 >= self.rules.successes_min:
            return self._turned(CircuitState.CLOSED, self.since_s)
        return replace(self, counted=self.counted + 1, is_probed=False)

    def failed(self, era: int, now_s: float) -> "Circuit":
        """Follow an attempt that failed."""
        if era != self.era or self.state is CircuitState.OPEN:
            return self
        is_closed = self.state is CircuitState.CLOSED
        if is_closed and self.counted + 1 < self.rules.failures_max:
            return replace(self, counted=self.counted + 1)
        return self._turned(CircuitState.OPEN, now_s)

    def given_up(self, era: int) -> "Circuit":
        """Follow an attempt that ended without telling anything, as when it was cancelled."""
        return replace(self, is_probed=False) if era == self.era else self

    def _turned(self, state: CircuitState, now_s: float) -> "Circuit":
        return Circuit(rules=self.rules, state=state, era=self.era + 1, since_s=now_s)


class CircuitBreaker:
    """Stands between a dependency and those who ask it. It belongs to one event loop.

    `observe` is told of each change of state, for metrics and the log.
    """

    def __init__(
        self,
        *,
        name: str,
        monotonic_s: Callable[[], float],
        rules: CircuitRules | None = None,
        observe: Callable[[CircuitState], None] | None = None,
    ) -> None:
        self.name = name
        self._monotonic_s = monotonic_s
        self._observe = observe
        self._circuit = Circuit(rules=rules or CircuitRules())

    @property
    def state(self) -> CircuitState:
        """How much the dependency is trusted."""
        return self._circuit.state

    @property
    def is_refusing(self) -> bool:
        """Whether an attempt would be refused now."""
        return not self._circuit.admits(self._monotonic_s())

    def admit(self) -> "Attempt":
        """Return an attempt, to be reported on once. Raises CircuitOpenError when none may be."""
        now_s = self._monotonic_s()
        if not self._circuit.admits(now_s):
            raise CircuitOpenError(f"{self.name} has failed too often lately")
        self._follow(self._circuit.admitted(now_s))
        return Attempt(self, self._circuit.era)

    @contextmanager
    def guard(self, *failures: type[Exception]) -> Iterator[None]:
        """Make the attempt that is the body. Raises CircuitOpenError instead when none may be made.

        The body fails with one of `failures`. Any other error is an answer too; a cancellation
        tells nothing, so a timeout belongs inside the body.
        """
        attempt = self.admit()
        try:
            yield
        except failures:
            attempt.failed()
            raise
        except Exception:
            attempt.succeeded()
            raise
        except BaseException:
            attempt.given_up()
            raise
        else:
            attempt.succeeded()

    def report(self, follow: Callable[[Circuit, float], Circuit]) -> None:
        """Take what an attempt has to say."""
        self._follow(follow(self._circuit, self._monotonic_s()))

    def _follow(self, circuit: Circuit) -> None:
        was, self._circuit = self._circuit, circuit
        if was.state is not circuit.state and self._observe is not None:
            self._observe(circuit.state)


class Attempt:
    """An attempt under way. Only its first report counts."""

    __slots__ = ("_breaker", "_era", "_is_reported")

    def __init__(self, breaker: CircuitBreaker, era: int) -> None:
        self._breaker = breaker
        self._era = era
        self._is_reported = False

    def succeeded(self) -> None:
        """Say that the dependency answered."""
        self._report(lambda circuit, _: circuit.succeeded(self._era))

    def failed(self) -> None:
        """Say that it did not, or not in time."""
        self._report(lambda circuit, now_s: circuit.failed(self._era, now_s))

    def given_up(self) -> None:
        """Say that nobody waited for the answer."""
        self._report(lambda circuit, _: circuit.given_up(self._era))

    def _report(self, follow: Callable[[Circuit, float], Circuit]) -> None:
        if not self._is_reported:
            self._is_reported = True
            self._breaker.report(follow)
