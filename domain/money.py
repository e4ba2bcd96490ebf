"""Exact amounts, and the only place where anything is rounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import ClassVar, Final, Self, TypeVar


class AmountError(ValueError):
    """A number has too many decimals, or lies outside of what its kind may hold."""


@dataclass(frozen=True, slots=True, order=True)
class Fixed:
    """A whole number of the smallest units of its kind; kinds never mix."""

    units: int

    DECIMALS: ClassVar[int] = 1
    UNITS_MAX: ClassVar[int] = 0
    """Greatest magnitude, in units; a sanity bound well below DynamoDB's 38 digits."""

    def __post_init__(self) -> None:
        """Hold the bound on every value that is ever made."""
        if self.units.__class__ is not int:
            message = f"{type(self).__name__} is made of whole units, not {self.units!r}"
            raise TypeError(message)
        if not -self.UNITS_MAX <= self.units <= self.UNITS_MAX:
            message = f"must lie between -{self.most()} and {self.most()}"
            raise AmountError(message)

    @classmethod
    def most(cls) -> str:
        """Return the greatest value in plain notation."""
        return _plain(cls.UNITS_MAX, cls.DECIMALS)

    @classmethod
    def of(cls, number: Decimal | int | str) -> Self:
        """Convert a finite number exactly.

        Trailing zeros beyond the scale are the same number and are taken. Raises AmountError when
        digits would be lost, or when the number is out of bounds.
        """
        sign, digits, exponent = Decimal(number).as_tuple()
        if not isinstance(exponent, int):
            message = "must be a finite number"
            raise AmountError(message)
        significant = "".join(map(str, digits)).lstrip("0")
        zeros = len(significant) - len(significant.rstrip("0"))
        significant = significant.rstrip("0")
        if not significant:
            return cls(0)
        shift = exponent + zeros + cls.DECIMALS
        if len(significant) + shift > len(str(cls.UNITS_MAX)):
            message = f"must lie between -{cls.most()} and {cls.most()}"
            raise AmountError(message)
        if shift < 0:
            message = f"may have at most {cls.DECIMALS} decimals"
            raise AmountError(message)
        units = int(significant) * 10**shift
        return cls(-units if sign else units)

    def __add__(self, other: Self) -> Self:
        if self.__class__ is not other.__class__:
            return NotImplemented
        return self.__class__(self.units + other.units)

    def __sub__(self, other: Self) -> Self:
        if self.__class__ is not other.__class__:
            return NotImplemented
        return self.__class__(self.units - other.units)

    def __neg__(self) -> Self:
        return self.__class__(-self.units)

    def __bool__(self) -> bool:
        return self.units != 0

    def __str__(self) -> str:
        return _plain(self.units, self.DECIMALS).rstrip("0").rstrip(".")


class Money(Fixed):
    """US dollars in cents; signed. Bound: 10^16 dollars, far above any market's worth."""

    __slots__ = ()
    DECIMALS = 2
    UNITS_MAX = 10**18

    def __str__(self) -> str:
        return _plain(self.units, self.DECIMALS)


class Quantity(Fixed):
    """An amount of an asset in 10^-8; signed. Bound: 10^18, above any asset's supply."""

    __slots__ = ()
    DECIMALS = 8
    UNITS_MAX = 10**26


class Price(Fixed):
    """US dollars for one whole unit of an asset, in 10^-12. Bound: 24 digits, as in book keys."""

    __slots__ = ()
    DECIMALS = 12
    UNITS_MAX = 10**24 - 1


class Percent(Fixed):
    """Hundredths of a whole, in 10^-4 of a percent; signed."""

    __slots__ = ()
    DECIMALS = 4
    UNITS_MAX = 10**30


FixedT = TypeVar("FixedT", bound=Fixed)

NO_MONEY = Money(0)
NO_QUANTITY = Quantity(0)
CENT = Money(1)
QUANTITY_STEP = Quantity(1)

_CENT_IN_PRODUCT: Final[int] = 10 ** (Quantity.DECIMALS + Price.DECIMALS - Money.DECIMALS)
"""A quantity times a price counts 10^-20 dollars; so many of them make a cent."""

_WHOLE: Final[int] = 100 * 10**Percent.DECIMALS
"""Units of Percent that make one whole."""


class Rounding(Enum):
    """How a fraction of a unit is dealt with."""

    UP = auto()
    DOWN = auto()
    HALF_EVEN = auto()


def cost_of(quantity: Quantity, price: Price) -> Money:
    """Return what a buy costs: rounded up to the cent, so that nothing is given away."""
    return Money(_divided(quantity.units * price.units, _CENT_IN_PRODUCT, Rounding.UP))


