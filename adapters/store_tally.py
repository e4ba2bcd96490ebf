"""Whether two sets of items are the same, in constant memory and whatever their order."""

from hashlib import blake2b

from adapters.export_lines import sorted_line_of
from adapters.table import Item

_BITS = 256


class Tally:
    """Counts items that don't expire, and sums their hashes; others may go at any time."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, item: Item) -> None:
        """Take note of an item."""
        if item.expires_at_s is not None:
            return
        digest = blake2b(sorted_line_of(item), digest_size=_BITS // 8).digest()
        self.count += 1
        self._sum = (self._sum + int.from_bytes(digest)) % 2**_BITS

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        return (self.count, self._sum) == (other.count, other._sum)

    __hash__ = None  # type: ignore[assignment] # it changes
