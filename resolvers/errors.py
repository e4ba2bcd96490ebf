"""What a request itself can get wrong, outside of any mutation's own refusals."""

from datetime import timedelta


class BadInputError(Exception):
    """An argument breaks a rule; the message names it, what was found and what is allowed."""


class RateLimitedError(Exception):
    """Somebody asked for this too often; nothing was done, and `retry_after` says when it will be.

    The message says what was asked for, and how often is allowed.
    """

    def __init__(self, message: str, *, retry_after: timedelta) -> None:
        self.retry_after = retry_after
        super().__init__(message)
