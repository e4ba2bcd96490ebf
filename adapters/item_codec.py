"""Attributes as JSON text in which every kind of value round-trips exactly.

Each scalar that isn't true, false or null is a string behind a letter: `s` text, `n` an integer's
digits, `b` bytes in base64. So integers of any size never become JSON numbers, which readers turn
into floats.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import cast

import orjson

from adapters.table import Value

Encoded = str | bool | list["Encoded"] | dict[str, "Encoded"] | None
"""A value as it stands in the JSON text."""


def encode_attributes(attributes: Mapping[str, Value]) -> dict[str, Encoded]:
    """Return the attributes with every value tagged."""
    return {name: encode_value(value) for name, value in attributes.items()}


def decode_attributes(encoded: Mapping[str, Encoded]) -> dict[str, Value]:
    """Return the attributes as they were before `encode_attributes`."""
    return {name: decode_value(value) for name, value in encoded.items()}


def encode_value(value: Value) -> Encoded:
    """Return the value with its kind tagged."""
    if isinstance(value, str):
        return "s" + value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return f"n{int(value)}"
    if isinstance(value, bytes):
        return "b" + b64encode(value).decode()
    if isinstance(value, Mapping):
        return encode_attributes(value)
    return [encode_value(inner) for inner in value]


def decode_value(encoded: Encoded) -> Value:
    """Return the value that `encode_value` was given."""
    if isinstance(encoded, str):
        kind = encoded[0]
        if kind == "s":
            return encoded[1:]
        if kind == "n":
            return int(encoded[1:])
        assert kind == "b", kind
        return b64decode(encoded[1:])
    if encoded is None or isinstance(encoded, bool):
        return encoded
    if isinstance(encoded, dict):
        return decode_attributes(encoded)
    return cast("Sequence[Value]", [decode_value(inner) for inner in encoded])


def to_json(encoded: Mapping[str, Encoded]) -> bytes:
    """Return the JSON text of tagged attributes."""
    return orjson.dumps(encoded)


def from_json(body: bytes) -> dict[str, Encoded]:
    """Return the tagged attributes of a JSON text."""
    return cast("dict[str, Encoded]", orjson.loads(body))
