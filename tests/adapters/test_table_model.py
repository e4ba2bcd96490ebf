"""Whatever is done to a table, it answers as a dictionary would."""

import asyncio
import itertools
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from adapters.dynamodb_table import DynamoDbTable
from adapters.sqlite_table import SqliteTable
from adapters.table import (
    Absent,
    AtMost,
    Check,
    Condition,
    ConditionFailedError,
    Delete,
    Equals,
    Index,
    Item,
    Key,
    Position,
    Present,
    Put,
    Table,
    Update,
    Value,
    Write,
)
from tests.adapters.conftest import WallClock

KEYS = [Key(pk, sk) for pk in ("A", "B") for sk in ("1", "2", "20", "é")]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
INTEGERS = st.integers(-(10**38) + 1, 10**38 - 1)
SCALARS = st.none() | st.booleans() | st.integers(0, 3) | INTEGERS | TEXT | st.binary(max_size=4)
NAMES = st.sampled_from(["a", "b"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT.filter(bool), inner)
)
ATTRIBUTES = st.dictionaries(NAMES, VALUES, max_size=2)
PLACES = st.none() | st.sampled_from(["x", "xy", "y"])
CONDITIONS = st.one_of(
    st.builds(Absent),
    st.builds(Present),
    st.builds(Equals, NAMES, SCALARS),
    st.builds(AtMost, NAMES, INTEGERS),
)
WHEN = st.one_of(st.just(()), st.tuples(CONDITIONS), st.tuples(CONDITIONS, CONDITIONS))


def holds(condition: Condition, item: Item | None) -> bool:
    if item is None or isinstance(condition, Absent):
        return item is None and isinstance(condition, Absent)
    if isinstance(condition, Present):
        return True
    found = item.attributes.get(condition.attribute, ...)
    if isinstance(condition, Equals):
        return type(found) is type(condition.value) and found == condition.value
    return type(found) is int and found <= condition.value


