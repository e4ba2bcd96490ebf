"""The tokens of transactions done lately, so that repeating one has no second effect."""

from collections import OrderedDict
from collections.abc import Hashable

from adapters.table import TableRefusedError

REMEMBERED_S = 600
"""Ten minutes, as long as DynamoDB remembers a ClientRequestToken."""

TOKENS_MAX = 100_000
"""About 20 MB; the oldest is forgotten first, also before its time."""


class RecentTokens:
    """A bounded memory of tokens, each with a fingerprint of what was done under it.

    It lives in the process: a token of before a restart is forgotten, and repeating its
    transaction fails the transaction's own conditions.
    """

    def __init__(self) -> None:
        self._done: OrderedDict[str, tuple[Hashable, float]] = OrderedDict()

    def remember(self, token: str, fingerprint: Hashable, now_s: float) -> None:
        """Keep a token whose transaction is written."""
        self._done[token] = (fingerprint, now_s)
        while self._done:
            _, (_, done_at_s) = next(iter(self._done.items()))
            if len(self._done) <= TOKENS_MAX and now_s - done_at_s < REMEMBERED_S:
                return
            self._done.popitem(last=False)

    def forget(self, token: str) -> None:
        """Drop a token whose transaction turned out not to be committed."""
        self._done.pop(token, None)

    def is_done(self, token: str, fingerprint: Hashable, now_s: float) -> bool:
        """Tell whether exactly this was done under the token.

        Raises TableRefusedError when something else was.
        """
        found, done_at_s = self._done.get(token, (None, 0.0))
        if found is None or now_s - done_at_s >= REMEMBERED_S:
            return False
        if found != fingerprint:
            raise TableRefusedError(f"the token {token} names another transaction")
        return True
