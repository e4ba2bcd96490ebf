"""What part of an index a query reads, worked out once for every engine."""

from dataclasses import dataclass

from adapters.table import Index, Position
from adapters.table_limits import check_page, check_pk, check_place

SK_SHORTEST = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of an index that isn't empty on sight, and the direction to read it in.

    `after` lies within `low` and `high`. Strings compare by code point, which is the order of their
    UTF-8 bytes.
    """

    pk: str
    index: Index
    low: str | None
    high: str | None
    after: Position | None
    reverse: bool
    limit: int

    @classmethod
    def of(
        cls,
        pk: str,
        *,
        index: Index,
        low: str | None,
        high: str | None,
        after: Position | None,
        reverse: bool,
        limit: int,
    ) -> "Span | None":
        """Return what to read, or None when nothing can be there.

        Raises TableRefusedError for a key or limit that no engine takes.
        """
        check_pk(pk)
        check_page(limit)
        low = low or None
        if high == "" or (low is not None and high is not None and low > high):
            return None
        for bound in (low, high):
            if bound is not None:
                check_place(index, bound, bound if index is Index.MAIN else SK_SHORTEST)
        if after is not None:
            check_place(index, after.value, after.sk)
            below = low is not None and after.value < low
            above = high is not None and after.value > high
            if above if not reverse else below:
                return None
            if index is Index.MAIN and after.value == (low if reverse else high):
                return None  # nothing shares the last key, and DynamoDB refuses to begin behind it
            if below or above:
                after = None
        return cls(
            pk=pk, index=index, low=low, high=high, after=after, reverse=reverse, limit=limit
        )
