"""What must always hold of an account, checked against everything that is kept of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from domain.accounts import Account, Position
from domain.idempotency import KeyRecord
from domain.ids import AccountId, AssetId, OrderId
from domain.journal import Entry, EntryKind, LedgerAccount
from domain.journal_replay import Replay, Resting
from domain.money import NO_QUANTITY, AmountError, cost_of, proceeds_of
from domain.orders import Fill, Order, OrderSide, OrderStatus, OrderStatusReason, OrderType
from domain.triggers import direction_of, is_met, level_of


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that isn't as it must be: where, and what."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class AccountAudit:
    """Checks one account as of the version of `account`.

    Give it the entries 1 to that version, in their order, then what else is kept of the account.
    Its memory grows with the assets, open orders and keys of the account, not with its journal.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._replay = Replay(account.id, account.created_at)
        self._keyed: set[int] = set()

    @property
    def rewards(self) -> int:
        """How many rewards the entries so far have paid."""
        return self._replay.rewards

    def entry(self, entry: Entry, orders: Mapping[OrderId, Order]) -> Iterator[Finding]:
        """Check the next entry; `orders` has those that entries name, as far as they exist."""
        place = self._at(f"entry {entry.version}")
        if entry.account_id != self._account.id:
            yield Finding(place, f"it belongs to {entry.account_id}")
        for message in self._replay.step(entry):
            yield Finding(place, message)
        if entry.order_id is None:
            return
        order = orders.get(entry.order_id)
        if order is None:
            yield Finding(place, f"its order {entry.order_id} is missing")
        elif order.version < entry.version:
            yield Finding(place, f"its order {order.id} is of an older version, {order.version}")

    def state(self, positions: Mapping[AssetId, Position]) -> Iterator[Finding]:
        """Compare what the entries made, after the last of them, with what the store says."""
        made = self._replay.account
        if made.version != self._account.version:
            message = f"its version is {self._account.version}, the journal's {made.version}"
            yield Finding(self._account.id, message)
            return
        yield from _unequal(self._account.id, self._account, made)
        replayed = self._replay.positions
        for asset in sorted(positions.keys() | replayed.keys()):
            place, stored = self._at(f"position {asset}"), positions.get(asset)
            if stored is None:
                yield Finding(place, "it is missing")
            elif asset not in replayed:
                yield Finding(place, "no entry made it")
            else:
                yield from _unequal(place, stored, replayed[asset])

    def order(self, order: Order, entry: Entry | None) -> Iterator[Finding]:
        """Check an order against the entry of its version."""
        place = self._at(f"order {order.id}")
        try:
            messages = tuple(_order_contradictions(order, entry))
        except AmountError as error:
            messages = (f"its figures can't be multiplied: the product {error}",)
        for message in messages:
            yield Finding(place, message)
        left, found = self._replay.resting.get(order.id), None
        if order.status is OrderStatus.OPEN and order.epoch == self._account.epoch:
            found = Resting(order.version, order.held_cash.units, order.held_quantity.units)
        if left != found and order.version <= self._account.version:
            message = f"it is {order.status}, holding ${order.held_cash} and {order.held_quantity}"
            yield Finding(place, f"{message}, which doesn't follow from the journal")

    def record(
        self, record: KeyRecord, entry: Entry | None, order: Order | None
    ) -> Iterator[Finding]:
        """Check a key against the entry of its version, and that entry's order or its own."""
        place = self._at(f"key {record.key}")
        named = (record.version is not None, record.order_id is not None, bool(record.errors))
        if sum(named) != 1:
            yield Finding(place, "it must name either an entry, an order without one or a refusal")
        if record.order_id is not None:
            yield from self._noted(place, record, order)
        if record.version is None:
            return
        if entry is None:
            yield Finding(place, f"its entry {record.version} is missing")
        elif order and order.idempotency_key != record.key:
            yield Finding(place, f"the order {order.id} was placed under another key, or none")
        if record.version in self._keyed:
            yield Finding(place, f"another key made its entry {record.version} too")
        self._keyed.add(record.version)

    def _noted(self, place: str, record: KeyRecord, order: Order | None) -> Iterator[Finding]:
        if order is None:
            yield Finding(place, f"its order {record.order_id} is missing")
        elif order.status_reason is not OrderStatusReason.UNFILLABLE:
            yield Finding(place, f"its order {order.id} has an entry of its own")
        elif order.idempotency_key != record.key:
            yield Finding(place, f"the order {order.id} was placed under another key, or none")

    def _at(self, what: str) -> str:
        return f"{self._account.id} {what}"


