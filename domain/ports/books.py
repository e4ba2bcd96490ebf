"""The book: which open orders wait for a price, and when they end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.ids import AccountId, AssetId, OrderId
from domain.money import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An order in the book: whose it is, and the price that it waits for."""

    account_id: AccountId
    order_id: OrderId
    asset_id: AssetId
    level: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """An order in the list of ends: whose it is, and what it trades."""

    account_id: AccountId
    order_id: OrderId
    asset_id: AssetId


class BookStore(Protocol):
    """Finds open orders by price and by end.

    Every read is strong: an order is there from the moment its placing is acknowledged, until that
    of its end is. Every method raises OutageError when the store can't answer.
    """

    async def met(self, asset_id: AssetId, price: Price) -> Sequence[Waiting]:
        """Return the orders that a price sets off, by price and time.

        First those whose level the price has passed by most, of one level the oldest. It costs two
        queries, and more only for what it finds.
        """

    async def all_in(self, asset_id: AssetId) -> Sequence[Waiting]:
        """Return all orders that wait in an asset."""

    async def due(self, hour: datetime, now: datetime) -> Sequence[Ending]:
        """Return all orders that end within an hour and at `now` at the latest, in that order."""

    async def swept_through(self) -> datetime | None:
        """Return the hour before which nothing is left to end; None when nobody has said."""

    async def mark_swept(self, hour: datetime) -> None:
        """Note the hour before which nothing is left to end. Raises OutcomeUnknownError too."""
