"""Dataloaders: whatever stands beside a list is looked up in one batch, however long the list."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from aiodataloader import DataLoader

from domain.accounts import Account, Position
from domain.assets import Asset
from domain.candles import Candle, CandleQuery
from domain.identity import Identity
from domain.ids import AccountId, AssetId, OrderId, UserId
from domain.market_clock import MarketClock
from domain.orders import Order, OrderStatus, seen_from
from domain.portfolio_histories import PortfolioHistories
from domain.portfolio_history import HistoryRange, PortfolioPoint
from domain.portfolios import Portfolio, portfolio
from domain.ports.accounts import AccountStore, Holdings
from domain.ports.candles import Candles
from domain.ports.markets import AssetStore
from domain.price_board import PriceBoard
from domain.sessions import Viewer
from domain.users import User

History = tuple[PortfolioPoint, ...]


class Loaders:
    """The batches of one request. What isn't the viewer's own is loaded as None."""

    def __init__(
        self,
        *,
        identity: Identity,
        accounts: AccountStore,
        assets: AssetStore,
        board: PriceBoard,
        candles: Candles,
        shown_candles: Candles,
        market_clock: MarketClock,
        viewer: Viewer | None,
    ) -> None:
        self._identity = identity
        self._accounts = accounts
        self._assets = assets
        self._board = board
        self._candles = candles
        self._shown_candles = shown_candles
        self._market_clock = market_clock
        self._viewer = viewer

    @cached_property
    def assets(self) -> "DataLoader[AssetId, Asset | None]":
        """Assets by id."""
        return DataLoader(self._load_assets)

    @cached_property
    def candles(self) -> "DataLoader[CandleQuery, tuple[Candle, ...]]":
        """Candles by what is asked of them; one or two range queries for each asset."""
        return DataLoader(self._shown_candles.find)

    @cached_property
    def users(self) -> "DataLoader[UserId, User | None]":
        """The viewer's user by id."""
        return DataLoader(self._load_users)

    @cached_property
    def accounts(self) -> "DataLoader[AccountId, Account | None]":
        """The viewer's account by id."""
        return DataLoader(self._load_accounts)

    @cached_property
    def orders(self) -> "DataLoader[OrderId, Order | None]":
        """The viewer's orders by id."""
        return DataLoader(self._load_orders)

    @cached_property
    def positions(self) -> "DataLoader[AssetId, Position | None]":
        """The viewer's positions by asset; one query reads them all."""
        return DataLoader(self._load_positions)

    @cached_property
    def portfolios(self) -> "DataLoader[AccountId, Portfolio]":
        """Portfolios by account, for who has checked whose it is."""
        return DataLoader(self._load_portfolios)

    @cached_property
    def histories(self) -> "DataLoader[tuple[AccountId, HistoryRange], History]":
        """Histories by account and range, for who has checked whose it is.

        Each is read and worked out once, however many fields ask for it: it may take 20,000 rows.
        """
        return DataLoader(self._load_histories)

    @cached_property
    def _holdings(self) -> "DataLoader[AccountId, Holdings]":
        return DataLoader(self._load_holdings)

    async def seen_now(self, orders: Iterable[Order]) -> list[Order]:
        """Return orders of the viewer's as the account sees them; a reset has cancelled some."""
        found = list(orders)
        if self._viewer is None or all(order.status is not OrderStatus.OPEN for order in found):
            return found
        account = await self.accounts.load(self._viewer.account_id)
        return found if account is None else [seen_from(order, account) for order in found]

    async def _load_assets(self, asset_ids: Sequence[AssetId]) -> list[Asset | None]:
        """Look on the board; for what isn't there, read the stored assets once.

        All that the board has is of one tick: nothing is awaited between two of its prices.
        """
        found = [self._board.asset(asset_id) for asset_id in asset_ids]
        if all(found):
            return found
        stored = {state.id: state.asset for state in (await self._assets.load()).states}
        return [
            asset or stored.get(asset_id) for asset_id, asset in zip(asset_ids, found, strict=True)
        ]

    async def _load_users(self, user_ids: Sequence[UserId]) -> list[User | None]:
        viewer = self._viewer
        if viewer is None or viewer.user_id not in user_ids:
            return [None] * len(user_ids)
        user = await self._identity.user(viewer.user_id)
        return [user if user_id == viewer.user_id else None for user_id in user_ids]

    async def _load_accounts(self, account_ids: Sequence[AccountId]) -> list[Account | None]:
        viewer = self._viewer
        if viewer is None or viewer.account_id not in account_ids:
            return [None] * len(account_ids)
        account = await self._accounts.account(viewer.account_id)
        return [account if account_id == viewer.account_id else None for account_id in account_ids]

    async def _load_orders(self, order_ids: Sequence[OrderId]) -> list[Order | None]:
        if self._viewer is None:
            return [None] * len(order_ids)
        stored = await self._accounts.orders(self._viewer.account_id, order_ids)
        found = {order.id: order for order in await self.seen_now(stored.values())}
        return [found.get(order_id) for order_id in order_ids]

    async def _load_positions(self, asset_ids: Sequence[AssetId]) -> list[Position | None]:
        if self._viewer is None:
            return [None] * len(asset_ids)
        holdings = await self._holdings.load(self._viewer.account_id)
        found = {held.asset_id: held for held in holdings.positions if held.quantity}
        return [found.get(asset_id) for asset_id in asset_ids]

    async def _load_portfolios(self, account_ids: Sequence[AccountId]) -> list[Portfolio]:
        return [await self._portfolio(account_id) for account_id in account_ids]

    async def _portfolio(self, account_id: AccountId) -> Portfolio:
        """Value what an account holds, at prices that were looked up together."""
        holdings = await self._holdings.load(account_id)
        asset_ids = [position.asset_id for position in holdings.positions]
        found = await self._load_assets(asset_ids)
        assets = {asset.id: asset for asset in found if asset is not None}
        return portfolio(
            holdings.account, holdings.positions, assets, self._market_clock.market_now()
        )

    async def _load_histories(
        self, asked: Sequence[tuple[AccountId, HistoryRange]]
    ) -> list[History]:
        """Work out one after the other; what is wrong with one is wrong with all."""
        histories = PortfolioHistories(
            accounts=self._accounts, candles=self._candles, market_clock=self._market_clock
        )
        return [await histories.history(account_id, one) for account_id, one in asked]

    async def _load_holdings(self, account_ids: Sequence[AccountId]) -> list[Holdings]:
        return [await self._accounts.holdings(account_id) for account_id in account_ids]
