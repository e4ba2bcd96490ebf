"""A naive exchange in decimals, to compare the ledger with: one user, no store, no units."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

CENT, STEP, TICK = Decimal("0.01"), Decimal("0.00000001"), Decimal("0.000000000001")
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
class Rest:
    """An order that waits."""

    asset: str
    is_buy: bool
    is_up: bool
    """Whether the price has to rise to its level."""
    quantity: Decimal
    level: Decimal
    ends: datetime
    cash: Decimal
    """What a buy holds."""
    is_limit: bool = False
    """Whether it may not be filled at a price worse than its level."""


@dataclass
class Model:
    """The exchange as one would explain it on paper."""

    now: datetime
    fee_percent: Decimal = ZERO
    slippage_percent: Decimal = ZERO
    cash: Decimal = ZERO
    version: int = 0
    day: date = date.min
    last: datetime = field(init=False)
    deposited: Decimal = ZERO
    withdrawn: Decimal = ZERO
    held: dict[str, Held] = field(default_factory=dict)
    claimed: set[tuple[date, str]] = field(default_factory=set)
    resting: dict[str, Rest] = field(default_factory=dict)
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
        if amount > self.available():
            raise No("INSUFFICIENT_FUNDS")
        used = self.withdrawn if self.today() == self.day else ZERO
        if used + amount > 5_000:
            raise No("DAILY_LIMIT_EXCEEDED")
        self.moved(-amount)
        self.withdrawn += amount

    def buy(
        self,
        asset: str,
        price: Decimal,
        quantity: Decimal | None,
        notional: Decimal,
        limit: Decimal | None = None,
    ) -> None:
        price = self.slipped(is_buy=True, price=price, limit=limit)
        if quantity is None:
            exact = EXACT.divide(notional, price)
            quantity = exact.quantize(STEP, ROUND_DOWN, EXACT)
        cost, total = self.worth(is_buy=True, quantity=quantity, price=price)
        self.check_order(quantity, cost, total)
        if total > self.available():
            raise No("INSUFFICIENT_FUNDS")
        self.bought(asset, quantity, total)

    def bought(self, asset: str, quantity: Decimal, total: Decimal) -> None:
        self.moved(-total)
        position = self.held.setdefault(asset, Held())
        position.quantity += quantity
        position.basis += total

    def sell(
        self,
        asset: str,
        price: Decimal,
        quantity: Decimal | None,
        notional: Decimal,
        limit: Decimal | None = None,
    ) -> None:
        price = self.slipped(is_buy=False, price=price, limit=limit)
        if quantity is None:
            exact = EXACT.divide(notional, price) if price else ZERO
            quantity = exact.quantize(STEP, ROUND_CEILING, EXACT)
        brought, total = self.worth(is_buy=False, quantity=quantity, price=price)
        self.check_order(quantity, brought, total)
        if quantity > self.deliverable(asset):
            raise No("INSUFFICIENT_FUNDS")
        self.sold(asset, quantity, total)

    def sold(self, asset: str, quantity: Decimal, total: Decimal) -> None:
        position = self.held[asset]
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
        self.resting.clear()

    def place(self, rest: Rest, price: Decimal, *, may_wait: bool) -> bool:
        """Return whether the order waits now; it has been filled else, or it never will be."""
        is_met = price >= rest.level if rest.is_up else price <= rest.level
        if is_met and not rest.is_limit:
            raise No("INVALID_INPUT")
        worth, total = self.worth(is_buy=rest.is_buy, quantity=rest.quantity, price=rest.level)
        self.check_order(rest.quantity, worth, total)
        if is_met:
            trade = self.buy if rest.is_buy else self.sell
            trade(rest.asset, price, rest.quantity, ZERO, rest.level)
            return False
        if not may_wait:
            return False
        if len(self.resting) >= 100:
            raise No("TOO_MANY_OPEN_ORDERS")
        if (
            total > self.available()
            if rest.is_buy
            else rest.quantity > self.deliverable(rest.asset)
        ):
            raise No("INSUFFICIENT_FUNDS")
        rest.cash = total if rest.is_buy else ZERO
        self.moved(ZERO)
        self.held.setdefault(rest.asset, Held())
        return True

    def tick(self, asset: str, price: Decimal) -> dict[str, str]:
        """Return what became of the orders that a price sets off."""
        fired = [
            (name, rest)
            for name, rest in self.resting.items()
            if rest.asset == asset and (price >= rest.level if rest.is_up else price <= rest.level)
        ]
        fired.sort(key=lambda one: (-abs(one[1].level - price), one[0]))
        return {name: self.set_off(name, rest, price) for name, rest in fired}

    def set_off(self, name: str, rest: Rest, price: Decimal) -> str:
        if max(self.now, self.last) >= rest.ends:
            self.end(name)
            return "EXPIRED"
        limit = rest.level if rest.is_limit else None
        price = self.slipped(is_buy=rest.is_buy, price=price, limit=limit)
        _, total = self.worth(is_buy=rest.is_buy, quantity=rest.quantity, price=price)
        if total <= 0 or (rest.is_buy and total > self.available() + rest.cash):
            self.end(name)
            return "REJECTED"
        del self.resting[name]
        (self.bought if rest.is_buy else self.sold)(rest.asset, rest.quantity, total)
        return "FILLED"

    def end(self, name: str) -> None:
        """Let go of what an order holds."""
        rest = self.resting.pop(name)
        self.moved(ZERO)
        self.held.setdefault(rest.asset, Held())

    def available(self) -> Decimal:
        return self.cash - sum((rest.cash for rest in self.resting.values()), ZERO)

    def kept(self, asset: str) -> Decimal:
        """Return what open sales hold."""
        mine = (rest for rest in self.resting.values() if rest.asset == asset and not rest.is_buy)
        return sum((rest.quantity for rest in mine), ZERO)

    def deliverable(self, asset: str) -> Decimal:
        return self.held.get(asset, Held()).quantity - self.kept(asset)

    def slipped(self, *, is_buy: bool, price: Decimal, limit: Decimal | None) -> Decimal:
        """Return the price that is paid: worse by the slippage, and no worse than a limit."""
        part = self.slippage_percent / 100
        exact = EXACT.multiply(price, 1 + part if is_buy else 1 - part)
        worse = exact.quantize(TICK, ROUND_CEILING if is_buy else ROUND_FLOOR, EXACT)
        if limit is None:
            return worse
        return min(worse, limit) if is_buy else max(worse, limit)

    def worth(self, *, is_buy: bool, quantity: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
        """Return what a trade is worth, and what it costs or brings in all."""
        rounding = ROUND_CEILING if is_buy else ROUND_FLOOR
        worth = EXACT.multiply(quantity, price).quantize(CENT, rounding, EXACT)
        fee = self.fee(worth)
        return worth, worth + fee if is_buy else worth - fee

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
        """Return what the key was used for, and what came of it, within seven days.

        Tables forget at full seconds.
        """
        found = self.keys.get(key)
        if found is None:
            return None
        ends = found[0] + timedelta(days=7, microseconds=999_999)
        return None if self.now >= ends.replace(microsecond=0) else found[1:]
