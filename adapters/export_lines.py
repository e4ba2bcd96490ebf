"""A line of an export: one item as JSON, in the form of DynamoDB's own exports.

`{"Item": {"pk": {"S": "ACCOUNT#…"}, "cash": {"N": "1000"}, …}}`: amounts are digits in the smallest
units, bytes are base64. The last line is an item as well; it counts the others.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import Any

import orjson

from adapters.dynamodb_codec import Wire, decode_item, encode_item
from adapters.table import Item, Key, TableRefusedError
from adapters.table_limits import check_item

END_KEY = Key("EXPORT", "END")
"""Where the last line would lie; it isn't stored."""

DEPTH_MAX = 32
"""Levels of a value. Source: DynamoDB service quotas."""


class MalformedLineError(Exception):
    """A line is no item of ours; the message says why, and repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportEnd:
    """What the last line says of all others."""

    items: int
    has_secrets: bool
    """Whether password hashes and sessions are among them."""


def line_of(item: Item) -> bytes:
    """Return the line of an item."""
    return orjson.dumps({"Item": encode_item(item)}, default=_text_of_bytes) + b"\n"


def sorted_line_of(item: Item) -> bytes:
    """Return the line with all names in order, the same for equal items of any engine."""
    options = orjson.OPT_SORT_KEYS
    return orjson.dumps({"Item": encode_item(item)}, default=_text_of_bytes, option=options)


def item_of(line: bytes) -> Item:
    """Return the item of a line. Raises MalformedLineError."""
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise MalformedLineError("it is no JSON") from error
    if not isinstance(said, dict) or said.keys() != {"Item"} or not isinstance(said["Item"], dict):
        raise MalformedLineError('it is no object with an "Item" and nothing else')
    try:
        item = decode_item(_with_bytes(said["Item"]))
        check_item(item)
        # Whatever reads as something else than it says is not what we have written.
        is_same = orjson.loads(line_of(item)) == said
    except TableRefusedError as error:
        raise MalformedLineError("the item breaks a limit of the store") from error
    except _NOT_OURS as error:
        raise MalformedLineError("the item has no key, or an attribute of no known type") from error
    if not is_same:
        raise MalformedLineError("an attribute is not in the form in which this program writes it")
    return item


def end_item(end: ExportEnd) -> Item:
    """Return the item of the last line."""
    return Item(END_KEY, {"items": end.items, "secrets": end.has_secrets})


def end_of(item: Item) -> ExportEnd:
    """Read the last line's item. Raises MalformedLineError."""
    match dict(item.attributes):
        case {"items": int(items), "secrets": bool(has_secrets)}:
            return ExportEnd(items=items, has_secrets=has_secrets)
    raise MalformedLineError("it should say how many items there are")


_NOT_OURS = (
    AssertionError,
    AttributeError,
    Base64Error,
    InvalidOperation,
    KeyError,
    TypeError,
    UnicodeEncodeError,
    ValueError,
)
"""What decoding of a strange value ends in."""


def _text_of_bytes(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _with_bytes(item: dict[str, Any]) -> Wire:
    return {name: _value_with_bytes(value, DEPTH_MAX) for name, value in item.items()}


def _value_with_bytes(value: Any, depth: int) -> Wire:
    """Return a value as botocore gives it: JSON has no bytes."""
    if depth < 0:
        raise ValueError("nested too deeply")
    ((kind, inner),) = value.items()
    match kind:
        case "B":
            return {"B": b64decode(inner, validate=True)}
        case "M":
            return {"M": {name: _value_with_bytes(v, depth - 1) for name, v in inner.items()}}
        case "L":
            return {"L": [_value_with_bytes(v, depth - 1) for v in inner]}
    return {kind: inner}
