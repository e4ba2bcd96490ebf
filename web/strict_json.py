"""JSON as RFC 8259 has it, and nothing besides: what gets in can be stored and told again."""

import json
from typing import cast

import orjson


def decode(data: str | bytes) -> object:
    """Return the value of a JSON text. Raises json.JSONDecodeError.

    Refuses bytes that are not UTF-8, NaN, infinities, numbers beyond a double, lone surrogates and
    more than 1,024 levels. Integers beyond 64 bits come back as floats, which no amount may be.
    """
    try:
        return cast("object", orjson.loads(data))
    except json.JSONDecodeError:
        raise
    except RecursionError as error:  # where the interpreter's limit is below orjson's
        raise json.JSONDecodeError("too many levels", "", 0) from error


def encode(value: object) -> bytes:
    """Return JSON text in UTF-8."""
    return orjson.dumps(value)
