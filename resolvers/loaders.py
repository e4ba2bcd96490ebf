"""Dataloaders: whatever stands beside a list is looked up in one batch, however long the list."""

from collections.abc import Sequence
from functools import cached_property

from aiodataloader import DataLoader

from domain.accounts import Position
from domain.assets import Asset
from domain.ids import AssetId, OrderId
from domain.orders import Order, OrderStatus, seen_from
from domain.ports.accounts import AccountStore
from domain.ports.markets import AssetStore
from domain.price_board import PriceBoard
from domain.sessions import Viewer


class Loaders:
    """The batches of one request. What isn't the viewer's own is loaded as None."""

    def __init__(
        self,
        *,
        accounts: AccountStore,
        assets: AssetStore,
        board: PriceBoard,
        viewer: Viewer | None,
    ) -> None:
        self._accounts = accounts
        self._assets = assets
        self._board = board
        self._viewer = viewer

    @cached_property
    def assets(self) -> "DataLoader[AssetId, Asset | None]":
        """Assets by id."""
        return DataLoader(self._load_assets)

    @cached_property
    def orders(self) -> "DataLoader[OrderId, Order | None]":
        """The viewer's orders by id."""
        return DataLoader(self._load_orders)

    @cached_property
    def positions(self) -> "DataLoader[AssetId, Position | None]":
        """The viewer's positions by asset; one query reads them all."""
        return DataLoader(self._load_positions)

    async def _load_assets(self, asset_ids: Sequence[AssetId]) -> list[Asset | None]:
        """Look on the board; for what isn't there, read the stored assets once."""
        found = [self._board.asset(asset_id) for asset_id in asset_ids]
        if all(found):
            return found
        stored = {state.id: state.asset for state in await self._assets.load()}
        return [
            asset or stored.get(asset_id) for asset_id, asset in zip(asset_ids, found, strict=True)
        ]

    async def _load_orders(self, order_ids: Sequence[OrderId]) -> list[Order | None]:
        if self._viewer is None:
            return [None] * len(order_ids)
        account_id = self._viewer.account_id
        found = await self._accounts.orders(account_id, order_ids)
        if any(order.status is OrderStatus.OPEN for order in found.values()):
            account = await self._accounts.account(account_id)
            if account is not None:
                found = {key: seen_from(order, account) for key, order in found.items()}
        return [found.get(order_id) for order_id in order_ids]

    async def _load_positions(self, asset_ids: Sequence[AssetId]) -> list[Position | None]:
        if self._viewer is None:
            return [None] * len(asset_ids)
        holdings = await self._accounts.holdings(self._viewer.account_id)
        found = {held.asset_id: held for held in holdings.positions if held.quantity}
        return [found.get(asset_id) for asset_id in asset_ids]
