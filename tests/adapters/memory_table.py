"""The `Table` in a dict: all its promises but durability, and outages when a test wants them."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass

from adapters.item_codec import decode_attributes, encode_attributes, encode_value
from adapters.recent_tokens import RecentTokens
from adapters.table import (
    Absent,
    AtMost,
    Condition,
    ConditionFailedError,
    Delete,
    Equals,
    Index,
    Item,
    Key,
    Page,
    Position,
    Present,
    Put,
    TableError,
    TableUnavailableError,
    Update,
    Write,
)
from adapters.table_limits import (
    check_item,
    check_key,
    check_keys,
    check_snapshot,
    check_transaction,
)
from adapters.table_span import Span


@dataclass(frozen=True, slots=True)
class Failure:
    """What the next call meets: an error, before or after its writes are done."""

    error: TableError
    is_written: bool = False


class MemoryTable:
    """Items in memory. `now_s` tells the Unix second, by which items expire.

    `failures` are met one by one, each by one call. `calls` names the calls in their order.
    """

    def __init__(
        self, now_s: Callable[[], float] = lambda: 0.0, *, remembers_tokens: bool = True
    ) -> None:
        self.failures: deque[Failure] = deque()
        self.calls: list[str] = []
        self._items: dict[Key, Item] = {}
        self._partitions: dict[str, set[Key]] = {}
        """The keys that a partition has or had, so that a query looks at no other's."""
        self._now_s = now_s
        self._tokens = RecentTokens() if remembers_tokens else None
        self._is_closed = False

    def fail_next(self, error: TableError, *, is_written: bool = False) -> None:
        """Let the next call that isn't spoken for fail; a transaction may have written."""
        self.failures.append(Failure(error, is_written))

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:
        check_key(key)
        self._enter("get")
        return self._live(key)

    async def get_many(self, keys: Iterable[Key], *, strong: bool = True) -> dict[Key, Item]:
        distinct = check_keys(keys)
        self._enter("get_many")
        return self._found(distinct)

    async def snapshot(self, keys: Iterable[Key]) -> dict[Key, Item]:
        distinct = check_snapshot(keys)
        self._enter("snapshot")
        return self._found(distinct)

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
        span = Span.of(
            pk, index=index, low=low, high=high, after=after, reverse=reverse, limit=limit
        )
        self._enter("query")
        if span is None:
            return Page((), more=False)
        placed = sorted(self._placed(span), reverse=span.reverse)
        items = [self._read(Key(pk, sk)) for _, sk in placed[: span.limit]]
        return Page(tuple(items), more=len(placed) > span.limit)

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        check_transaction(writes, token)
        failure = self._enter("transact", is_write=True)
        now_s = self._now_s()
        fingerprint = repr(writes)
        if self._tokens is None or not self._tokens.is_done(token, fingerprint, now_s):
            self._write(writes)
            if self._tokens is not None:
                self._tokens.remember(token, fingerprint, now_s)
        if failure is not None:
            raise failure.error

    async def scan(self, prefix: str) -> AsyncIterator[Item]:
        self._enter("scan")
        for key in list(self._items):
            item = self._live(key)
            if item is not None and key.pk.startswith(prefix):
                yield item

    async def close(self) -> None:
        self._is_closed = True

    def _enter(self, call: str, *, is_write: bool = False) -> Failure | None:
        """Note the call and meet its failure, which is returned when it comes after writing."""
        if self._is_closed:
            raise TableUnavailableError("the table is closed")
        self.calls.append(call)
        failure = self.failures.popleft() if self.failures else None
        if failure is not None and not (is_write and failure.is_written):
            raise failure.error
        return failure

    def _is_live(self, item: Item) -> bool:
        return item.expires_at_s is None or item.expires_at_s > int(self._now_s())

    def _live(self, key: Key) -> Item | None:
        item = self._items.get(key)
        return self._read(key) if item is not None and self._is_live(item) else None

    def _read(self, key: Key) -> Item:
        """Return a copy, so that nobody changes what is stored by changing what was read."""
        return _copy(self._items[key])

    def _found(self, keys: Iterable[Key]) -> dict[Key, Item]:
        return {key: item for key in keys if (item := self._live(key)) is not None}

    def _placed(self, span: Span) -> list[tuple[str, str]]:
        """Return index value and sort key of the live items in the span, in no order."""
        placed = []
        for key in self._partitions.get(span.pk, ()):
            item = self._items.get(key)
            if item is None or not self._is_live(item):
                continue
            value = key.sk if span.index is Index.MAIN else getattr(item, span.index.value)
            if value is None:
                continue
            place = (value, item.key.sk)
            is_within = (span.low is None or value >= span.low) and (
                span.high is None or value <= span.high
            )
            if is_within and _is_behind(place, span):
                placed.append(place)
        return placed

    def _write(self, writes: Sequence[Write]) -> None:
        changed: dict[Key, Item | None] = {}
        failed: list[Key] = []
        for write in writes:
            found = self._live(write.key)
            is_met = all(_holds(condition, found) for condition in write.when)
            if not is_met or (isinstance(write, Update) and found is None):
                failed.append(write.key)
            elif isinstance(write, Put):
                changed[write.key] = _copy(write.item)
            elif isinstance(write, Delete):
                changed[write.key] = None
            elif isinstance(write, Update) and found is not None:
                changed[write.key] = _updated(found, write)
        if failed:
            raise ConditionFailedError(failed)
        for key, item in changed.items():
            if item is None:
                self._items.pop(key, None)
            else:
                self._items[key] = item
                self._partitions.setdefault(key.pk, set()).add(key)


def _is_behind(place: tuple[str, str], span: Span) -> bool:
    if span.after is None:
        return True
    start = (span.after.value, span.after.sk)
    return place < start if span.reverse else place > start


def _holds(condition: Condition, found: Item | None) -> bool:
    match condition:
        case Absent():
            return found is None
        case Present():
            return found is not None
        case Equals(attribute, value):
            if found is None or attribute not in found.attributes:
                return False
            return encode_value(found.attributes[attribute]) == encode_value(value)
        case AtMost(attribute, value):
            number = None if found is None else found.attributes.get(attribute)
            if not isinstance(number, int) or isinstance(number, bool):
                return False
            return number <= value


def _updated(item: Item, update: Update) -> Item:
    changed = Item(
        item.key,
        {**item.attributes, **decode_attributes(encode_attributes(update.changes))},
        item.index_1,
        item.index_2,
        item.expires_at_s,
    )
    check_item(changed)
    return changed


def _copy(item: Item) -> Item:
    attributes = decode_attributes(encode_attributes(item.attributes))
    return Item(item.key, attributes, item.index_1, item.index_2, item.expires_at_s)