def proceeds_of(quantity: Quantity, price: Price) -> Money:
    """Return what a sale brings, and so what a position is worth: rounded down to the cent."""
    return Money(_divided(quantity.units * price.units, _CENT_IN_PRODUCT, Rounding.DOWN))


def fee_on(notional: Money, percent: Percent) -> Money:
    """Return the fee on an amount, rounded up to the cent."""
    return Money(_divided(notional.units * percent.units, _WHOLE, Rounding.UP))


def quantity_bought_for(notional: Money, price: Price) -> Quantity:
    """Return the most that can be bought without passing `notional`."""
    return Quantity(_divided(notional.units * _CENT_IN_PRODUCT, price.units, Rounding.DOWN))


def quantity_sold_for(notional: Money, price: Price) -> Quantity:
    """Return the least that must be sold to bring `notional`."""
    return Quantity(_divided(notional.units * _CENT_IN_PRODUCT, price.units, Rounding.UP))


def slipped_up(price: Price, percent: Percent) -> Price:
    """Return a price made worse for a buyer, rounded up."""
    return Price(_divided(price.units * (_WHOLE + percent.units), _WHOLE, Rounding.UP))


def slipped_down(price: Price, percent: Percent) -> Price:
    """Return a price made worse for a seller, rounded down."""
    return Price(_divided(price.units * (_WHOLE - percent.units), _WHOLE, Rounding.DOWN))


def share_of_basis(basis: Money, part: Quantity, whole: Quantity) -> Money:
    """Return the part's share of a cost basis, half-even to the cent; all of it for the whole."""
    if part == whole:
        return basis
    return Money(_divided(basis.units * part.units, whole.units, Rounding.HALF_EVEN))


def average_cost(basis: Money, quantity: Quantity) -> Price:
    """Return the basis for one whole unit, half-even; zero when there is no quantity."""
    if not quantity:
        return Price(0)
    return Price(_divided(basis.units * _CENT_IN_PRODUCT, quantity.units, Rounding.HALF_EVEN))


def percent_of(part: Fixed, whole: Fixed) -> Percent | None:
    """Return `part` as a percentage of `whole`, half-even to four decimals; None of nothing.

    Both are of one kind.
    """
    if not whole:
        return None
    return Percent(_divided(part.units * _WHOLE, whole.units, Rounding.HALF_EVEN))


def is_further_than(price: Price, expected: Price, percent: Percent) -> bool:
    """Tell whether the two prices differ by more than `percent` of the expected one, exactly."""
    return abs(price.units - expected.units) * _WHOLE > expected.units * percent.units


def _divided(numerator: int, denominator: int, rounding: Rounding) -> int:
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, rest = divmod(numerator, denominator)
    if rounding is Rounding.DOWN:
        return quotient
    if rounding is Rounding.UP:
        return quotient + (rest > 0)
    doubled = 2 * rest
    return quotient + (doubled > denominator or (doubled == denominator and quotient & 1))


def _plain(units: int, decimals: int) -> str:
    digits = str(abs(units)).rjust(decimals + 1, "0")
    sign = "-" if units < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def nearest(kind: type[FixedT], number: Decimal) -> FixedT:
    """Return an amount of a kind, half-even, for recorded figures with more digits than it keeps.

    Raises AmountError when the number isn't finite, or is out of bounds.
    """
    if not number.is_finite():
        raise AmountError("must be a finite number")
    if number.adjusted() > len(str(kind.UNITS_MAX)):
        raise AmountError(f"must lie between -{kind.most()} and {kind.most()}")
    if number.adjusted() < -kind.DECIMALS - 1:
        return kind(0)
    numerator, denominator = number.as_integer_ratio()
    units = _divided(numerator * 10**kind.DECIMALS, denominator, Rounding.HALF_EVEN)
    return kind(units)


def worth(quantity: Quantity, price: Price) -> Money | None:
    """Return a market figure, half-even to the cent; None when it is beyond what Money holds."""
    cents = _divided(quantity.units * price.units, _CENT_IN_PRODUCT, Rounding.HALF_EVEN)
    return _within(Money, cents)


def total_of(parts: Iterable[Money | None]) -> Money | None:
    """Return the sum of what is known; None of nothing, or beyond what Money holds."""
    known = [part.units for part in parts if part is not None]
    return _within(Money, sum(known)) if known else None


def change_percent(now: Price, then: Price) -> Percent | None:
    """Return by how much `now` differs from `then`, half-even; None beyond what Percent holds."""
    if not then:
        return None
    units = _divided((now.units - then.units) * _WHOLE, then.units, Rounding.HALF_EVEN)
    return _within(Percent, units)


def _within(kind: type[FixedT], units: int) -> FixedT | None:
    return kind(units) if abs(units) <= kind.UNITS_MAX else None
