"""Replaying an account's journal: every entry must follow from those before it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.accounts import Account, Position, current, opened
from domain.ids import AccountId, AssetId, CommandId, OrderId
from domain.journal import USD, USERS_OWN, Entry, EntryKind, LedgerAccount
from domain.money import NO_MONEY, NO_QUANTITY, AmountError, Fixed, Money, Quantity, share_of_basis
from domain.orders import OrderStatus

COUNTERPARTS = {
    EntryKind.DEPOSIT: frozenset({LedgerAccount.BANK}),
    EntryKind.WITHDRAWAL: frozenset({LedgerAccount.BANK}),
    EntryKind.ORDER_BUY: frozenset({LedgerAccount.MARKET, LedgerAccount.FEES}),
    EntryKind.ORDER_SELL: frozenset({LedgerAccount.MARKET, LedgerAccount.FEES}),
    EntryKind.ORDER_HOLD: frozenset[LedgerAccount](),
    EntryKind.ORDER_RELEASE: frozenset[LedgerAccount](),
    EntryKind.CNY_REWARD: frozenset({LedgerAccount.REWARDS}),
    EntryKind.ADJUSTMENT: frozenset({LedgerAccount.BANK}),
    EntryKind.RESET: frozenset({LedgerAccount.BANK, LedgerAccount.MARKET}),
}
"""Whom the user's side may deal with in an entry of each kind."""

_CASH_SIGNS = {
    EntryKind.DEPOSIT: (1,),
    EntryKind.WITHDRAWAL: (-1,),
    EntryKind.ORDER_BUY: (-1,),
    EntryKind.ORDER_SELL: (1,),
    EntryKind.ORDER_HOLD: (0,),
    EntryKind.ORDER_RELEASE: (0,),
    EntryKind.CNY_REWARD: (1,),
    EntryKind.ADJUSTMENT: (-1, 0, 1),
    EntryKind.RESET: (-1, 0),
}
_QUANTITY_SIGNS = {EntryKind.ORDER_BUY: 1, EntryKind.ORDER_SELL: -1}


@dataclass(frozen=True, slots=True)
class Resting:
    """An open order of the replay: the version of its last entry, and what it holds, in units."""

    version: int
    cash: int = 0
    quantity: int = 0


