"""Deciding one transaction against what the table holds: its rows to write, or why not."""

import sqlite3
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from adapters.item_codec import Encoded, encode_attributes, encode_value, from_json, to_json
from adapters.sqlite_rows import DELETE_ONE, UPSERT, Row, select_one, to_item, to_row
from adapters.table import (
    ITEM_BYTES_MAX,
    Absent,
    AtMost,
    Condition,
    ConditionFailedError,
    Delete,
    Equals,
    Key,
    Present,
    Put,
    Update,
    Write,
)
from adapters.table_limits import check_item

SIZE_DOUBTFUL_BYTES = ITEM_BYTES_MAX // 8
"""JSON bodies up to this can't be over the limit; beyond it an updated item is measured exactly.

Attributes count at most twice their JSON text, keys take at most 5 KB, and an index doubles both.
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A write with what can be worked out before the table is looked at."""

    write: Write
    row: Row | None
    changes: Mapping[str, Encoded] | None

    @classmethod
    def of(cls, write: Write) -> "Prepared":
        """Encode what the write carries."""
        return cls(
            write,
            to_row(write.item) if isinstance(write, Put) else None,
            encode_attributes(write.changes) if isinstance(write, Update) else None,
        )

    def fingerprint(self) -> Hashable:
        """Return something that is equal for equal writes."""
        changes = None if self.changes is None else to_json(self.changes)
        return hash((type(self.write), self.write.key, self.write.when, self.row, changes))


@dataclass(frozen=True, slots=True)
class Changes:
    """What a transaction whose conditions hold writes and deletes."""

    rows: tuple[Row, ...]
    deleted: tuple[Key, ...]

    def apply(self, connection: sqlite3.Connection) -> None:
        """Write into the open transaction of `connection`."""
        if self.rows:
            connection.executemany(UPSERT, self.rows)
        if self.deleted:
            connection.executemany(DELETE_ONE, [(key.pk, key.sk) for key in self.deleted])


def decide(connection: sqlite3.Connection, writes: Iterable[Prepared], now_s: int) -> Changes:
    """Check all conditions, and return what to write.

    Nothing is written before all conditions are known to hold, so a refused transaction leaves
    nothing to roll back. Raises ConditionFailedError, and TableRefusedError when an update makes
    its item too large.
    """
    rows: list[Row] = []
    deleted: list[Key] = []
    failed: list[Key] = []
    for prepared in writes:
        write = prepared.write
        found = None
        if write.when or prepared.changes is not None:
            found = select_one(connection, write.key, now_s)
            attributes = None if found is None else from_json(found[-1])
            if not all(_holds(condition, attributes) for condition in write.when):
                failed.append(write.key)
                continue
        if prepared.row is not None:
            rows.append(prepared.row)
        elif prepared.changes is not None:
            if found is None:
                failed.append(write.key)
            else:
                rows.append(_updated(found, prepared.changes))
        elif isinstance(write, Delete):
            deleted.append(write.key)
    if failed:
        raise ConditionFailedError(failed)
    return Changes(tuple(rows), tuple(deleted))


def _holds(condition: Condition, attributes: dict[str, Encoded] | None) -> bool:
    match condition:
        case Absent():
            return attributes is None
        case Present():
            return attributes is not None
        case Equals(attribute, value):
            if attributes is None or attribute not in attributes:
                return False
            return attributes[attribute] == encode_value(value)
        case AtMost(attribute, value):
            found = None if attributes is None else attributes.get(attribute)
            return isinstance(found, str) and found[0] == "n" and int(found[1:]) <= value


def _updated(row: Row, changes: Mapping[str, Encoded]) -> Row:
    pk, sk, index_1, index_2, expires_at_s, body = row
    body = to_json({**from_json(body), **changes})
    changed = (pk, sk, index_1, index_2, expires_at_s, body)
    if len(body) > SIZE_DOUBTFUL_BYTES:
        check_item(to_item(changed))
    return changed
