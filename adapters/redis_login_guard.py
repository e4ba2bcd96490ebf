"""Failed logins that all processes count together, in one step and by Redis's own clock.

The port wants closed doors when nobody can tell. When Redis gives no answer this process's own
guard still can, for what came to this process: so it decides then, and nobody is shut out by an
outage. It is told of every failure that Redis has counted here, so it does not begin at nothing;
and its locks hold also while Redis answers, so that one that has forgotten everything opens
nothing here. While an outage lasts, whoever reaches n processes has 5 n guesses in 300 s instead of
5; against 12 characters behind a slow hash that is as good as none. An attempt whose answer was
lost on the way may be counted twice.
"""

from datetime import timedelta

from adapters.login_guard import MemoryLoginGuard
from adapters.redis_connection import RedisConnection
from adapters.redis_fallback import RedisFallback
from adapters.redis_keys import RedisKeys
from adapters.redis_pool import RedisUnavailableError, numbers
from adapters.redis_scripts import NOW, ClockMs, Script, clock_argument
from domain.login_attempts import (
    FAILED_LOGINS_MAX,
    FAILED_LOGINS_WINDOW,
    LOCK_OUT,
    LoginAttempt,
)

_MS = timedelta(milliseconds=1)

_LOCKED_FOR = (
    NOW
    + """
local function locked_for(keys, now, lock_ms)
  local left = 0
  for _, key in ipairs(keys) do
    local until_ms = string.match(redis.call('GET', key) or '', '^locked:(%d+)$')
    if until_ms then left = math.max(left, tonumber(until_ms) - now) end
  end
  return math.min(left, lock_ms)
end
"""
)

_LOOK = Script(_LOCKED_FOR + "return {locked_for(KEYS, now_ms(ARGV[1]), tonumber(ARGV[2]))}")

_FAIL = Script(
    _LOCKED_FOR
    + """
local now, lock_ms = now_ms(ARGV[1]), tonumber(ARGV[2])
local window_ms, failures_max = tonumber(ARGV[3]), tonumber(ARGV[4])
local left = locked_for(KEYS, now, lock_ms)
if left > 0 then return {left} end
for _, key in ipairs(KEYS) do
  local failures = {}
  -- Of a lock, which is over, nothing matches: what led to it is paid for.
  for at in string.gmatch(redis.call('GET', key) or '', '(%d+);') do
    if now - tonumber(at) < window_ms then failures[#failures + 1] = at end
  end
  failures[#failures + 1] = string.format('%.0f', now)
  if #failures >= failures_max then
    redis.call('SET', key, string.format('locked:%.0f', now + lock_ms), 'PX', lock_ms)
  else
    redis.call('SET', key, table.concat(failures, ';') .. ';', 'PX', window_ms)
  end
end
return {0}
"""
)


class RedisLoginGuard:
    """The LoginGuard of all processes."""

    def __init__(
        self,
        connection: RedisConnection,
        *,
        keys: RedisKeys,
        own: MemoryLoginGuard,
        clock_ms: ClockMs | None = None,
    ) -> None:
        """Take this process's own guard, for when Redis is out of reach."""
        self._connection = connection
        self._keys = keys
        self._own = own
        self._clock_ms = clock_ms
        self._fallback = RedisFallback(connection, "each process counts failed logins for itself")

    @property
    def is_degraded(self) -> bool:
        """Whether each process counts for itself at present."""
        return self._fallback.is_degraded

    async def locked_for(self, attempt: LoginAttempt) -> timedelta | None:
        """See LoginGuard."""
        return await self._own.locked_for(attempt) or await self._left(_LOOK, attempt)

    async def settle(self, attempt: LoginAttempt, *, failed: bool) -> timedelta | None:
        """See LoginGuard."""
        left = await self._own.locked_for(attempt)
        left = left or await self._left(_FAIL if failed else _LOOK, attempt)
        if left is None and failed:
            # Counts it here, too; if others have locked meanwhile, this one stays untold.
            return await self._own.settle(attempt, failed=True)
        return left

    async def _left(self, script: Script, attempt: LoginAttempt) -> timedelta | None:
        """Return how long Redis has locked a subject; None when it hasn't, or can't tell."""
        try:
            reply = await self._connection.run(
                script,
                [self._keys.logins(subject) for subject in attempt.subjects],
                clock_argument(self._clock_ms),
                LOCK_OUT // _MS,
                FAILED_LOGINS_WINDOW // _MS,
                FAILED_LOGINS_MAX,
            )
        except RedisUnavailableError as error:
            self._fallback.failed(error)
            return None
        self._fallback.worked()
        (left_ms,) = numbers(reply)
        return left_ms * _MS if left_ms > 0 else None
