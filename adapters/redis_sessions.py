"""Whose session goes on, from Redis for a few seconds at a time; the table knows the truth.

What is kept of a session is one of three values:

- `live:<run>:<until>` for LIVE_MS: it may be let in without asking the table.
- `reading:<run>:<nonce>` for READING_MS: somebody has gone to ask the table. Only who left this
  very value may replace it, by `live` or `ended`; everybody else asks the table, and keeps nothing.
- `ended`, for as long as access tokens of it may be shown. `adapters.redis_session_ends` puts it
  over anything, after the table has it and before the end is acknowledged.

Why no session is let in whose end was acknowledged, whatever happens in between:

- *A reader is slow.* It found the session live, the session ends, and then it wants to keep `live`.
  But `ended` has replaced its `reading`. Its own caller is let in, having asked before the end.
- *Redis forgets `ended`*: evicted, flushed, or restarted with nothing. The slow reader's `reading`
  is gone, too, so it keeps nothing, and the next one asks the table.
- *Redis is restarted with an old snapshot, or a replica takes over that lacks the last writes.*
  Then `live` and `reading` of before may be there instead of `ended`. They name the run of the
  server that they were written on, which is another one now, so they count for nothing.
- *`ended` could not be written.* The end is acknowledged only when nothing can be left that says
  `live`: every `reading` of before the end is over after READING_MS, every `live` that came of it
  LIVE_MS later, by Redis's clock, whoever is late.
- *Redis is slow or gone.* The table is asked.

What remains: if two servers take themselves for the primary at once, a session that was ended by
way of one can be let in by way of the other for LIVE_MS; and a Redis that was out of reach when a
session ended, and whose clock has been set back meanwhile, can err as long as it was set back.

A session that is refreshed meanwhile lasts longer than `live` says, never shorter; so one that
would end by itself before `live` does is not kept.
"""

import secrets
from datetime import datetime, timedelta
from itertools import count

from adapters.redis_connection import RedisConnection
from adapters.redis_fallback import RedisFallback
from adapters.redis_keys import RedisKeys
from adapters.redis_pool import RedisUnavailableError, numbers
from adapters.redis_scripts import Script
from domain.ids import SessionId, UserId
from domain.instants import Clock, instant_of, ms_of
from domain.ports.identity import SessionStore
from domain.sessions import ACCESS_TOKEN_LIFETIME, is_live

LIVE_MS = 5_000
"""Milliseconds between two reads of an active session."""

READING_MS = 1_000
"""Milliseconds for a read of the table; what comes later is not kept."""

ENDED_MS = (ACCESS_TOKEN_LIFETIME + timedelta(minutes=5)) // timedelta(milliseconds=1)
"""As long as tokens of the session may be shown, and as clocks may differ. Shorter would be as
safe, but each token of an ended session would cost a read of the table."""

ENDED = "ended"

_ENDED, _MINE_TO_READ = 0, -1
_NONCE_BYTES = 8

_RUN = """
local function run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
end
"""

_LIVENESS = (
    _RUN
    + """
local function liveness(key, nonce, reading_ms)
  local kept = redis.call('GET', key)
  if kept == 'ended' then return 0 end
  local this = run()
  if kept then
    local by, until_ms = string.match(kept, '^live:(%w+):(%d+)$')
    if by == this then return tonumber(until_ms) end
    if string.match(kept, '^reading:(%w+):') == this then return -2 end
  end
  redis.call('SET', key, 'reading:' .. this .. ':' .. nonce, 'PX', reading_ms)
  return -1
end
"""
)

_LOOK = Script(_LIVENESS + "return {liveness(KEYS[1], ARGV[1], ARGV[2])}")

_KEEP = Script(
    _RUN
    + """
local this = run()
if redis.call('GET', KEYS[1]) ~= 'reading:' .. this .. ':' .. ARGV[1] then return {0} end
local found = ARGV[2]
if found ~= 'ended' then found = 'live:' .. this .. ':' .. found end
redis.call('SET', KEYS[1], found, 'PX', ARGV[3])
return {1}
"""
)


class RedisAdmissions:
    """The Admissions of all processes: one round trip to Redis, now and then one to the table."""

    def __init__(
        self,
        connection: RedisConnection,
        *,
        keys: RedisKeys,
        sessions: SessionStore,
        clock: Clock,
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._sessions = sessions
        self._clock = clock
        self._fallback = RedisFallback(connection, "sessions are read from the table")
        self._nonces = (f"{secrets.token_hex(_NONCE_BYTES)}-{number}" for number in count())

    @property
    def is_degraded(self) -> bool:
        """Whether every request costs a read of the table at present."""
        return self._fallback.is_degraded

    async def live_until(self, user_id: UserId, session_id: SessionId) -> datetime | None:
        """See Admissions."""
        nonce, key = next(self._nonces), self._keys.session(user_id, session_id)
        try:
            (found,) = numbers(await self._connection.run(_LOOK, [key], nonce, READING_MS))
        except RedisUnavailableError as error:
            self._fallback.failed(error)
            return await self._read(user_id, session_id)
        return await self._followed(found, user_id, session_id, nonce)

    async def _followed(
        self, found: int, user_id: UserId, session_id: SessionId, nonce: str
    ) -> datetime | None:
        """Return what Redis has found, or else what the table says."""
        self._fallback.worked()
        if found == _ENDED:
            return None
        if found > 0:
            return instant_of(found)
        until = await self._read(user_id, session_id)
        if found == _MINE_TO_READ:
            self._keep(self._keys.session(user_id, session_id), nonce, until)
        return until

    async def _read(self, user_id: UserId, session_id: SessionId) -> datetime | None:
        session = await self._sessions.get(user_id, session_id)
        if session is None or not is_live(session, self._clock.now()):
            return None
        return session.expires_at

    def _keep(self, key: str, nonce: str, until: datetime | None) -> None:
        """Let others know, without waiting; if it comes to nothing, they ask the table, too."""
        if until is None:
            self._connection.post(_KEEP, [key], nonce, ENDED, ENDED_MS)
        elif until - self._clock.now() > timedelta(milliseconds=LIVE_MS):
            self._connection.post(_KEEP, [key], nonce, ms_of(until), LIVE_MS)
