"""Budgets and counts that all processes share, each in one step and by Redis's own clock.

When Redis gives no answer, a process goes by budgets of its own, which begin full: so a subject
gets at most one more budget a process, once an outage. What was taken in a round trip whose answer
was lost may be taken twice, and is restored like all else.
"""

from collections.abc import Sequence

from adapters.memory_budgets import MILLI, MemoryBudgets, MemoryMinuteCounts, counted, taken
from adapters.redis_connection import RedisConnection
from adapters.redis_fallback import RedisFallback
from adapters.redis_keys import RedisKeys
from adapters.redis_pool import RedisUnavailableError, numbers
from adapters.redis_scripts import NOW, ClockMs, Script, clock_argument
from domain.ports.budgets import MINUTE, Bucket, Counted, Taken

TAKE = (
    NOW
    + """
local function take(key, now, full, per_ms, amount)
  local level = full
  local kept = redis.call('GET', key)
  if kept then
    local before, at = string.match(kept, '^(%d+):(%d+)$')
    level = math.min(full, tonumber(before) + math.max(0, now - tonumber(at)) * per_ms)
  end
  if level < amount then return 0, level end
  level = math.min(full, level - amount)
  local ms_to_full = math.ceil((full - level) / per_ms)
  if ms_to_full > 0 then
    redis.call('SET', key, string.format('%.0f:%.0f', level, now), 'PX', ms_to_full)
  else
    redis.call('DEL', key)
  end
  return 1, level
end
"""
)
"""A function of Lua: takes thousandths of a point, or gives a negative amount back."""

_TAKE = Script(
    TAKE
    + """
local allowed, level = take(
  KEYS[1], now_ms(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))
return {allowed, level}
"""
)

_COUNT = Script("""
local count = redis.call('INCR', KEYS[1])
local left_ms = redis.call('PTTL', KEYS[1])
if count == 1 or left_ms < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left_ms = tonumber(ARGV[1])
end
return {count, left_ms}
""")


class RedisBudgets:
    """The Budgets of all processes; `name` tells them from budgets of another kind."""

    def __init__(
        self,
        connection: RedisConnection,
        *,
        name: str,
        bucket: Bucket,
        keys: RedisKeys,
        own: MemoryBudgets,
        clock_ms: ClockMs | None = None,
    ) -> None:
        """Take the budgets of this process's own, for when Redis is out of reach."""
        self._connection = connection
        self._name = name
        self._bucket = bucket
        self._keys = keys
        self._own = own
        self._clock_ms = clock_ms
        self._fallback = RedisFallback(connection, f"each process has {name} budgets of its own")

    @property
    def is_degraded(self) -> bool:
        """See Budgets."""
        return self._fallback.is_degraded

    async def take(self, subject: str, amount: int) -> Taken:
        """See Budgets."""
        try:
            reply = await self._connection.run(
                _TAKE, [self.key(subject)], *self.arguments(amount * MILLI)
            )
        except RedisUnavailableError as error:
            return await self.take_own(subject, amount, error)
        return self.read(numbers(reply), amount)

    def give_back(self, subject: str, amount: int) -> None:
        """See Budgets."""
        if self._fallback.is_degraded:
            self._own.give_back(subject, amount)
        self._connection.post(_TAKE, [self.key(subject)], *self.arguments(-amount * MILLI))

    def key(self, subject: str) -> str:
        """Return where the subject's budget stands."""
        return self._keys.budget(self._name, subject)

    def arguments(self, milli: int) -> tuple[str | int, ...]:
        """Return what `take` of Lua asks for: time, capacity, restored each ms, amount."""
        bucket = self._bucket
        now = clock_argument(self._clock_ms)
        return (now, bucket.capacity * MILLI, bucket.restore_per_second, milli)

    def read(self, found: Sequence[int], amount: int) -> Taken:
        """Return what `take` of Lua has answered."""
        self._fallback.worked()
        allowed, milli = found
        return taken(self._bucket, milli, amount, is_allowed=bool(allowed))

    async def take_own(self, subject: str, amount: int, error: RedisUnavailableError) -> Taken:
        """Take from this process's own budget, since Redis failed."""
        self._fallback.failed(error)
        return await self._own.take(subject, amount)


class RedisMinuteCounts:
    """The MinuteCounts of all processes; `name` tells them from counts of another kind."""

    def __init__(
        self,
        connection: RedisConnection,
        *,
        name: str,
        per_minute: int,
        keys: RedisKeys,
        own: MemoryMinuteCounts,
    ) -> None:
        """Take the counts of this process's own, for when Redis is out of reach."""
        self._connection = connection
        self._name = name
        self._per_minute = per_minute
        self._keys = keys
        self._own = own
        self._fallback = RedisFallback(connection, f"each process counts {name} for itself")

    @property
    def is_degraded(self) -> bool:
        """See MinuteCounts."""
        return self._fallback.is_degraded

    async def count(self, subject: str) -> Counted:
        """See MinuteCounts."""
        key = self._keys.minute(self._name, subject)
        try:
            reply = await self._connection.run(_COUNT, [key], MINUTE.seconds * 1000)
        except RedisUnavailableError as error:
            self._fallback.failed(error)
            return await self._own.count(subject)
        self._fallback.worked()
        count, left_ms = numbers(reply)
        return counted(self._per_minute, count, left_ms)
