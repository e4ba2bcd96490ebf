"""One page of a filtered list: reads on until the page is full or enough has been looked at."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.table import Item, Page
from domain.pages import EXAMINED_MAX, Slice, Stretch

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
    end, examined = stretch.after, 0
    while examined < EXAMINED_MAX:
        page = await query(end, stretch.limit - len(found))
        for item in page.items:
            end, match = read(item)
            examined += 1
            if match is not None:
                found.append(match)
        if not page.more or len(found) == stretch.limit:
            return Slice(items=tuple(found), has_more=page.more, end=end)
    return Slice(items=tuple(found), has_more=True, end=end)
