"""The limits that every engine keeps, so that what passes on one passes on all."""

from collections.abc import Iterable, Sequence

from adapters.item_size import TIE_BYTES, attributes_bytes, item_bytes, text_bytes, value_bytes
from adapters.table import (
    ACTIONS_MAX,
    ITEM_BYTES_MAX,
    PAGE_ITEMS_MAX,
    TOKEN_CHARACTERS_MAX,
    Absent,
    AtMost,
    Check,
    Condition,
    Delete,
    Equals,
    Index,
    Item,
    Key,
    Present,
    Put,
    TableRefusedError,
    Update,
    Write,
)

PK_BYTES_MAX = 2048
"""Length of a partition key, at least 1. Source: DynamoDB service quotas."""

SK_BYTES_MAX = 1024
"""Length of a sort key, at least 1. Source: DynamoDB service quotas."""

INDEX_BYTES_MAX = SK_BYTES_MAX - TIE_BYTES
"""Length of an index value (at least 1) together with the item's sort key."""

TRANSACTION_BYTES_MAX = 4 * 1024 * 1024
"""All items that one transaction writes. Source: DynamoDB service quotas."""

EXPIRES_AT_S_MAX = 2**40
"""A Unix second some 34,000 years ahead, well within what every engine stores."""


def check_key(key: Key) -> None:
    """Raise TableRefusedError unless both parts are non-empty and short enough."""
    _check_length("pk", key.pk, PK_BYTES_MAX)
    _check_length("sk", key.sk, SK_BYTES_MAX)


def check_pk(pk: str) -> None:
    """Raise TableRefusedError unless the partition key is non-empty and short enough."""
    _check_length("pk", pk, PK_BYTES_MAX)


def check_place(index: Index, value: str, sk: str) -> None:
    """Raise TableRefusedError unless an item can have this place in the index."""
    _check_length("sk", sk, SK_BYTES_MAX)
    if index is not Index.MAIN:
        if "\0" in value:
            raise TableRefusedError("an index value with a NUL character")
        _check_length("an index value", value, INDEX_BYTES_MAX - text_bytes(sk))


def check_snapshot(keys: Iterable[Key]) -> tuple[Key, ...]:
    """Return the distinct keys. Raises TableRefusedError for more than 100."""
    distinct = check_keys(keys)
    if len(distinct) > ACTIONS_MAX:
        raise TableRefusedError(f"a snapshot of {len(distinct)} items, at most {ACTIONS_MAX}")
    return distinct


def check_keys(keys: Iterable[Key]) -> tuple[Key, ...]:
    """Return the distinct keys. Raises TableRefusedError for one that no item can have."""
    distinct = tuple(dict.fromkeys(keys))
    for key in distinct:
        check_key(key)
    return distinct


def check_page(limit: int) -> None:
    """Raise TableRefusedError unless the limit is within 1..1000."""
    if not 1 <= limit <= PAGE_ITEMS_MAX:
        raise TableRefusedError(f"a page of {limit} items, allowed are 1 to {PAGE_ITEMS_MAX}")


def check_item(item: Item) -> int:
    """Return the item's size in bytes. Raises TableRefusedError when it can't be stored."""
    check_key(item.key)
    if item.index_1 is not None:
        check_place(Index.LOCAL_1, item.index_1, item.key.sk)
    if item.index_2 is not None:
        check_place(Index.LOCAL_2, item.index_2, item.key.sk)
    if item.expires_at_s is not None and not 0 <= item.expires_at_s <= EXPIRES_AT_S_MAX:
        raise TableRefusedError(f"an expiry at the second {item.expires_at_s}")
    size = item_bytes(item)
    _check_bytes(item.key, size)
    return size


def check_transaction(writes: Sequence[Write], token: str) -> None:
    """Raise TableRefusedError when DynamoDB would refuse the transaction on sight."""
    if not 1 <= len(token) <= TOKEN_CHARACTERS_MAX:
        raise TableRefusedError(
            f"a token of {len(token)} characters, allowed are 1 to {TOKEN_CHARACTERS_MAX}"
        )
    if not 1 <= len(writes) <= ACTIONS_MAX:
        raise TableRefusedError(f"{len(writes)} actions, allowed are 1 to {ACTIONS_MAX}")
    if len({write.key for write in writes}) < len(writes):
        raise TableRefusedError("one item twice in a transaction")
    size = sum(map(_check_write, writes))
    if size > TRANSACTION_BYTES_MAX:
        raise TableRefusedError(f"a transaction of {size} bytes, at most {TRANSACTION_BYTES_MAX}")


def _check_write(write: Write) -> int:
    for condition in write.when:
        _check_condition(condition)
    if isinstance(write, Put):
        return check_item(write.item)
    check_key(write.key)
    if isinstance(write, Update):
        # The engine holds the whole item to the limit, once it is seen.
        size = attributes_bytes(write.changes)
        _check_bytes(write.key, size)
        return size
    if isinstance(write, Check) and not write.when:
        raise TableRefusedError(f"a check of {write.key} without a condition")
    assert isinstance(write, Check | Delete), write
    return 0


def _check_condition(condition: Condition) -> None:
    if isinstance(condition, Equals | AtMost):
        attributes_bytes({condition.attribute: condition.value})
        if isinstance(condition, AtMost):
            value_bytes(condition.value)
    else:
        assert isinstance(condition, Absent | Present), condition


def _check_bytes(key: Key, size: int) -> None:
    if size > ITEM_BYTES_MAX:
        raise TableRefusedError(f"{key} has {size} bytes, at most {ITEM_BYTES_MAX}")


def _check_length(what: str, text: str, bytes_max: int) -> None:
    if not 1 <= (size := text_bytes(text)) <= bytes_max:
        raise TableRefusedError(f"{what} has {size} bytes, allowed are 1 to {bytes_max}")
