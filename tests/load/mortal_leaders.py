"""Leaders that die one after the other, each at its own place, while others wait for the lease."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.server import POLL_S, START_S_MAX, environ
from tests.load.killed_leader import Place
from tests.load.known_orders import SET_OFF

_ALL, _SOME, _NOT_ALL = range(SET_OFF, SET_OFF + 1), range(1, SET_OFF + 1), range(SET_OFF)


@dataclass(frozen=True, slots=True)
class Death:
    """Where a leader dies, and how many orders of the last tick may be open then."""

    place: Place
    times: int
    left: range

    @property
    def program(self) -> list[str]:
        """Return the command of a server that dies so."""
        module = "tests.load.killed_leader"
        return [sys.executable, "-m", module, self.place.value, f"{self.times}"]


NEVER = Death(Place.STORED, 0, range(0))


def deaths(number: int) -> tuple[Death, ...]:
    """Return the deaths of a round: one at each place, after more or less of a tick's work."""
    is_even = number % 2 == 0
    fills = 1 + number % SET_OFF
    return (
        Death(Place.STORED, 1 if is_even else 2, _ALL),
        Death(Place.TRIGGERED, fills, _SOME),
        # A leader's first two looks are for what was left to it: there it dies again.
        Death(Place.PUBLISHED, 3, _ALL) if is_even else Death(Place.PUBLISHED, 1, _SOME),
        Death(Place.FILLED, fills, _NOT_ALL),
    )


class MortalLeaders:
    """Processes of `tests.load.killed_leader`, so many at once."""

    def __init__(self, folder: Path, settings: Mapping[str, str], *, at_once: int) -> None:
        self._folder = folder
        self._settings = settings
        self._at_once = at_once
        self._living: list[tuple[Death, subprocess.Popen[bytes]]] = []

    def die(self, planned: Sequence[Death]) -> Iterator[Death]:
        """Start one for each death, as soon as there is room, and yield those that came about."""
        waiting = list(planned)
        while waiting or self._living:
            while waiting and len(self._living) < self._at_once:
                death = waiting.pop(0)
                self._living.append((death, self._started(death)))
            yield self._next()

    def close(self) -> None:
        for _, process in self._living:
            process.kill()
            process.wait()

    def _started(self, death: Death) -> subprocess.Popen[bytes]:
        with (self._folder / "mortal.txt").open("ab") as log:
            return subprocess.Popen(
                death.program,
                cwd=self._folder,
                env=environ(self._settings),
                stdout=log,
                stderr=log,
            )

    def _next(self) -> Death:
        ends_at = time.monotonic() + START_S_MAX
        while time.monotonic() < ends_at:
            for one in self._living:
                death, process = one
                if process.poll() is not None:
                    self._living.remove(one)
                    assert process.returncode == -signal.SIGKILL, self._said()
                    return death
            time.sleep(POLL_S)
        pytest.fail(f"nobody died: {self._said()}")

    def _said(self) -> str:
        return (self._folder / "mortal.txt").read_text()


@contextmanager
def mortal_leaders(
    folder: Path, settings: Mapping[str, str], *, at_once: int
) -> Iterator[MortalLeaders]:
    """Let nobody live longer than the context."""
    folder.mkdir()
    leaders = MortalLeaders(folder, settings, at_once=at_once)
    try:
        yield leaders
    finally:
        leaders.close()
