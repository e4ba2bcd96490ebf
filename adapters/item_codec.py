"""Attributes as JSON text in which every kind of value round-trips exactly.

Each scalar that isn't true, false or null is a string behind a letter: `s` text, `n` an integer's
digits, `b` bytes in base64. So integers of any size never become JSON numbers, which readers turn
into floats.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import cast

import orjson

from adapters.table import Value

Encoded = str | bool | list["Encoded"] | dict[str, "Encoded"] | None
"""A value as it stands in the JSON text."""


def encode_attributes(attributes: Mapping[str, Value]) -> dict[str, Encoded]:
    """Return the attributes with every value tagged."""
    # Nearly all values are exactly of these two classes, and this runs for each one written.
    return {
        name: "s" + value
        if type(value) is str
        else f"n{value}"
        if type(value) is int
        else encode_value(value)
        for name, value in attributes.items()
    }


def decode_attributes(encoded: Mapping[str, Encoded]) -> dict[str, Value]:
    """Return the attributes as they were before `encode_attributes`."""
    return {
        name: value[1:] if type(value) is str and value[0] == "s" else decode_value(value)
        for name, value in encoded.items()
    }


def encode_value(value: Value) -> Encoded:
    """Return the value with its kind tagged."""
    encoded: Encoded
    if isinstance(value, str):
        encoded = "s" + value
    elif value is None or isinstance(value, bool):
        encoded = value
    elif isinstance(value, int):
        encoded = f"n{int(value)}"
    elif isinstance(value, bytes):
        encoded = "b" + b64encode(value).decode()
    elif isinstance(value, dict | Mapping):
        encoded = encode_attributes(value)
    else:
        encoded = [encode_value(inner) for inner in value]
    return encoded


def decode_value(encoded: Encoded) -> Value:
    """Return the value that `encode_value` was given."""
    value: Value
    if isinstance(encoded, str):
        kind, text = encoded[0], encoded[1:]
        value = text if kind == "s" else int(text) if kind == "n" else b64decode(text)
    elif isinstance(encoded, dict):
        value = decode_attributes(encoded)
    elif isinstance(encoded, list):
        value = [decode_value(inner) for inner in encoded]
    else:
        value = encoded
    return value


def to_json(encoded: Mapping[str, Encoded]) -> bytes:
    """Return the JSON text of tagged attributes."""
    return orjson.dumps(encoded)


def from_json(body: bytes) -> dict[str, Encoded]:
    """Return the tagged attributes of a JSON text."""
    return cast("dict[str, Encoded]", orjson.loads(body))
