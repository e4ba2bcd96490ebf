"""A naive exchange in decimals, to compare the ledger with: one user, no store, no units."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

CENT, STEP = Decimal("0.01"), Decimal("0.00000001")
ZERO = Decimal(0)
EXACT = Context(prec=80)


class No(Exception):
    """What was asked for is refused, with this code."""


@dataclass
class Held:
    """What there is of one asset."""

    quantity: Decimal = ZERO
    basis: Decimal = ZERO
    gain: Decimal = ZERO


@dataclass
class Model:
    """The exchange as one would explain it on paper."""

    now: datetime
    fee_percent: Decimal = ZERO
    cash: Decimal = ZERO
    version: int = 0
    day: date = date.min
    last: datetime = field(init=False)
    deposited: Decimal = ZERO
    withdrawn: Decimal = ZERO
    held: dict[str, Held] = field(default_factory=dict)
    claimed: set[tuple[date, str]] = field(default_factory=set)
    keys: dict[str, tuple[datetime, object, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin today."""
        self.day, self.last = self.now.date(), self.now

    def deposit(self, amount: Decimal) -> None:
        used = self.deposited if self.today() == self.day else ZERO
        if used + amount > 10_000:
            raise No("DAILY_LIMIT_EXCEEDED")
        self.moved(amount)
        self.deposited += amount

    def withdraw(self, amount: Decimal) -> None:
        if amount > self.cash:
            raise No("INSUFFICIENT_FUNDS")
        used = self.withdrawn if self.today() == self.day else ZERO
        if used + amount > 5_000:
            raise No("DAILY_LIMIT_EXCEEDED")
        self.moved(-amount)
        self.withdrawn += amount

    def buy(self, asset: str, price: Decimal, quantity: Decimal | None, notional: Decimal) -> None:
        if quantity is None:
            exact = EXACT.divide(notional, price)
            quantity = exact.quantize(STEP, ROUND_DOWN, EXACT)
        cost = EXACT.multiply(quantity, price).quantize(CENT, ROUND_CEILING, EXACT)
        total = cost + self.fee(cost)
        self.check_order(quantity, cost, total)
        if total > self.cash:
            raise No("INSUFFICIENT_FUNDS")
        self.moved(-total)
        position = self.held.setdefault(asset, Held())
        position.quantity += quantity
        position.basis += total

    def sell(self, asset: str, price: Decimal, quantity: Decimal | None, notional: Decimal) -> None:
        position = self.held.get(asset, Held())
        if quantity is None:
            exact = EXACT.divide(notional, price)
            quantity = exact.quantize(STEP, ROUND_CEILING, EXACT)
        brought = EXACT.multiply(quantity, price).quantize(CENT, ROUND_FLOOR, EXACT)
        total = brought - self.fee(brought)
        self.check_order(quantity, brought, total)
        if quantity > position.quantity:
            raise No("INSUFFICIENT_FUNDS")
        share = position.basis
        if quantity < position.quantity:
            part = EXACT.divide(EXACT.multiply(position.basis, quantity), position.quantity)
            share = part.quantize(CENT, ROUND_HALF_EVEN, EXACT)
        self.moved(total)
        position.quantity -= quantity
        position.basis -= share
        position.gain += total - share

    def claim(self, *, is_red_pocket: bool) -> None:
        slot = (self.today(), "red" if is_red_pocket else "surprise")
        # A reward's day is that of the last change, where the clock lies before it.
        if slot in self.claimed:
            raise No("ALREADY_CLAIMED_TODAY")
        self.moved(Decimal("88.88") if is_red_pocket else Decimal("8.88"))
        self.claimed.add(slot)

    def reset(self) -> None:
        self.moved(-self.cash)
        self.held.clear()

    def fee(self, amount: Decimal) -> Decimal:
        exact = EXACT.multiply(amount, self.fee_percent) / 100
        return exact.quantize(CENT, ROUND_CEILING, EXACT)

    def check_order(self, quantity: Decimal, worth: Decimal, total: Decimal) -> None:
        if not quantity or total <= 0:
            raise No("INVALID_INPUT")
        if worth > 10_000:
            raise No("ORDER_VALUE_EXCEEDED")

    def today(self) -> date:
        return max(self.now, self.last).date()

    def moved(self, amount: Decimal) -> None:
        """Note a change of cash, and begin a new day where there is one."""
        if self.today() > self.day:
            self.day, self.deposited, self.withdrawn = self.today(), ZERO, ZERO
        self.last = max(self.now, self.last)
        self.cash += amount
        self.version += 1

    def remembered(self, key: str) -> tuple[object, object] | None:
        """Return what the key was used for, and what came of it, within seven days."""
        found = self.keys.get(key)
        if found is None or self.now >= found[0] + timedelta(days=7):
            return None
        return found[1:]
