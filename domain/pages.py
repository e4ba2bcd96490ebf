"""Lists in pieces: where a piece begins, which way it goes, and what it leaves out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from domain.ids import AssetId
from domain.journal import EntryKind
from domain.orders import OrderSide, OrderStatus

ItemT = TypeVar("ItemT")
PlaceT = TypeVar("PlaceT")

EXAMINED_MAX = 1_000
"""Items that one page of a filtered list may look at, so that no page costs without bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch(Generic[PlaceT]):
    """Up to `limit` items behind `after`, newest first or, when `is_ascending`, oldest first."""

    limit: int
    after: PlaceT | None = None
    is_ascending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[ItemT, PlaceT]):
    """Items in the order they were read; `has_more` when the list goes on behind `end`.

    `end` is the last place that was looked at, though it may not have matched; None of nothing.
    """

    items: tuple[ItemT, ...]
    has_more: bool
    end: PlaceT | None
    passed_over: int = 0
    """Items that were looked at and did not match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which journal entries; everything when nothing is given.

    `since` is the first instant that counts, `until` the first one that doesn't any more.
    """

    kinds: frozenset[EntryKind] = frozenset()
    asset_id: AssetId | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders; everything when nothing is given."""

    asset_id: AssetId | None = None
    statuses: frozenset[OrderStatus] = frozenset()
    side: OrderSide | None = None
