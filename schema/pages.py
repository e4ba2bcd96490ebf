"""Page arguments and page info, alike for every connection."""

from typing import Annotated

import strawberry

from resolvers.pages import PageArgs
from schema.context import given

First = Annotated[
    int | None,
    strawberry.argument(
        description="How many from the start or after a cursor: 1 to 100; 20 by default."
    ),
]
After = Annotated[
    str | None, strawberry.argument(description="A cursor of this list; goes with `first`.")
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description="How many from the end or before a cursor: 1 to 100; not with `first`."
    ),
]
Before = Annotated[
    str | None, strawberry.argument(description="A cursor of this list; goes with `last`.")
]


@strawberry.federation.type(
    shareable=True, description="Where a page lies in its list, as Relay has it."
)
class PageInfo:
    """Whether the list goes on, and from where."""

    has_next_page: bool = strawberry.field(
        description="Whether the list goes on behind `endCursor`, even if this page is short."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether the list has something before `startCursor`."
    )
    start_cursor: str | None = strawberry.field(
        description="Give it as `before` to read backwards."
    )
    end_cursor: str | None = strawberry.field(description="Give it as `after` to read on.")


def page_args(
    first: int | None, after: str | None, last: int | None, before: str | None
) -> PageArgs:
    """Return the page arguments of a field."""
    return PageArgs(first=given(first), after=given(after), last=given(last), before=given(before))
