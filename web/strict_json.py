"""JSON as RFC 8259 has it, and nothing besides: what gets in can be stored and told again."""

from typing import cast

import orjson


def decode(data: str | bytes) -> object:
    """Return the value of a JSON text. Raises json.JSONDecodeError.

    Refuses bytes that are not UTF-8, NaN, infinities, numbers beyond a double, lone surrogates and
    more than 1,024 levels. Integers beyond 64 bits come back as floats, which no amount may be.
    """
    return cast("object", orjson.loads(data))


def encode(value: object) -> bytes:
    """Return JSON text in UTF-8."""
    return orjson.dumps(value)
