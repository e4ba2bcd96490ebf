"""The journal: one immutable, balanced entry for each movement of money."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.accounts import Account, Position
from domain.assets import Quote
from domain.ids import AccountId, AssetId, CommandId, OrderId, UserId
from domain.money import Money, Quantity
from domain.orders import Order, OrderStatus

USD = "USD"


class EntryKind(StrEnum):
    """What moved the money."""

    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    ORDER_BUY = "ORDER_BUY"
    ORDER_SELL = "ORDER_SELL"
    ORDER_HOLD = "ORDER_HOLD"
    ORDER_RELEASE = "ORDER_RELEASE"
    CNY_REWARD = "CNY_REWARD"
    ADJUSTMENT = "ADJUSTMENT"
    RESET = "RESET"


class LedgerAccount(StrEnum):
    """Between whom a leg moves: two are the user's, the others stand for the world."""

    USER_AVAILABLE = "USER_AVAILABLE"
    USER_HELD = "USER_HELD"
    BANK = "BANK"
    MARKET = "MARKET"
    FEES = "FEES"
    REWARDS = "REWARDS"


USERS_OWN = frozenset({LedgerAccount.USER_AVAILABLE, LedgerAccount.USER_HELD})


@dataclass(frozen=True, slots=True)
class Leg:
    """So much of a unit (USD or an asset) into a ledger account, or out of it when negative."""

    account: LedgerAccount
    unit: str
    amount: Money | Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one version did, and what it left behind."""

    account_id: AccountId
    version: int
    kind: EntryKind
    legs: tuple[Leg, ...]
    at: datetime
    command_id: CommandId
    """Names the attempt that made it, so that an unknown outcome can be looked up."""
    epoch: int
    cash_change: Money
    cash_after: Money
    held_after: Money
    asset_id: AssetId | None = None
    quantity_change: Quantity | None = None
    quantity_after: Quantity | None = None
    quantity_held_after: Quantity | None = None
    cost_basis_after: Money | None = None
    realized_gain_after: Money | None = None
    order_id: OrderId | None = None
    order_status: OrderStatus | None = None
    quote: Quote | None = None
    """The price it was decided on."""
    is_red_pocket: bool | None = None
    cancelled_orders: tuple[OrderId, ...] = ()

    @property
    def id(self) -> str:
        """Name the entry: the account and the version."""
        return f"txn_{self.account_id.removeprefix('acc_')}_{self.version}"

    def __post_init__(self) -> None:
        """Refuse an entry that would make or lose anything."""
        off = {unit: units for unit, units in balances(self.legs).items() if units}
        if off:
            message = f"legs of version {self.version} don't sum to zero: {off}"
            raise ValueError(message)


def balances(legs: Iterable[Leg]) -> dict[str, int]:
    """Return the sum of legs by unit, in each unit's smallest units."""
    sums: dict[str, int] = defaultdict(int)
    for leg in legs:
        sums[leg.unit] += leg.amount.units
    return dict(sums)


@dataclass(frozen=True, slots=True)
class RewardSlot:
    """One of the rewards that a user may claim on one UTC day; used at most once."""

    user_id: UserId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All that one command does to an account, to be written in one transaction."""

    before: Account
    account: Account
    entry: Entry
    position: Position | None = None
    order: Order | None = None
    was_resting: bool = False
    """Whether `order` was open before, and so has a place in the book to leave."""
    reward_slot: RewardSlot | None = None
    """The reward of the day that it uses up; no other command may have."""

    def __post_init__(self) -> None:
        """Hold the aggregate's own law: one version, one entry, in the order of time."""
        version = self.before.version + 1
        if not (self.account.version == self.entry.version == version):
            message = f"a change of version {self.before.version} makes version {version}"
            raise ValueError(message)
        if self.account.changed_asset != (self.position.asset_id if self.position else None):
            message = f"version {version} names another asset than that of its position"
            raise ValueError(message)
        if self.entry.at < self.before.changed_at:
            message = "an entry may not lie before the last one"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNote:
    """An order's state that moves nothing, to be written beside an account that stays as it is.

    It has no entry and makes no version: an order that ended on arrival, or one that a reset has
    ended already.
    """

    account: Account
    order: Order
    was_resting: bool = False
    """Whether the order has a place in the book to leave; else it is new."""

    def __post_init__(self) -> None:
        """Hold that it moves nothing."""
        order = self.order
        if order.status is not OrderStatus.CANCELLED or order.held_cash or order.held_quantity:
            message = f"{order.id} is {order.status}: what is noted has ended and holds nothing"
            raise ValueError(message)


def usd(account: LedgerAccount, amount: Money) -> Leg:
    """Return a leg of dollars."""
    return Leg(account, USD, amount)


def nonzero(*legs: Leg) -> tuple[Leg, ...]:
    """Leave out legs that move nothing."""
    return tuple(leg for leg in legs if leg.amount)
