"""How many bytes DynamoDB counts for an item, so that every engine refuses the same ones.

Source: DynamoDB developer guide, "Item sizes and formats" and "Constraints". The guide gives the
size of a number as an approximation; here it is never less than that.
"""

from collections.abc import Mapping, Sequence

from adapters.table import Item, TableRefusedError, Value

NUMBER_DIGITS_MAX = 38
"""Digits of an integer. Source: DynamoDB naming rules and data types."""

NESTING_LEVELS_MAX = 32
"""Lists and maps within each other. Source: DynamoDB service quotas."""

TIE_BYTES = 1
"""What stands between an index value and the sort key that DynamoDB stores behind it for ties."""

RESERVED_NAMES = frozenset({"pk", "sk", "index_1", "index_2", "expires_at"})
"""Names under which engines store an item's own fields."""

_NUMBER_LIMIT = 10**NUMBER_DIGITS_MAX
_CONTAINER_BYTES = 3
_ELEMENT_BYTES = 1


def item_bytes(item: Item) -> int:
    """Return the size of the item with its names, keys and index values.

    An item in a local index counts a second time for the entry there, as DynamoDB holds the sum of
    both to its limit. Raises TableRefusedError for what no engine can store.
    """
    sk_bytes = text_bytes(item.key.sk)
    size = len("pk") + text_bytes(item.key.pk) + len("sk") + sk_bytes
    if item.index_1 is not None:
        size += len("index_1") + text_bytes(item.index_1) + TIE_BYTES + sk_bytes
    if item.index_2 is not None:
        size += len("index_2") + text_bytes(item.index_2) + TIE_BYTES + sk_bytes
    if item.expires_at_s is not None:
        size += len("expires_at") + _integer_bytes(item.expires_at_s)
    size += attributes_bytes(item.attributes)
    in_an_index = item.index_1 is not None or item.index_2 is not None
    return size * 2 if in_an_index else size


def attributes_bytes(attributes: Mapping[str, Value]) -> int:
    """Return the size of names and values. Raises TableRefusedError for what can't be stored."""
    size = 0
    for name, value in attributes.items():
        if not name or name in RESERVED_NAMES:
            raise TableRefusedError(f"an attribute may not be called {name!r}")
        size += text_bytes(name) + value_bytes(value)
    return size


def value_bytes(value: Value, level: int = 0) -> int:
    """Return the size of one value. Raises TableRefusedError for what can't be stored."""
    # Nearly all values are exactly of these two classes, and this runs for each one written.
    if type(value) is str:
        return len(value) if value.isascii() else text_bytes(value)
    if type(value) is int:
        return _integer_bytes(value)
    return _other_bytes(value, level)


def text_bytes(text: str) -> int:
    """Return the length in UTF-8. Raises TableRefusedError for lone surrogates."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise TableRefusedError(f"text that is no Unicode: {error.reason}") from error


def _integer_bytes(value: int) -> int:
    # A byte for two digits, one more, and one for the sign; 5/32 of a bit is half a digit.
    if not -_NUMBER_LIMIT < value < _NUMBER_LIMIT:
        raise TableRefusedError(f"an integer of more than {NUMBER_DIGITS_MAX} digits")
    return value.bit_length() * 5 // 32 + 3


def _other_bytes(value: Value, level: int) -> int:
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, str):
        return text_bytes(value)
    if isinstance(value, int):
        return _integer_bytes(value)
    return _container_bytes(value, level + 1)


def _container_bytes(value: object, level: int) -> int:
    if level > NESTING_LEVELS_MAX:
        raise TableRefusedError(f"more than {NESTING_LEVELS_MAX} nested lists and maps")
    if isinstance(value, dict | Mapping):
        size = _CONTAINER_BYTES
        for name, inner in value.items():
            if not isinstance(name, str) or not name:
                raise TableRefusedError(f"a map with the key {name!r}")
            size += _ELEMENT_BYTES + text_bytes(name) + value_bytes(inner, level)
        return size
    if isinstance(value, list | Sequence) and not isinstance(value, bytearray | memoryview):
        return _CONTAINER_BYTES + sum(_ELEMENT_BYTES + value_bytes(inner, level) for inner in value)
    raise TableRefusedError(f"a value of type {type(value).__name__}")
