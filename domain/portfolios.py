"""What an account is worth: its cash and positions, valued at one set of prices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.accounts import Account, Position
from domain.assets import Asset
from domain.ids import AccountId, AssetId
from domain.money import (
    NO_MONEY,
    Money,
    Percent,
    Price,
    Quantity,
    average_cost,
    percent_of,
    proceeds_of,
)

POSITIONS_MAX = 250
"""Positions shown in a portfolio; there are no more assets than that."""


@dataclass(frozen=True, slots=True)
class ValuedPosition:
    """A position at a price, and the worth of all that it is a part of, where that is known."""

    position: Position
    asset: Asset
    market_value: Money
    total_value: Money | None = None

    @property
    def id(self) -> str:
        """Name the position: the account and the asset."""
        owner = self.position.account_id.removeprefix("acc_")
        return f"pos_{owner}_{self.position.asset_id}"

    @property
    def asset_id(self) -> AssetId:
        """What it is a position in."""
        return self.position.asset_id

    @property
    def quantity(self) -> Quantity:
        """What there is of it."""
        return self.position.quantity

    @property
    def available(self) -> Quantity:
        """What of it can be sold."""
        return self.position.available

    @property
    def held(self) -> Quantity:
        """What of it is reserved for open sales."""
        return self.position.held

    @property
    def cost_basis(self) -> Money:
        """What was paid for it."""
        return self.position.cost_basis

    @property
    def realized_gain(self) -> Money:
        """What sales of it have gained so far."""
        return self.position.realized_gain

    @property
    def average_cost(self) -> Price:
        """The cost basis for one whole unit."""
        return average_cost(self.position.cost_basis, self.position.quantity)

    @property
    def unrealized_gain(self) -> Money:
        """What selling it all now would gain, before fees."""
        return self.market_value - self.position.cost_basis

    @property
    def unrealized_gain_percent(self) -> Percent | None:
        """The gain against the cost basis; None when that is nothing."""
        return percent_of(self.unrealized_gain, self.position.cost_basis)

    def share_of(self, total_value: Money) -> Percent:
        """Return its share of cash plus assets; zero of nothing."""
        return percent_of(self.market_value, total_value) or Percent(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """An account valued as of one version and one instant."""

    account: Account
    as_of: datetime
    asset_value: Money
    realized_gain: Money
    unrealized_gain: Money
    day_change: Money
    day_change_percent: Percent | None
    positions: tuple[ValuedPosition, ...]
    """What there is, largest value first."""

    @property
    def id(self) -> AccountId:
        """Name the portfolio: it is the account's."""
        return self.account.id

    @property
    def version(self) -> int:
        """The account version that it describes."""
        return self.account.version

    @property
    def cash(self) -> Money:
        """All cash."""
        return self.account.cash

    @property
    def available(self) -> Money:
        """What can be spent."""
        return self.account.available

    @property
    def held(self) -> Money:
        """What is reserved for open buys."""
        return self.account.held

    @property
    def total_value(self) -> Money:
        """Cash and assets."""
        return self.account.cash + self.asset_value


def valued(position: Position, asset: Asset) -> ValuedPosition:
    """Value a position at the asset's last price: what a sale would bring before fees."""
    return ValuedPosition(position, asset, proceeds_of(position.quantity, asset.price))


def portfolio(
    account: Account,
    positions: tuple[Position, ...],
    assets: Mapping[AssetId, Asset],
    now: datetime,
) -> Portfolio:
    """Value an account and the positions of its epoch, sold-out ones included.

    The day's change is what the total gained since 00:00 UTC beyond deposits and withdrawals: the
    value now, less the cash and the quantities of 00:00 at the prices of 00:00.
    """
    valuations = [valued(position, assets[position.asset_id]) for position in positions]
    asset_value = _sum(item.market_value for item in valuations)
    total = account.cash + asset_value
    opening = account.on(now.date()).day_baseline + _sum(
        proceeds_of(
            position.on(now.date()).day_quantity, assets[position.asset_id].day_open(now.date())
        )
        for position in positions
    )
    held = [replace(item, total_value=total) for item in valuations if item.quantity]
    held.sort(key=lambda item: (-item.market_value.units, item.asset.id))
    return Portfolio(
        account=account,
        as_of=now,
        asset_value=asset_value,
        realized_gain=_sum(position.realized_gain for position in positions),
        unrealized_gain=_sum(item.unrealized_gain for item in valuations),
        day_change=total - opening,
        day_change_percent=percent_of(total - opening, opening) if opening > NO_MONEY else None,
        positions=tuple(held[:POSITIONS_MAX]),
    )


def _sum(amounts: Iterable[Money]) -> Money:
    return Money(sum(amount.units for amount in amounts))
