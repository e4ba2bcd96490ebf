"""Reading environment variables: every problem is found and told at once."""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from ipaddress import ip_network
from typing import TypeVar

from domain.money import AmountError, Fixed

AmountT = TypeVar("AmountT", bound=Fixed)

SHOWN_MAX = 60
"""Characters of a bad value that a sentence repeats."""

DIGITS_MAX = 30
"""Characters of a number: more than any setting's, fewer than would be slow to read."""

_ORIGIN = re.compile(r"https?://[a-z0-9._\[\]:-]*[a-z0-9\]](:\*)?", re.ASCII)

_ON = frozenset({"1", "on", "true", "yes"})
_OFF = frozenset({"0", "off", "false", "no"})


class SettingsError(Exception):
    """The settings can't be used; `problems` are sentences, one for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class Variables:
    """Environment variables and what is wrong with them. An empty one counts as unset."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[str] = []

    def settle(self) -> None:
        """Raise SettingsError when there was any problem."""
        if self._problems:
            raise SettingsError(tuple(self._problems))

    def problem(self, sentence: str) -> None:
        """Note a problem."""
        self._problems.append(sentence)

    def refuse(self, name: str, allowed: str) -> None:
        """Note that a variable's value, which is no secret, isn't one of those allowed."""
        found = self._environ.get(name, "")
        shown = found if len(found) <= SHOWN_MAX else found[:SHOWN_MAX] + "…"
        self.problem(f"{name} is {shown!r}; {allowed} is allowed.")

    def text(self, name: str, default: str = "") -> str:
        """Return a variable without the space around it."""
        return self._environ.get(name, "").strip() or default

    def choice(self, name: str, default: str, *allowed: str) -> str:
        """Return one of the allowed words."""
        found = self.text(name, default)
        if found in allowed:
            return found
        self.refuse(name, " or ".join(allowed))
        return default

    def switch(self, name: str, *, default: bool) -> bool:
        """Return on or off."""
        found = self.text(name).lower()
        if found in _ON | _OFF:
            return found in _ON
        if found:
            self.refuse(name, "on or off")
        return default

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number within bounds, both inclusive."""
        found = self.text(name)
        if not found:
            return default
        if found.isascii() and found.isdigit() and len(found) <= DIGITS_MAX:
            number = int(found)
            if least <= number <= most:
                return number
        self.refuse(name, f"a whole number from {least} to {most}")
        return default

    def decimal(
        self, name: str, default: Decimal, *, least: str, most: str, besides: str = ""
    ) -> Decimal:
        """Return a number within bounds, both inclusive; `besides` says what else is allowed."""
        number = self._number(name)
        if number is not None and Decimal(least) <= number <= Decimal(most):
            return number
        if self.text(name):
            self.refuse(name, f"a number from {least} to {most}{besides}")
        return default

    def seconds(self, name: str, default: str, *, least: str, most: str) -> timedelta:
        """Return a duration, given in seconds, to the microsecond."""
        number = self.decimal(name, Decimal(default), least=least, most=most)
        return timedelta(microseconds=int(number.scaleb(6)))

    def amount(self, name: str, default: AmountT, *, least: str, most: str, unit: str) -> AmountT:
        """Return an amount of the default's kind within bounds, both inclusive."""
        kind = type(default)
        allowed = f"{unit} from {least} to {most}, with at most {kind.DECIMALS} decimals,"
        number = self._number(name)
        if number is not None and Decimal(least) <= number <= Decimal(most):
            try:
                return kind.of(number)
            except AmountError:
                pass  # too many decimals; the sentence says how many there may be
        if self.text(name):
            self.refuse(name, allowed)
        return default

    def networks(self, name: str) -> tuple[str, ...]:
        """Return comma-separated addresses and networks."""
        found = tuple(part for part in self.text(name).replace(",", " ").split() if part)
        for part in found:
            try:
                ip_network(part)
            except ValueError:
                self.problem(
                    f"{name} has {part[:SHOWN_MAX]!r} in it; addresses and networks such as "
                    "10.0.0.7 and 10.0.0.0/8, separated by commas, are allowed."
                )
        return found

    def origins(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return comma-separated origins of pages; `*` is everybody's, and a port may be `*`."""
        found = tuple(self.text(name).lower().replace(",", " ").split())
        for part in found:
            if part != "*" and not _ORIGIN.fullmatch(part):
                self.problem(
                    f"{name} has {part[:SHOWN_MAX]!r} in it; origins such as "
                    "https://app.example.com or http://localhost:*, separated by commas, or * "
                    "alone, are allowed."
                )
        return found or default

    def _number(self, name: str) -> Decimal | None:
        found = self.text(name)
        if not found or len(found) > DIGITS_MAX or not set(found) <= set("0123456789."):
            return None
        try:
            return Decimal(found)
        except InvalidOperation:
            return None
