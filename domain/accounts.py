"""The account aggregate: one user's cash, holds, version and day counters, and its positions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.ids import AccountId, AssetId
from domain.money import NO_MONEY, NO_QUANTITY, Money, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Cash and counters as of `version`, the number of journal entries made so far."""

    id: AccountId
    version: int
    epoch: int
    """Counts resets; what an older epoch wrote about positions and orders is void."""
    cash: Money
    held: Money
    """What of `cash` is reserved for open buys."""
    day: date
    """The UTC day that the three counters below belong to; it never goes back."""
    deposited: Money
    withdrawn: Money
    day_baseline: Money
    """Cash at the day's start, plus deposits less withdrawals since: what no market moved."""
    open_orders: int
    created_at: datetime
    changed_at: datetime
    changed_asset: AssetId | None = None
    """Whose position the last change wrote too; a reader of both can tell that it is missing."""

    def __post_init__(self) -> None:
        """Hold what must always hold, on every account that is ever made."""
        if not NO_MONEY <= self.held <= self.cash:
            message = f"held {self.held} must lie between 0 and cash {self.cash}"
            raise ValueError(message)
        if min(self.version, self.epoch, self.open_orders) < 0:
            message = "version, epoch and open orders count from 0"
            raise ValueError(message)

    @property
    def available(self) -> Money:
        """What can be spent or withdrawn."""
        return self.cash - self.held

    def on(self, today: date) -> "Account":
        """Return the account with the counters of a day: max(stored, today)."""
        if today <= self.day:
            return self
        return replace(
            self, day=today, deposited=NO_MONEY, withdrawn=NO_MONEY, day_baseline=self.cash
        )

    def changed(self, at: datetime, asset_id: AssetId | None = None) -> "Account":
        """Return the account as the next version, made with a position in an asset or none."""
        return replace(self, version=self.version + 1, changed_at=at, changed_asset=asset_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What an account has of one asset, at average cost."""

    account_id: AccountId
    asset_id: AssetId
    quantity: Quantity
    held: Quantity
    """What of `quantity` is reserved for open sales."""
    cost_basis: Money
    realized_gain: Money
    day: date
    day_quantity: Quantity
    """What there was at the start of `day`."""
    version: int
    """Account version that wrote it; 0 when there never was one."""
    epoch: int

    def __post_init__(self) -> None:
        """Hold what must always hold, on every position that is ever made."""
        if not NO_QUANTITY <= self.held <= self.quantity:
            message = f"held {self.held} must lie between 0 and quantity {self.quantity}"
            raise ValueError(message)
        if self.cost_basis < NO_MONEY or (self.cost_basis and not self.quantity):
            message = f"a cost basis of {self.cost_basis} needs a quantity"
            raise ValueError(message)

    @property
    def available(self) -> Quantity:
        """What can be sold."""
        return self.quantity - self.held

    def on(self, today: date) -> "Position":
        """Return the position with the counter of a day: max(stored, today)."""
        if today <= self.day:
            return self
        return replace(self, day=today, day_quantity=self.quantity)


def opened(account_id: AccountId, at: datetime) -> Account:
    """Return a new, empty account."""
    return Account(
        id=account_id,
        version=0,
        epoch=0,
        cash=NO_MONEY,
        held=NO_MONEY,
        day=at.date(),
        deposited=NO_MONEY,
        withdrawn=NO_MONEY,
        day_baseline=NO_MONEY,
        open_orders=0,
        created_at=at,
        changed_at=at,
    )


def no_position(account: Account, asset_id: AssetId) -> Position:
    """Return the position of somebody who never had any of the asset."""
    return Position(
        account_id=account.id,
        asset_id=asset_id,
        quantity=NO_QUANTITY,
        held=NO_QUANTITY,
        cost_basis=NO_MONEY,
        realized_gain=NO_MONEY,
        day=account.day,
        day_quantity=NO_QUANTITY,
        version=0,
        epoch=account.epoch,
    )


def current(account: Account, position: Position | None, asset_id: AssetId) -> Position:
    """Return the position as this account sees it: one of an older epoch is empty."""
    if position is None or position.epoch < account.epoch:
        return no_position(account, asset_id)
    return position


def are_of_one_version(account: Account, positions: Iterable[Position]) -> bool:
    """Tell whether positions, of whatever epochs, were read as of the account's version.

    None may be newer, and the one that was written with the account must be there as it was.
    """
    versions = {position.asset_id: position.version for position in positions}
    is_none_newer = all(version <= account.version for version in versions.values())
    changed = account.changed_asset
    return is_none_newer and (changed is None or versions.get(changed) == account.version)
