"""Reading arguments: every problem is found and told at once, each at its field."""

from decimal import Decimal
from typing import TypeVar

from domain.ids import IdempotencyKey
from domain.money import AmountError, Fixed
from domain.refusals import InputError, Refusal

AmountT = TypeVar("AmountT", bound=Fixed)

KEY_LENGTH_MAX = 255
"""Characters of an idempotency key, as in the public contract."""

SHOWN_MAX = 40
"""Characters of a bad value that a message repeats."""


class Problems:
    """Collects what is wrong with an input."""

    def __init__(self) -> None:
        self._errors: list[InputError] = []

    def add(self, message: str, *path: str) -> None:
        """Note a problem."""
        self._errors.append(InputError(message, path))

    def settle(self) -> None:
        """Raise Refusal when there was any problem."""
        if self._errors:
            raise Refusal(*self._errors)

    def amount(self, kind: type[AmountT], number: Decimal, *path: str) -> AmountT:
        """Return a number above zero as its kind; the smallest amount beside a problem."""
        found = shown(_plain(number))
        try:
            amount = kind.of(number)
        except AmountError as error:
            self.add(f"{found} was given; it {error}.", *path)
        else:
            if amount.units > 0:
                return amount
            self.add(f"{found} was given; it must be above 0.", *path)
        return kind(1)

    def key(self, text: str | None, *path: str) -> IdempotencyKey | None:
        """Return an idempotency key of 1 to 255 visible ASCII characters; None stays None."""
        if text is None:
            return None
        if not 1 <= len(text) <= KEY_LENGTH_MAX:
            self.add(
                f"{len(text)} characters were given; 1 to {KEY_LENGTH_MAX} are allowed.", *path
            )
        elif not all("!" <= character <= "~" for character in text):
            self.add("A key is made of visible ASCII characters only, without spaces.", *path)
        return IdempotencyKey(text)


def _plain(number: Decimal) -> str:
    """Return a number as it is typed, without an exponent where that is short enough to show."""
    return f"{number:f}" if abs(number.adjusted()) < SHOWN_MAX else str(number)


def shown(value: object) -> str:
    """Return a value as a message may repeat it: short, on one line."""
    text = str(value)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"