@dataclass(slots=True)
class Replay:
    """An account as its journal makes it, from nothing, entry by entry."""

    account_id: AccountId
    created_at: datetime
    account: Account = field(init=False)
    positions: dict[AssetId, Position] = field(default_factory=dict)
    """As each was last written, whatever its epoch."""
    resting: dict[OrderId, Resting] = field(default_factory=dict)
    """Open orders of this epoch."""
    rewards: int = 0
    _last_command: CommandId | None = None

    def __post_init__(self) -> None:
        """Begin with a new account."""
        self.account = opened(self.account_id, self.created_at)

    def step(self, entry: Entry) -> Iterator[str]:
        """Take the next entry, and tell what is wrong with it.

        Afterwards the replay stands where the entry says it left the account, so that one damage
        isn't told again at each later entry.
        """
        expected = self.account.version + 1
        if entry.version < expected:
            yield f"version {entry.version} comes a second time or out of order"
            return
        if entry.version == expected:
            yield from self._contradictions(entry)
        else:
            yield f"versions {expected} to {entry.version - 1} are missing"
        try:
            self._take(entry)
        except AmountError as error:
            yield f"it brings a counter of the day beyond what can be counted: it {error}"
            self.account = replace(self.account, version=entry.version, epoch=entry.epoch)

    def _contradictions(self, entry: Entry) -> Iterator[str]:
        before = self.account
        if entry.at < before.changed_at:
            yield "its time lies before that of the entry before it"
        if entry.command_id == self._last_command:
            yield "its command made the entry before it too"
        if entry.epoch != before.epoch + (entry.kind is EntryKind.RESET):
            yield f"its epoch is {entry.epoch}, after {before.epoch}"
        yield from _shape(entry)
        cash = before.cash.units + entry.cash_change.units
        yield from _differs("cash after", entry.cash_after, cash)
        held = before.held.units + _moved(entry, USD, LedgerAccount.USER_HELD)
        yield from _differs("held cash after", entry.held_after, held)
        if not NO_MONEY <= entry.held_after <= entry.cash_after:
            yield f"it leaves ${entry.cash_after}, of which ${entry.held_after} is held"
        if entry.kind is EntryKind.RESET:
            yield from self._reset_contradictions(entry)
        if entry.asset_id is not None:
            yield from self._position_contradictions(entry, entry.asset_id)
        if entry.order_id is not None:
            left = self._resting(entry, entry.order_id)
            if entry.order_status is not OrderStatus.OPEN and (left.cash or left.quantity):
                yield "its order ends and leaves something held"

    def _reset_contradictions(self, entry: Entry) -> Iterator[str]:
        if entry.cash_after:
            yield f"a reset leaves ${entry.cash_after}"
        held = {asset: self._position(asset) for asset in self.positions}
        closing = {asset: -position.quantity.units for asset, position in held.items()}
        for unit in {leg.unit for leg in entry.legs} - {USD}:
            closing.setdefault(AssetId(unit), 0)
        for asset, units in sorted(closing.items()):
            yield from _differs(f"what it closes of {asset}", _own(entry, asset), units)
        if set(entry.cancelled_orders) != set(self.resting):
            yield "the orders that it cancels are not those that were open"

    def _position_contradictions(self, entry: Entry, asset: AssetId) -> Iterator[str]:
        before = self._position(asset)
        change = entry.quantity_change or NO_QUANTITY
        quantity = before.quantity.units + change.units
        yield from _differs(f"{asset} after", entry.quantity_after, quantity)
        held = before.held.units + _moved(entry, asset, LedgerAccount.USER_HELD)
        yield from _differs(f"held {asset} after", entry.quantity_held_after, held)
        left, kept = entry.quantity_after or NO_QUANTITY, entry.quantity_held_after or NO_QUANTITY
        if not NO_QUANTITY <= kept <= left:
            yield f"it leaves {left} {asset}, of which {kept} is held"
        basis, gain = before.cost_basis.units, before.realized_gain.units
        if entry.kind is EntryKind.ORDER_BUY:
            basis -= entry.cash_change.units
        if entry.kind is EntryKind.ORDER_SELL and NO_QUANTITY < -change <= before.quantity:
            share = share_of_basis(before.cost_basis, -change, before.quantity).units
            basis, gain = basis - share, gain + entry.cash_change.units - share
        yield from _differs("cost basis after", entry.cost_basis_after, basis)
        yield from _differs("realised gain after", entry.realized_gain_after, gain)

    def _resting(self, entry: Entry, order_id: OrderId) -> Resting:
        """Return what an order holds after an entry."""
        before = self.resting.get(order_id, Resting(0))
        return Resting(
            entry.version,
            before.cash + _moved(entry, USD, LedgerAccount.USER_HELD),
            before.quantity + _moved(entry, entry.asset_id or "", LedgerAccount.USER_HELD),
        )

    def _position(self, asset: AssetId) -> Position:
        return current(self.account, self.positions.get(asset), asset)

    def _take(self, entry: Entry) -> None:
        before, change = self.account.on(entry.at.date()), entry.cash_change
        is_reset = entry.kind is EntryKind.RESET
        is_in, is_out = entry.kind is EntryKind.DEPOSIT, entry.kind is EntryKind.WITHDRAWAL
        baseline = before.day_baseline + (change if is_in or is_out else NO_MONEY)
        self._last_command = entry.command_id
        self.rewards += entry.kind is EntryKind.CNY_REWARD
        if entry.asset_id is not None:
            held = self._position(entry.asset_id).on(entry.at.date())
            self.positions[entry.asset_id] = _left(held, entry)
        if is_reset:
            self.resting.clear()
        elif entry.order_status is OrderStatus.OPEN and entry.order_id:
            self.resting[entry.order_id] = self._resting(entry, entry.order_id)
        elif entry.order_id:
            self.resting.pop(entry.order_id, None)
        cash = max(entry.cash_after, NO_MONEY)
        self.account = replace(
            before,
            version=entry.version,
            epoch=entry.epoch,
            cash=cash,
            held=min(max(entry.held_after, NO_MONEY), cash),
            deposited=before.deposited + (change if is_in else NO_MONEY),
            withdrawn=before.withdrawn - (change if is_out else NO_MONEY),
            day_baseline=NO_MONEY if is_reset else baseline,
            open_orders=len(self.resting),
            changed_at=max(entry.at, before.changed_at),
            changed_asset=entry.asset_id,
        )


