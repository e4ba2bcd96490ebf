"""Items as DynamoDB's typed attributes, and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapters.item_size import RESERVED_NAMES
from adapters.table import Item, Key, Value

Wire = dict[str, Any]
"""A value, item or request as botocore takes and gives it."""


def encode_value(value: Value) -> Wire:
    """Return the value under the name of its type."""
    match value:
        case str():
            wire: Wire = {"S": str(value)}
        case None:
            wire = {"NULL": True}
        case bool():
            wire = {"BOOL": value}
        case int():
            wire = {"N": str(int(value))}
        case bytes():
            wire = {"B": value}
        case Mapping():
            wire = {"M": encode_attributes(value)}
        case _:
            wire = {"L": [encode_value(inner) for inner in value]}
    return wire


def decode_value(wire: Wire) -> Value:
    """Return the value that `encode_value` was given."""
    ((kind, value),) = wire.items()
    decoded: Value
    match kind:
        case "S" | "BOOL" | "B":
            decoded = value
        case "N":
            decoded = int(Decimal(value))  # whatever notation it is answered in
        case "NULL":
            decoded = None
        case "M":
            decoded = decode_attributes(value)
        case "L":
            decoded = [decode_value(inner) for inner in value]
        case _:
            raise AssertionError(f"a value of type {kind}, which this table never writes")
    return decoded


def encode_attributes(attributes: Mapping[str, Value]) -> Wire:
    """Return the attributes with every value under the name of its type."""
    return {name: encode_value(value) for name, value in attributes.items()}


def decode_attributes(wire: Wire) -> dict[str, Value]:
    """Return the attributes that `encode_attributes` was given."""
    return {name: decode_value(value) for name, value in wire.items()}


def encode_key(key: Key) -> Wire:
    """Return the key's two attributes."""
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def decode_key(wire: Wire) -> Key:
    """Return the key of an item, or of a key alone."""
    return Key(wire["pk"]["S"], wire["sk"]["S"])


def encode_item(item: Item) -> Wire:
    """Return the item with its own fields beside its attributes."""
    wire = encode_attributes(item.attributes) | encode_key(item.key)
    if item.index_1 is not None:
        wire["index_1"] = {"S": encode_place(item.index_1, item.key.sk)}
    if item.index_2 is not None:
        wire["index_2"] = {"S": encode_place(item.index_2, item.key.sk)}
    if item.expires_at_s is not None:
        wire["expires_at"] = {"N": str(item.expires_at_s)}
    return wire


def decode_item(wire: Wire) -> Item:
    """Return the item that `encode_item` was given."""
    attributes = {
        name: decode_value(value) for name, value in wire.items() if name not in RESERVED_NAMES
    }
    expires_at = wire.get("expires_at")
    return Item(
        decode_key(wire),
        attributes,
        _decode_place(wire, "index_1"),
        _decode_place(wire, "index_2"),
        None if expires_at is None else int(expires_at["N"]),
    )


def encode_place(value: str, sk: str) -> str:
    """Return what is stored as an index value.

    DynamoDB puts items with equal index values in an order of its own, so the sort key stands
    behind the value. NUL, which no value contains, sorts before all else: values that are the
    beginning of others stay before them.
    """
    return f"{value}\0{sk}"


def _decode_place(wire: Wire, column: str) -> str | None:
    if column not in wire:
        return None
    stored: str = wire[column]["S"]
    value, _, _ = stored.partition("\0")
    return value
