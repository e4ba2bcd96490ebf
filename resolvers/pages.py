"""Connections: lists in pages, forwards and backwards, as the Relay specification has them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.pages import Slice, Stretch
from resolvers.cursors import Cursors
from resolvers.errors import BadInputError

PAGE_DEFAULT = 20
PAGE_MAX = 100

NodeT = TypeVar("NodeT")
PlaceT = TypeVar("PlaceT")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageArgs:
    """What a client asked for: the `first` after a cursor, or the `last` before one."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def is_backwards(self) -> bool:
        """Tell whether the page is read from its end."""
        return self.last is not None or self.before is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInfo:
    """Whether the list goes on, and the cursors to go on with."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge(Generic[NodeT]):
    """A node and its place in the list."""

    node: NodeT
    cursor: str


@dataclass(frozen=True, slots=True)
class Connection(Generic[NodeT]):
    """One page of a list."""

    edges: tuple[Edge[NodeT], ...]
    page_info: PageInfo

    @property
    def nodes(self) -> list[NodeT]:
        """The nodes without their cursors."""
        return [edge.node for edge in self.edges]


class Paging(Generic[NodeT, PlaceT]):
    """Turns page arguments into a stretch to read, and what was read into a connection."""

    def __init__(self, args: PageArgs, cursors: Cursors[PlaceT]) -> None:
        """Check the arguments. Raises BadInputError."""
        self._cursors = cursors
        limit = _limit(args)
        name, cursor = ("before", args.before) if args.is_backwards else ("after", args.after)
        self.stretch: Stretch[PlaceT] = Stretch(
            limit=limit,
            after=None if cursor is None else cursors.read(cursor, name),
            is_ascending=args.is_backwards,
        )

    def connection(
        self, found: Slice[NodeT, PlaceT], place_of: Callable[[NodeT], PlaceT]
    ) -> Connection[NodeT]:
        """Return the page in the list's order, whichever way it was read.

        Where the list goes on behind a page that is short, for all that matched among what was
        looked at, the cursor to go on with is that of the last place that was looked at.
        """
        edges = [Edge(node, self._cursors.spell(place_of(node))) for node in found.items]
        place = self.stretch.after if found.end is None else found.end
        reached = None if place is None else self._cursors.spell(place)
        near = edges[0].cursor if edges else reached
        far = edges[-1].cursor if edges and not found.has_more else reached
        came_from_somewhere = self.stretch.after is not None
        if self.stretch.is_ascending:
            edges.reverse()
            info = PageInfo(
                has_next_page=came_from_somewhere,
                has_previous_page=found.has_more,
                start_cursor=far,
                end_cursor=near,
            )
        else:
            info = PageInfo(
                has_next_page=found.has_more,
                has_previous_page=came_from_somewhere,
                start_cursor=near,
                end_cursor=far,
            )
        return Connection(tuple(edges), info)


def _limit(args: PageArgs) -> int:
    if args.first is not None and args.last is not None:
        message = "Give one of `first` and `last`; both were given."
        raise BadInputError(message)
    if args.is_backwards and (args.first is not None or args.after is not None):
        message = "`before` goes with `last`, and `after` with `first`."
        raise BadInputError(message)
    name, size = ("last", args.last) if args.is_backwards else ("first", args.first)
    if size is None:
        return PAGE_DEFAULT
    if not 1 <= size <= PAGE_MAX:
        message = f"`{name}` is {size}; 1 to {PAGE_MAX} are allowed."
        raise BadInputError(message)
    return size
