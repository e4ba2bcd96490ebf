"""Going on without Redis, and saying so once."""

import logging

from adapters.redis_connection import RedisConnection
from adapters.redis_pool import RedisUnavailableError

_LOG = logging.getLogger(__name__)


class RedisFallback:
    """Knows whether one use of Redis has to do without it at present.

    `meanwhile` is what that means, for the log. It is over once Redis has answered this very use
    and is trusted again: an answer to somebody else, or a single one, proves little.
    """

    def __init__(self, connection: RedisConnection, meanwhile: str) -> None:
        self._connection = connection
        self._meanwhile = meanwhile
        self._is_degraded = False

    @property
    def is_degraded(self) -> bool:
        """Whether this use does without Redis."""
        return self._is_degraded

    def failed(self, error: RedisUnavailableError) -> None:
        """Note that Redis did not answer."""
        if not self._is_degraded:
            self._is_degraded = True
            _LOG.warning("Without Redis, %s: %s", self._meanwhile, error)

    def worked(self) -> None:
        """Note that it did."""
        if self._is_degraded and not self._connection.is_degraded:
            self._is_degraded = False
            _LOG.info("With Redis again, it is over that %s.", self._meanwhile)
