"""Items as SQLite rows, and the statements that read and write them."""

import sqlite3
from functools import lru_cache

from adapters.item_codec import decode_attributes, encode_attributes, from_json, to_json
from adapters.table import Index, Item, Key
from adapters.table_span import Span

Row = tuple[str, str, str | None, str | None, int | None, bytes]
"""pk, sk, index_1, index_2, expires_at, body."""

_COLUMNS = "pk, sk, index_1, index_2, expires_at, body"
_LIVE = "(expires_at IS NULL OR expires_at > ?)"

SELECT_ONE = f"SELECT {_COLUMNS} FROM items WHERE pk = ? AND sk = ? AND {_LIVE}"  # noqa: S608

UPSERT = f"""
INSERT INTO items ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (pk, sk) DO UPDATE SET
    index_1 = excluded.index_1, index_2 = excluded.index_2,
    expires_at = excluded.expires_at, body = excluded.body
"""  # noqa: S608

DELETE_ONE = "DELETE FROM items WHERE pk = ? AND sk = ?"

DELETE_EXPIRED = """
DELETE FROM items WHERE (pk, sk) IN (
    SELECT pk, sk FROM items WHERE expires_at <= ? ORDER BY expires_at LIMIT ?
)
"""

_SELECT_ONWARDS = f"""
SELECT {_COLUMNS} FROM items
WHERE (pk, sk) > (?, ?) AND {_LIVE} ORDER BY pk, sk LIMIT ?
"""  # noqa: S608

_STATEMENTS_MAX = 64  # more than the 3 indexes x 2 directions x 8 kinds of bounds


def to_row(item: Item) -> Row:
    """Return the row that holds the item."""
    body = to_json(encode_attributes(item.attributes))
    return (item.key.pk, item.key.sk, item.index_1, item.index_2, item.expires_at_s, body)


def to_item(row: Row) -> Item:
    """Return the item that the row holds."""
    pk, sk, index_1, index_2, expires_at_s, body = row
    return Item(Key(pk, sk), decode_attributes(from_json(body)), index_1, index_2, expires_at_s)


def select_one(connection: sqlite3.Connection, key: Key, now_s: int) -> Row | None:
    """Return the row of a live item."""
    rows: list[Row] = connection.execute(SELECT_ONE, (key.pk, key.sk, now_s)).fetchall()
    return rows[0] if rows else None


def select_span(connection: sqlite3.Connection, span: Span, now_s: int) -> list[Row]:
    """Return the rows of live items in the span: one more than its limit when there are more."""
    # Where to go on from lies within the bounds, so it takes the place of the one it leaves behind.
    low = span.low if span.after is None or span.reverse else None
    high = span.high if span.after is None or not span.reverse else None
    parameters: list[str | int] = [span.pk]
    parameters += [bound for bound in (low, high) if bound is not None]
    if span.after is not None:
        main = span.index is Index.MAIN
        parameters += [span.after.value] if main else [span.after.value, span.after.sk]
    statement = _select_span(
        span.index,
        low=low is not None,
        high=high is not None,
        after=span.after is not None,
        reverse=span.reverse,
    )
    return connection.execute(statement, [*parameters, now_s, span.limit + 1]).fetchall()


def select_onwards(connection: sqlite3.Connection, after: Key, now_s: int, limit: int) -> list[Row]:
    """Return up to `limit` rows of live items behind a key, across partitions."""
    return connection.execute(_SELECT_ONWARDS, (after.pk, after.sk, now_s, limit)).fetchall()


@lru_cache(_STATEMENTS_MAX)
def _select_span(index: Index, *, low: bool, high: bool, after: bool, reverse: bool) -> str:
    column = index.value
    main = index is Index.MAIN
    place, marks = ("sk", "?") if main else (f"({column}, sk)", "(?, ?)")
    conditions = ["pk = ?"]
    conditions += [f"{column} >= ?"] if low else []
    conditions += [f"{column} <= ?"] if high else []
    conditions += [f"{place} {'<' if reverse else '>'} {marks}"] if after else []
    conditions += [] if main else [f"{column} IS NOT NULL"]
    direction = "DESC" if reverse else "ASC"
    order = f"sk {direction}" if main else f"{column} {direction}, sk {direction}"
    return (
        f"SELECT {_COLUMNS} FROM items "  # noqa: S608
        f"WHERE {' AND '.join(conditions)} AND {_LIVE} ORDER BY {order} LIMIT ?"
    )
