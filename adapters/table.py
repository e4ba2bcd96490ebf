"""The narrow waist: what every storage engine promises, and nothing that only one can do."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

ACTIONS_MAX = 100
"""Writes in one transaction, and keys in one snapshot. Source: DynamoDB service quotas."""

ITEM_BYTES_MAX = 400 * 1024
"""Size of one item, attribute names included. Source: DynamoDB service quotas."""

PAGE_ITEMS_MAX = 1_000
"""Items in one page of a query; decoding them holds up the event loop for milliseconds."""

TOKEN_CHARACTERS_MAX = 36
"""Length of a transaction's token. Source: DynamoDB API reference, ClientRequestToken."""

Value = str | int | bytes | bool | None | Sequence["Value"] | Mapping[str, "Value"]
"""What an attribute may hold.

Integers may have up to 38 digits; there are no floats. Sequences come back as lists, mappings as
dicts.
"""


@dataclass(frozen=True, slots=True)
class Key:
    """The address of one item: a partition and a place in its order."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class Item:
    """One stored item.

    `index_1` and `index_2` place it in the two local indexes of its partition; None leaves it out
    of them. They hold no NUL, and have at most 1,023 bytes together with the sort key.
    `expires_at_s` is the Unix second from which on the item reads as absent. Attributes may not be
    called `pk`, `sk`, `index_1`, `index_2` or `expires_at`.
    """

    key: Key
    attributes: Mapping[str, Value]
    index_1: str | None = None
    index_2: str | None = None
    expires_at_s: int | None = None


class Index(Enum):
    """The orders in which a partition can be read; all three are strongly consistent."""

    MAIN = "sk"
    LOCAL_1 = "index_1"
    LOCAL_2 = "index_2"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an index to go on from: the index value, and the sort key that breaks ties.

    On `Index.MAIN` both are the sort key. The item itself need not exist any more. A position
    outside the bounds of a query is no error: the page starts at the bound, or is empty.
    """

    value: str
    sk: str

    @classmethod
    def of(cls, item: Item, index: Index = Index.MAIN) -> "Position":
        """Return where `item` stands in `index`.

        Raises ValueError when the item isn't in that index.
        """
        value = item.key.sk if index is Index.MAIN else getattr(item, index.value)
        if value is None:
            message = f"{item.key} is not in {index.name}"
            raise ValueError(message)
        return cls(value, item.key.sk)


@dataclass(frozen=True, slots=True)
class Page:
    """Items in the order asked for; `more` tells whether at least one live item follows them."""

    items: tuple[Item, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Absent:
    """No live item has the key (an expired one is absent)."""


@dataclass(frozen=True, slots=True)
class Present:
    """A live item has the key."""


@dataclass(frozen=True, slots=True)
class Equals:
    """A live item has the key, and its attribute has exactly this value."""

    attribute: str
    value: str | int | bytes | bool | None


@dataclass(frozen=True, slots=True)
class AtMost:
    """A live item has the key, and its integer attribute is `value` or less."""

    attribute: str
    value: int


Condition = Absent | Present | Equals | AtMost


@dataclass(frozen=True, slots=True)
class Put:
    """Write the whole item, if all conditions hold for what is there now."""

    item: Item
    when: tuple[Condition, ...] = ()

    @property
    def key(self) -> Key:
        """The item's address."""
        return self.item.key


@dataclass(frozen=True, slots=True)
class Update:
    """Set some attributes of a live item, if all conditions hold; an absent item fails it.

    Indexes and expiry stay as they are: put the whole item to move them.
    """

    key: Key
    changes: Mapping[str, Value]
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the item, if all conditions hold; removing what is absent is no failure."""

    key: Key
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, but let the transaction pass only if all conditions hold; at least one."""

    key: Key
    when: tuple[Condition, ...] = field(default=(Present(),))


Write = Put | Update | Delete | Check


class TableError(Exception):
    """Something kept the table from doing what was asked."""


class ConditionFailedError(TableError):
    """Nothing was written, since conditions on `keys` did not hold."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = frozenset(keys)
        super().__init__("condition failed on " + ", ".join(sorted(map(str, self.keys))))


class TableRefusedError(TableError):
    """The request breaks a limit that every engine keeps; nothing was written.

    It is a bug of the caller and no weather: repeating it is of no use.
    """


class TableUnavailableError(TableError):
    """The engine can't be reached or is overloaded; nothing was written."""


class TableOutcomeUnknownError(TableError):
    """The engine didn't say whether it wrote.

    Read what the transaction would have written; while that is absent, the same transaction may be
    repeated with the same token.
    """


class StoreLockedError(TableError):
    """Another process has the store open for writing, and this engine serves one."""


class Table(Protocol):
    """Items under (pk, sk), with two local indexes and an expiry.

    Every engine keeps the same promises: reads see all writes acknowledged before (unless
    `strong=False`); expired items are absent to reads and conditions alike, however late they are
    deleted; a transaction is wholly there or wholly not, and durable once it returns. What breaks a
    limit of `adapters.table_limits` is a TableRefusedError on every engine. Reads raise
    TableUnavailableError; so does everything once the table is closed.
    """

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:
        """Return the item, or None."""

    async def get_many(self, keys: Iterable[Key], *, strong: bool = True) -> dict[Key, Item]:
        """Return those of any number of items that exist; not as of one instant."""

    async def snapshot(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return those of at most 100 items that exist, all as of one instant."""

    async def query(
        self,
        pk: str,
        *,
        index: Index = Index.MAIN,
        low: str | None = None,
        high: str | None = None,
        after: Position | None = None,
        reverse: bool = False,
        limit: int = 100,
        strong: bool = True,
    ) -> Page:
        """Return up to `limit` (1..1000) items of one partition in index order.

        `low` and `high` bound the index value, both inclusive; `after` goes on behind a position,
        in the direction of reading. Equal index values are in the order of their sort keys. Bounds
        compare by UTF-8 bytes.
        """

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        """Do all writes or none.

        `token` (1..36 characters) names this transaction: repeating it with the same writes has no
        second effect for ten minutes where the engine remembers tokens, and fails its own
        conditions where it doesn't. Within that time the same token with other writes writes
        nothing: TableRefusedError, or TableOutcomeUnknownError where the engine can't tell it from
        a repeat. Raises ConditionFailedError, TableRefusedError, TableUnavailableError (nothing
        written) or TableOutcomeUnknownError.
        """

    def scan(self, prefix: str) -> AsyncIterator[Item]:
        """Yield every live item whose pk starts with `prefix`, in no promised order.

        For audit and export: it reads everything, not as of one instant. An item that is there all
        the while is yielded once.
        """

    async def close(self) -> None:
        """Finish what was accepted and let go of the engine. Closing twice is allowed."""