class TableModel(RuleBasedStateMachine):
    """A table beside a dictionary of its items."""

    def __init__(self, loop: asyncio.Runner, clock: WallClock, tokens: Iterator[int]) -> None:
        super().__init__()
        self.clock = clock
        self.items: dict[Key, Item] = {}
        self.tokens = tokens
        self.loop = loop

    async def make(self) -> Table:
        """Return an empty table; each engine has its own way."""
        pytest.fail("a model is of one engine")

    @initialize()
    def open(self) -> None:
        self.table = self.loop.run(self.make())

    def teardown(self) -> None:
        if hasattr(self, "table"):
            self.loop.run(self.table.close())
        self.loop.close()

    def live(self, key: Key) -> Item | None:
        item = self.items.get(key)
        if item is None or (item.expires_at_s or 2**40) <= self.clock.now_s:
            return None
        return item

    @rule(seconds=st.integers(1, 20))
    def time_passes(self, seconds: int) -> None:
        self.clock.now_s += seconds

    @rule(data=st.data())
    def transact(self, data: st.DataObject) -> None:
        keys = data.draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True))
        writes = [data.draw(self.writes(key)) for key in keys]
        failed = {
            write.key
            for write in writes
            if not all(holds(condition, self.live(write.key)) for condition in write.when)
            or (isinstance(write, Update) and self.live(write.key) is None)
        }
        try:
            self.loop.run(self.table.transact(writes, token=f"t{next(self.tokens)}"))
        except ConditionFailedError as failure:
            assert failure.keys == failed  # noqa: PT017 - a refusal is one of two right answers
            return
        assert not failed
        for write in writes:
            self.apply(write)

    def writes(self, key: Key) -> st.SearchStrategy[Write]:
        expiries = st.none() | st.integers(-5, 30).map(lambda in_s: int(self.clock.now_s) + in_s)
        items = st.builds(Item, st.just(key), ATTRIBUTES, PLACES, PLACES, expiries)
        return st.one_of(
            st.builds(Put, items, WHEN),
            st.builds(Update, st.just(key), ATTRIBUTES, WHEN),
            st.builds(Delete, st.just(key), WHEN),
            st.builds(Check, st.just(key), st.tuples(CONDITIONS)),
        )

    def apply(self, write: Write) -> None:
        if isinstance(write, Put):
            self.items[write.key] = write.item
        elif isinstance(write, Update):
            item = self.items[write.key]
            merged: dict[str, Value] = {**item.attributes, **write.changes}
            self.items[write.key] = replace(item, attributes=merged)
        elif isinstance(write, Delete):
            self.items.pop(write.key, None)

    @rule(
        index=st.sampled_from(Index),
        reverse=st.booleans(),
        limit=st.integers(1, 5),
        bounds=st.tuples(PLACES, PLACES),
        after=st.none() | st.tuples(st.sampled_from(["1", "2", "x", "xy"]), st.sampled_from("12")),
    )
    def query(
        self,
        index: Index,
        limit: int,
        bounds: tuple[str | None, str | None],
        after: tuple[str, str] | None,
        *,
        reverse: bool,
    ) -> None:
        low, high = bounds
        if after is not None and index is Index.MAIN:
            after = (after[0], after[0])
        page = self.loop.run(
            self.table.query(
                "A",
                index=index,
                low=low,
                high=high,
                after=None if after is None else Position(*after),
                reverse=reverse,
                limit=limit,
            )
        )
        wanted = []
        for item in filter(None, map(self.live, KEYS)):
            value = item.key.sk if index is Index.MAIN else getattr(item, index.value)
            if item.key.pk != "A" or value is None:
                continue
            place = (value, item.key.sk)
            behind = after is None or (place < after if reverse else place > after)
            if behind and (low or "") <= value and (high is None or value <= high):
                wanted.append((place, item))
        wanted.sort(key=lambda entry: entry[0], reverse=reverse)
        assert page.items == tuple(item for _, item in wanted[:limit])
        assert page.more == (len(wanted) > limit)

    @invariant()
    def reads_agree(self) -> None:
        if not hasattr(self, "table"):
            return
        wanted = {key: item for key in KEYS if (item := self.live(key)) is not None}
        assert self.loop.run(self.table.snapshot(KEYS)) == wanted
        assert self.loop.run(self.table.get_many(KEYS)) == wanted
        assert {item.key: item for item in self.loop.run(self.scan())} == wanted

    async def scan(self) -> list[Item]:
        return [item async for item in self.table.scan("")]


def settings_for(examples: int, steps: int) -> Any:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )


def test_sqlite_answers_as_a_dictionary_would() -> None:
    class SqliteModel(TableModel):
        def __init__(self) -> None:
            super().__init__(asyncio.Runner(), WallClock(), itertools.count())

        async def make(self) -> Table:
            self.folder = tempfile.TemporaryDirectory()
            path = Path(self.folder.name) / "store.db"
            return await SqliteTable.open(path, wall_clock_s=self.clock)

        def teardown(self) -> None:
            super().teardown()
            self.folder.cleanup()

    run_machine(SqliteModel, settings=settings_for(60, 30))


@pytest.mark.usefixtures("dynamodb_endpoint")
def test_dynamodb_answers_as_a_dictionary_would() -> None:
    # A client takes half a second to make, so all examples share one, and each begins by emptying
    # the table. Tokens go on counting: DynamoDB remembers them.
    with asyncio.Runner() as loop:
        clock = WallClock()
        table = loop.run(DynamoDbTable.open(f"model-{uuid.uuid4()}", wall_clock_s=clock))
        loop.run(table.create_table())
        counted = itertools.count()

        class DynamoDbModel(TableModel):
            def __init__(self) -> None:
                super().__init__(loop, clock, counted)

            async def make(self) -> Table:
                emptied = [Delete(key) for key in KEYS]
                await table.transact(emptied, token=f"empty{next(counted)}")
                return table

            def teardown(self) -> None:
                """Leave the client to the next example."""

        try:
            run_machine(DynamoDbModel, settings=settings_for(8, 15))
        finally:
            loop.run(table.close())
