"""A second bookkeeper: what an account must hold, in fractions and apart from the server."""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

FEE = Fraction(1, 1_000)
SLIPPAGE = Fraction(5, 10_000)
"""Of the book and of the server that it checks: 0.1 % and 0.05 %."""

CENT, SATOSHI, PRICE_STEP = Fraction(1, 100), Fraction(1, 10**8), Fraction(1, 10**12)


def up(value: Fraction, step: Fraction) -> Fraction:
    return ceil(value / step) * step


def down(value: Fraction, step: Fraction) -> Fraction:
    return floor(value / step) * step


def half_even(value: Fraction, step: Fraction) -> Fraction:
    return round(value / step) * step


@dataclass
class Held:
    """One asset: how much, what it cost, and what sales of it have gained."""

    quantity: Fraction = Fraction(0)
    basis: Fraction = Fraction(0)
    realized: Fraction = Fraction(0)


@dataclass
class PaperBook:
    """Cash and positions after each operation."""

    cash: Fraction = Fraction(0)
    held: dict[str, Held] = field(default_factory=dict)
    prices: dict[str, Fraction] = field(default_factory=dict)
    opening: Fraction = Fraction(0)
    """The worth of everything at 00:00 UTC, plus deposits less withdrawals since."""

    def of(self, asset: str) -> Held:
        return self.held.setdefault(asset, Held())

    def begin_day(self) -> None:
        self.opening = self.total

    def move(self, dollars: Fraction) -> None:
        self.cash += dollars
        self.opening += dollars

    def buy(self, asset: str, quantity: Fraction) -> None:
        price = up(self.prices[asset] * (1 + SLIPPAGE), PRICE_STEP)
        notional = up(quantity * price, CENT)
        total = notional + up(notional * FEE, CENT)
        held = self.of(asset)
        self.cash -= total
        held.quantity += quantity
        held.basis += total

    def buy_for(self, asset: str, dollars: Fraction) -> None:
        price = up(self.prices[asset] * (1 + SLIPPAGE), PRICE_STEP)
        self.buy(asset, down(dollars / price, SATOSHI))

    def sell(self, asset: str, quantity: Fraction) -> None:
        price = down(self.prices[asset] * (1 - SLIPPAGE), PRICE_STEP)
        notional = down(quantity * price, CENT)
        total = notional - up(notional * FEE, CENT)
        held = self.of(asset)
        is_all = quantity == held.quantity
        share = held.basis if is_all else half_even(held.basis * quantity / held.quantity, CENT)
        self.cash += total
        held.quantity -= quantity
        held.basis -= share
        held.realized += total - share

    def sell_for(self, asset: str, dollars: Fraction) -> None:
        price = down(self.prices[asset] * (1 - SLIPPAGE), PRICE_STEP)
        self.sell(asset, up(dollars / price, SATOSHI))

    def value(self, asset: str) -> Fraction:
        return down(self.of(asset).quantity * self.prices[asset], CENT)

    @property
    def total(self) -> Fraction:
        return self.cash + sum((self.value(asset) for asset in self.held), Fraction(0))
