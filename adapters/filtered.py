"""One page of a filtered list: reads on until the page is full or enough has been looked at."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.table import Item, Page
from domain.pages import EXAMINED_MAX, Slice, Stretch

GROWTH = 4
"""How much more is read at each turn when little matches: 1,000 items in at most 6 queries."""

ItemT = TypeVar("ItemT")
PlaceT = TypeVar("PlaceT")


async def filtered(
    query: Callable[[PlaceT | None, int], Awaitable[Page]],
    read: Callable[[Item], tuple[PlaceT, ItemT | None]],
    stretch: Stretch[PlaceT],
) -> Slice[ItemT, PlaceT]:
    """Return up to `stretch.limit` items that `read` lets through, of at most EXAMINED_MAX.

    `query` reads on behind a place; `read` returns an item's place, and None when it doesn't match.
    """
    found: list[ItemT] = []
    end, examined, size = stretch.after, 0, stretch.limit
    while True:
        size = min(size, EXAMINED_MAX - examined)
        page = await query(end, size)
        assert page.items or not page.more, "a page that goes on has items"
        for number, item in enumerate(page.items, 1):
            end, match = read(item)
            if match is None:
                continue
            found.append(match)
            if len(found) == stretch.limit:
                is_more = page.more or number < len(page.items)
                passed_over = examined + number - len(found)
                return Slice(items=tuple(found), has_more=is_more, end=end, passed_over=passed_over)
        examined += len(page.items)
        if not page.more or examined >= EXAMINED_MAX:
            passed_over = examined - len(found)
            return Slice(items=tuple(found), has_more=page.more, end=end, passed_over=passed_over)
        size *= GROWTH
