"""Long connections end with the session that opened them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from domain.sessions import NotAuthenticatedError, NotAuthenticatedReason
from web.graphql_errors import RequestRefusedError
from web.reception import Caller, Reception

LOOK_EVERY = timedelta(seconds=5)
"""How long a connection may outlive its token or its session: one reading of the session each time,
against private events told to whoever found a laptop open."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for so many seconds."""


async def end_of_session(
    reception: Reception, caller: Caller, *, look_every: timedelta, sleep: Sleep
) -> NotAuthenticatedReason:
    """Return why a caller who was signed in is so no more, once that is so.

    Fails open while sessions can't be read, until the token expires: that needs no reading.
    """
    while True:
        await sleep(look_every.total_seconds())
        if reason := await ended(reception, caller):
            return reason


async def ended(reception: Reception, caller: Caller) -> NotAuthenticatedReason | None:
    """Return why a caller is signed in no more; None for who is, or who may be."""
    try:
        await reception.viewer(caller)
    except NotAuthenticatedError as error:
        return error.reason
    except RequestRefusedError:
        return None
    return None
