"""Reading an item's attributes by kind: what is stored wrongly is told by name, never guessed."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from adapters.table import Item, Value
from domain.instants import instant_of
from domain.money import Fixed

AmountT = TypeVar("AmountT", bound=Fixed)


class StoredWronglyError(Exception):
    """An item lacks an attribute or has one of another kind: the store is damaged or too new."""


class Fields:
    """An item's attributes, each read as what it should be."""

    def __init__(self, source: Item | Mapping[str, Value], name: str = "") -> None:
        if isinstance(source, Item):
            self._name, self._values = f"{source.key.pk}/{source.key.sk}", source.attributes
        else:
            self._name, self._values = name, source

    def text(self, name: str) -> str:
        """Return a text."""
        value = self._values.get(name)
        if isinstance(value, str):
            return value
        raise self._wrong(name, "a text")

    def text_or_none(self, name: str) -> str | None:
        """Return a text, or None when there is none."""
        return None if self._values.get(name) is None else self.text(name)

    def whole(self, name: str) -> int:
        """Return a whole number."""
        value = self._values.get(name)
        if value.__class__ is int:
            return value
        raise self._wrong(name, "a whole number")

    def whole_or_none(self, name: str) -> int | None:
        """Return a whole number, or None when there is none."""
        return None if self._values.get(name) is None else self.whole(name)

    def flag_or_none(self, name: str) -> bool | None:
        """Return a truth value, or None when there is none."""
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong(name, "a truth value")

    def amount(self, kind: type[AmountT], name: str) -> AmountT:
        """Return an amount of a kind, stored in its smallest units."""
        return kind(self.whole(name))

    def amount_or_none(self, kind: type[AmountT], name: str) -> AmountT | None:
        """Return an amount of a kind, or None when there is none."""
        return None if self._values.get(name) is None else self.amount(kind, name)

    def instant(self, name: str) -> datetime:
        """Return an instant, stored as Unix milliseconds."""
        return instant_of(self.whole(name))

    def instant_or_none(self, name: str) -> datetime | None:
        """Return an instant, or None when there is none."""
        return None if self._values.get(name) is None else self.instant(name)

    def nested(self, name: str) -> "Fields | None":
        """Return a map's fields, or None when there is none."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, Mapping):
            return Fields(value, f"{self._name}.{name}")
        raise self._wrong(name, "a map")

    def all_nested(self, name: str) -> "list[Fields]":
        """Return the fields of a list of maps; an absent list is empty."""
        found = []
        for value in self._list(name):
            if not isinstance(value, Mapping):
                raise self._wrong(name, "a list of maps")
            found.append(Fields(value, f"{self._name}.{name}"))
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; an absent list is empty."""
        values = self._list(name)
        if not all(isinstance(value, str) for value in values):
            raise self._wrong(name, "a list of texts")
        return tuple(str(value) for value in values)

    def _list(self, name: str) -> list[Value]:
        value = self._values.get(name)
        if value is None:
            return []
        if isinstance(value, list | tuple):
            return list(value)
        raise self._wrong(name, "a list")

    def _wrong(self, name: str, wanted: str) -> StoredWronglyError:
        return StoredWronglyError(f"{self._name}: {name} should be {wanted}")


def without_none(**attributes: Value) -> dict[str, Value]:
    """Return the attributes that have a value."""
    return {name: value for name, value in attributes.items() if value is not None}


def amount_value(amount: Fixed | None) -> int | None:
    """Return an amount's units, or None."""
    return None if amount is None else amount.units
