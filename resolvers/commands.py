"""Money commands: from what a client typed to what the ledger made of it."""

from collections.abc import Callable
from typing import TypeVar

from domain.commands import Command
from domain.ids import IdempotencyKey
from domain.inputs import Problems
from domain.ledger import Outcome, Wish
from domain.refusals import Refusal, UserError
from domain.sessions import NotAuthenticatedError, NotAuthenticatedReason
from resolvers.context import Request

CommandT = TypeVar("CommandT", bound=Command)
ResultT = TypeVar("ResultT")


async def carry_out(request: Request, build: Callable[[], Command], key: str | None) -> Outcome:
    """Read the input, then have the ledger do it once.

    What is wrong with the input is refused before the key is looked at. Raises
    NotAuthenticatedError, OutageError and OutcomeUnknownError.
    """
    viewer = request.signed_in()
    command, checked_key, errors = read(build, key)
    if command is None or errors:
        account = await request.services.accounts.account(viewer.account_id)
        if account is None:
            raise NotAuthenticatedError(NotAuthenticatedReason.REVOKED)
        return Outcome(account=account, errors=errors)
    wish = Wish(
        user_id=viewer.user_id, account_id=viewer.account_id, command=command, key=checked_key
    )
    async with request.services.command_turn():
        outcome = await request.services.ledger.carry_out(wish)
    request.forget()
    if outcome.order is not None:
        request.loaders.orders.prime(outcome.order.id, outcome.order)
    return outcome


def read(
    build: Callable[[], CommandT], key: str | None
) -> tuple[CommandT | None, IdempotencyKey | None, tuple[UserError, ...]]:
    """Return the command and its key, and everything that is wrong with either."""
    problems = Problems()
    checked_key = problems.key(key, "input", "idempotencyKey")
    command, errors = _attempted(build)
    _, key_errors = _attempted(problems.settle)
    return command, checked_key, (*errors, *key_errors)


def _attempted(action: Callable[[], ResultT]) -> tuple[ResultT | None, tuple[UserError, ...]]:
    """Return what an action gives, or what it was refused for."""
    try:
        return action(), ()
    except Refusal as refusal:
        return None, refusal.errors
