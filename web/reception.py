"""Where every operation begins: who asks, from where, and what they may call."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.identity import Identity
from domain.login_attempts import network_of
from domain.outages import OutageError
from domain.sessions import NotAuthenticatedError, NotAuthenticatedReason, Viewer
from resolvers.budgets import BudgetRules, Purse
from resolvers.context import Request, Services
from schema.context import Context
from subscriptions.accounts import AccountBroadcast
from subscriptions.prices import PriceBroadcast
from web.graphql_errors import SERVICE_UNAVAILABLE, RequestRefusedError
from web.logs import current_request


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request says of itself; nothing of it is proven."""

    address: str
    authorization: str | None = None
    is_cost_only: bool = False
    """Whether only the price of the operation is asked for."""


class Reception:
    """Makes a context for each operation, anew: a session may have ended since the last one."""

    def __init__(
        self,
        services: Services,
        *,
        prices: PriceBroadcast,
        entries: AccountBroadcast,
        budgets: BudgetRules | None = None,
        used: Callable[[], None] | None = None,
    ) -> None:
        """Take the services; `used` is told of each operation."""
        self._services = services
        self._prices = prices
        self._entries = entries
        self._budgets = budgets
        self._used = used

    async def context(self, caller: Caller) -> Context:
        """Return a caller's context; a token that opens nothing makes a stranger of them.

        Raises RequestRefusedError when nobody can tell who they are at present.
        """
        if self._used is not None:
            self._used()
        viewer, failure = None, None
        try:
            viewer = await self.viewer(caller)
        except NotAuthenticatedError as error:
            failure = error.reason
        notes = current_request.get()
        request = Request(
            self._services,
            request_id=notes.request_id if notes else "",
            address=caller.address,
            viewer=viewer,
            sign_in_failure=failure,
        )
        subject = f"user:{viewer.user_id}" if viewer else f"address:{network_of(caller.address)}"
        return Context(
            request=request,
            prices=self._prices,
            entries=self._entries,
            purse=Purse(self._budgets, subject) if self._budgets else None,
            is_cost_only=caller.is_cost_only,
        )

    async def viewer(self, caller: Caller) -> Viewer | None:
        """Return whose token it is; None for who has none.

        Raises NotAuthenticatedError, and RequestRefusedError as `context` does.
        """
        if caller.authorization is None:
            return None
        scheme, _, token = caller.authorization.strip().partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticatedError(NotAuthenticatedReason.INVALID)
        identity: Identity = self._services.identity
        try:
            viewer = await identity.authenticate(token.strip())
        except OutageError as error:
            raise RequestRefusedError(
                503,
                "Sessions can't be checked at present; nothing was done. Try again soon.",
                SERVICE_UNAVAILABLE,
            ) from error
        notes = current_request.get()
        if notes is not None:
            notes.user = viewer.user_id
        return viewer
