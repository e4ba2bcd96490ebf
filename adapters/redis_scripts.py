"""Lua scripts for Redis: what must happen in one step, and by one clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha1

ClockMs = Callable[[], int]
"""Unix milliseconds to count by instead of Redis's own clock. Tests set it."""

NOW = """
local function now_ms(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""
"""A function of Lua: the time that a script goes by. All processes share only Redis's clock."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script, and the name that Redis knows it by once it has seen it."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        digest = sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", digest)


def clock_argument(clock_ms: ClockMs | None) -> str:
    """Return what to give a script for `now_ms`."""
    return "" if clock_ms is None else str(clock_ms())
