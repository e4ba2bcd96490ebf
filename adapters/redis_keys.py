"""The names of everything that is in Redis.

| name | what it is | lifetime |
|---|---|---|
| `cnop:session:<user>:<session>` | a live session; or one that is being read | 5 s; or 1 s |
| the same | an ended session | 65 min |
| `cnop:budget:<name>:<hash>` | what is left of a budget | until it is full again |
| `cnop:minute:<name>:<hash>` | requests of a minute | 1 min |
| `cnop:logins:<hash>` | failed logins, or a lock | 5 min |
| `cnop:ticks` | the channel of ticks | none: nothing is kept |
| `cnop:hints:<topic>` | a channel of hints | none: nothing is kept |

Memory: a key takes 150 to 250 bytes with its value and lifetime. There is one of each session that
was active in the last 5 s, one of each end in the last 65 min, one of each subject that spent from
a budget lately (20 s at the default cost limits) or asked in the last minute, and two of each login
that failed in the last 5 min. With 10,000 active sessions, 100,000 ends an hour, 100,000 subjects
of each kind and 10,000 failed logins that is about 80 MB; a `maxmemory` of 256 MB is ample. Every
lifetime is set with its value, so nothing is ever left behind.

Whatever Redis forgets, by a restart or by eviction, the table still knows; but for counts: what was
spent, and who was locked out, is forgotten, and nothing else.

Subjects are hashed, so no address and no name of a person is stored, and no name is longer than
that of a session. One script names two keys without a hash tag, and channels are not sharded: Redis
stands alone or with replicas, not as a cluster of slots. Channels are one for all its databases:
what tells systems apart is the prefix, not a number in the address.

A user of Redis needs these rights and no others (version 6 or newer, or Valkey):
`~cnop:* &cnop:* +ping +info +time +eval +evalsha +get +set +del +incr +pttl +pexpire +publish
+subscribe +unsubscribe`
"""

from dataclasses import dataclass
from hashlib import sha256

from domain.ids import SessionId, UserId

_HASH_CHARACTERS = 32
"""128 bits: two subjects never share a key, even if somebody tries."""


@dataclass(frozen=True, slots=True)
class RedisKeys:
    """Makes names that begin with a prefix, so that several systems can share one Redis."""

    prefix: str = "cnop"

    @property
    def ticks(self) -> str:
        """Return the channel of ticks."""
        return f"{self.prefix}:ticks"

    def hints(self, topic: str) -> str:
        """Return the channel of a topic's hints."""
        return f"{self.prefix}:hints:{topic}"

    def session(self, user_id: UserId, session_id: SessionId) -> str:
        """Return where it stands whether a session is live."""
        return f"{self.prefix}:session:{user_id}:{session_id}"

    def budget(self, name: str, subject: str) -> str:
        """Return where a subject's budget of this name stands."""
        return f"{self.prefix}:budget:{name}:{_hash(subject)}"

    def minute(self, name: str, subject: str) -> str:
        """Return where a subject's requests of this name are counted."""
        return f"{self.prefix}:minute:{name}:{_hash(subject)}"

    def logins(self, subject: str) -> str:
        """Return where failed logins count against a subject."""
        return f"{self.prefix}:logins:{_hash(subject)}"


def _hash(subject: str) -> str:
    return sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARACTERS]
