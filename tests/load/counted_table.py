"""A table that counts what it is asked for."""

from collections import Counter
from collections.abc import Awaitable, Callable

from adapters.table import Page, Table
from adapters.table_calls import TableCall
from tests.passing_table import AnswerT, PassingTable

ITEMS = "items"
"""What queries return, counted among the calls."""


class CountedTable(PassingTable):
    """Passes calls on. `used` counts them by kind, and the items that queries return."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.used: Counter[str] = Counter()

    async def pass_on(self, call: TableCall, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        answer = await ask()
        self.used[call] += 1
        if isinstance(answer, Page):
            self.used[ITEMS] += len(answer.items)
        return answer
