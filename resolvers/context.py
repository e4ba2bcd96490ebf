"""What a request knows: who asks, from where, and what it may call and load."""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.identity import Identity
from domain.insights import Insights
from domain.ledger import Ledger
from domain.market_clock import MarketClock
from domain.market_turns import Turn
from domain.ports.accounts import AccountStore
from domain.ports.budgets import MinuteCounts
from domain.ports.candles import Candles
from domain.ports.markets import AssetStore
from domain.price_board import PriceBoard
from domain.reset_sweeps import ResetSweeps
from domain.rules import TradingRules
from domain.sessions import NotAuthenticatedError, NotAuthenticatedReason, Viewer
from resolvers.loaders import Loaders


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the domain offers to all requests of a process."""

    identity: Identity
    ledger: Ledger
    sweeps: ResetSweeps
    accounts: AccountStore
    assets: AssetStore
    board: PriceBoard
    candles: Candles
    """Of our own prices alone: they never change."""
    shown_candles: Candles
    """The same, with gaps filled as well as may be."""
    rules: TradingRules
    market_source: str
    insights: Insights
    market_clock: MarketClock
    sign_in_counts: MinuteCounts | None = None
    """Sign-ins of each address; None where they aren't limited."""
    command_turn: Turn = nullcontext
    """What a command that may move money is done in; a live market keeps none waiting."""


class Request:
    """One request, or one operation on a websocket.

    A failed sign-in is kept rather than raised: what is public is answered all the same.
    """

    def __init__(
        self,
        services: Services,
        *,
        request_id: str,
        address: str,
        viewer: Viewer | None = None,
        sign_in_failure: NotAuthenticatedReason | None = None,
    ) -> None:
        self.services: Final = services
        self.request_id: Final = request_id
        self.address: Final = address
        self.viewer = viewer
        self._sign_in_failure = sign_in_failure
        self.has_failed = False
        """Whether something could not be shown for a fault on our side."""
        self.rows_passed_over = 0
        """Rows that were read for filtered lists and did not match: part of what it costs."""
        self.loaders = self._fresh_loaders()

    def sign_in(self, viewer: Viewer) -> None:
        """Go on as who has just signed in, so that the payload can show what is theirs."""
        self.viewer = viewer
        self.forget()

    def sign_out(self) -> None:
        """Go on as a stranger: what follows in the same document is nobody's."""
        self.viewer, self._sign_in_failure = None, NotAuthenticatedReason.REVOKED
        self.forget()

    def forget(self) -> None:
        """Load everything anew from here on: after a change, or for a stream's next event."""
        self.loaders = self._fresh_loaders()

    def signed_in(self) -> Viewer:
        """Return who asks. Raises NotAuthenticatedError for strangers, saying why they are."""
        if self.viewer is None:
            raise NotAuthenticatedError(self._sign_in_failure or NotAuthenticatedReason.MISSING)
        return self.viewer

    def market_now(self) -> datetime:
        """Return the present instant of the market."""
        return self.services.market_clock.market_now()

    def _fresh_loaders(self) -> Loaders:
        return Loaders(
            identity=self.services.identity,
            accounts=self.services.accounts,
            assets=self.services.assets,
            board=self.services.board,
            candles=self.services.candles,
            shown_candles=self.services.shown_candles,
            market_clock=self.services.market_clock,
            viewer=self.viewer,
        )