def reward_findings(
    place: str, account_id: AccountId, version: int, name: str, entry: Entry | None
) -> Iterator[Finding]:
    """Check a used-up reward against the entry that paid it; `name` is its slot's."""
    kind = "RED_POCKET" if entry and entry.is_red_pocket else "SURPRISE"
    if entry is None:
        yield Finding(place, f"its entry {version} of {account_id} is missing")
    elif entry.kind is not EntryKind.CNY_REWARD:
        yield Finding(place, f"entry {version} of {account_id} is a {entry.kind}")
    elif name.split("#")[:2] != [entry.at.date().isoformat(), kind]:
        message = f"entry {version} of {account_id} paid a {kind} on {entry.at.date()}"
        yield Finding(place, message)


def _unequal(place: str, stored: Account | Position, made: Account | Position) -> Iterator[Finding]:
    for field in fields(stored):
        found, follows = getattr(stored, field.name), getattr(made, field.name)
        if found != follows:
            message = f"{field.name} is {found}, where {follows} follows from the journal"
            yield Finding(place, message)


def _order_contradictions(order: Order, entry: Entry | None) -> Iterator[str]:
    is_resting = order.status is OrderStatus.OPEN
    if bool(order.held_cash or order.held_quantity) is not is_resting:
        yield f"it is {order.status} and holds ${order.held_cash} and {order.held_quantity}"
    if bool(order.fill) is not (order.status is OrderStatus.FILLED):
        yield f"it is {order.status}, with a fill or without"
    if (order.status, order.status_reason) == (
        OrderStatus.CANCELLED,
        OrderStatusReason.UNFILLABLE,
    ):
        return  # It was cancelled on arrival, moved nothing, and so has no entry.
    if entry is None:
        yield f"its entry {order.version} is missing"
    elif entry.kind is EntryKind.RESET:
        if order.id not in entry.cancelled_orders:
            yield f"entry {entry.version} doesn't name it"
    elif entry.order_id != order.id:
        yield f"entry {entry.version} doesn't name it"
    else:
        yield from _entry_contradictions(order, entry)


def _entry_contradictions(order: Order, entry: Entry) -> Iterator[str]:
    kinds = {EntryKind.ORDER_HOLD, EntryKind.ORDER_RELEASE}
    if order.fill:
        kinds = {EntryKind.ORDER_BUY if order.side is OrderSide.BUY else EntryKind.ORDER_SELL}
    if (entry.order_status, entry.asset_id) != (order.status, order.asset_id):
        yield f"entry {entry.version} left it {entry.order_status}, in {entry.asset_id}"
    if entry.kind not in kinds:
        yield f"entry {entry.version} is a {entry.kind}"
    if (entry.at, entry.epoch) != (order.updated_at, order.epoch):
        yield f"entry {entry.version} has another time or epoch"
    if order.fill:
        yield from _fill_contradictions(order, order.fill, entry)


def _fill_contradictions(order: Order, fill: Fill, entry: Entry) -> Iterator[str]:
    is_buy = order.side is OrderSide.BUY
    total = fill.notional + fill.fee if is_buy else fill.notional - fill.fee
    if fill.notional != (cost_of if is_buy else proceeds_of)(order.quantity, fill.price):
        yield f"{order.quantity} at ${fill.price} is not ${fill.notional}"
    if fill.total != total:
        yield f"${fill.notional} with a fee of ${fill.fee} is not ${fill.total}"
    moved = entry.quantity_change or NO_QUANTITY
    if (moved, entry.cash_change) != (
        (order.quantity, -fill.total) if is_buy else (-order.quantity, fill.total)
    ):
        yield f"entry {entry.version} moves {moved} and ${entry.cash_change}"
    fees = sum(leg.amount.units for leg in entry.legs if leg.account is LedgerAccount.FEES)
    if fees != fill.fee.units:
        yield f"entry {entry.version} books other fees than ${fill.fee}"
    quote = entry.quote
    if not quote or (quote.price, quote.source) != (fill.quoted_price, fill.price_source):
        yield f"entry {entry.version} was decided on another quote"
    if fill.at != entry.at:
        yield f"it was filled at another time than entry {entry.version}"
    if order.type is not OrderType.MARKET:
        yield from _excluded_prices(order, fill)


def _excluded_prices(order: Order, fill: Fill) -> Iterator[str]:
    """Tell which prices of a fill its owner wanted none of: a limit binds the one paid too."""
    try:
        level = level_of(order)
    except ValueError as error:
        yield str(error)
        return
    is_limit = order.type is OrderType.LIMIT
    for price in {fill.quoted_price, fill.price} if is_limit else {fill.quoted_price}:
        if not is_met(direction_of(order.type, order.side), level, price):
            yield f"it waits for ${level}, and was filled at ${price}"