def _left(before: Position, entry: Entry) -> Position:
    """Return a position as an entry says it left it, mended where no position can be like that."""
    quantity = max(entry.quantity_after or NO_QUANTITY, NO_QUANTITY)
    basis = max(entry.cost_basis_after or NO_MONEY, NO_MONEY)
    return replace(
        before,
        quantity=quantity,
        held=min(max(entry.quantity_held_after or NO_QUANTITY, NO_QUANTITY), quantity),
        cost_basis=basis if quantity else NO_MONEY,
        realized_gain=entry.realized_gain_after or NO_MONEY,
        version=entry.version,
        epoch=entry.epoch,
    )


def _shape(entry: Entry) -> Iterator[str]:
    """Tell what no entry of its kind may look like, whatever came before."""
    is_orders = entry.kind.startswith("ORDER_")
    if {entry.order_id is None, entry.asset_id is None, entry.order_status is None} != {
        not is_orders
    }:
        yield f"a {entry.kind} has an order, its status and its asset, or lacks them"
    allowed = COUNTERPARTS[entry.kind] | {LedgerAccount.USER_AVAILABLE}
    if is_orders or entry.kind is EntryKind.RESET:
        allowed |= USERS_OWN
    for leg in entry.legs:
        if leg.account not in allowed:
            yield f"a {entry.kind} has a leg of {leg.account}"
        if leg.unit not in (USD, entry.asset_id) and entry.kind is not EntryKind.RESET:
            yield f"it has a leg of {leg.unit}"
    yield from _differs("cash change", entry.cash_change, _own(entry, USD))
    if _sign(entry.cash_change) not in _CASH_SIGNS[entry.kind]:
        yield f"a {entry.kind} changes cash by {entry.cash_change}"
    if entry.asset_id is not None:
        change = _own(entry, entry.asset_id)
        yield from _differs("quantity change", entry.quantity_change, change)
    if _sign(entry.quantity_change or NO_QUANTITY) != _QUANTITY_SIGNS.get(entry.kind, 0):
        yield f"a {entry.kind} changes the quantity by {entry.quantity_change}"


def _own(entry: Entry, unit: str) -> int:
    """Return what the user's side gains of a unit."""
    return sum(
        leg.amount.units for leg in entry.legs if leg.unit == unit and leg.account in USERS_OWN
    )


def _moved(entry: Entry, unit: str, account: LedgerAccount) -> int:
    return sum(leg.amount.units for leg in entry.legs if (leg.unit, leg.account) == (unit, account))


def _sign(amount: Money | Quantity) -> int:
    return (amount.units > 0) - (amount.units < 0)


def _differs(name: str, found: Fixed | int | None, units: int) -> Iterator[str]:
    """Compare in smallest units, as sums of damaged figures may be beyond what amounts hold."""
    found_units = found.units if isinstance(found, Fixed) else found
    if found_units is None:
        yield f"{name} is missing"
    elif found_units != units:
        yield f"{name} is {found_units} smallest units, where {units} follow"
