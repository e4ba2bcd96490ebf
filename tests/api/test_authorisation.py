"""Who may use what stands in a table, which the schema and the server are held to."""

from pathlib import Path

import pytest

from tests.api.authorisation_table import table
from tests.api.whole_selections import everything, root_fields

TABLE = Path(__file__).with_name("authorisation.md")


async def test_the_table_says_who_may_use_what() -> None:
    assert TABLE.read_text() == await table()


@pytest.mark.parametrize("kind", ["Fill", "Order", "Position", "Session", "Transaction", "User"])
def test_a_whole_selection_leaves_out_no_type(kind: str) -> None:
    """Or the tests that ask for everything would pass for nothing."""
    fields = root_fields("Query", "Mutation")

    assert f"... on {kind} " in " ".join(everything(root.field.type) for root in fields)
