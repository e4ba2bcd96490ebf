"""Leases on the table: what an engine that remembers tokens makes of a second try."""

import pytest

from adapters.lease_store import LeaseTable
from domain.outages import OutcomeUnknownError
from domain.ports.leases import Lease
from tests.adapters.dynamodb_script import failed, scripted_table

HELD = Lease(name="market", owner="one", fence=5, beat=10)
RENEWED = Lease(name="market", owner="one", fence=5, beat=11)
TAKEN = Lease(name="market", owner="two", fence=6, beat=0)


async def test_a_lease_taken_from_another_state_is_another_transaction() -> None:
    """A candidate whose try was overtaken by a renewal tries again for the same number."""
    table, client = scripted_table(failed("InternalServerError", status=500))
    leases = LeaseTable(table)

    async def tokens_of(was: Lease) -> set[str]:
        client.requests.clear()
        with pytest.raises(OutcomeUnknownError):
            await leases.write(TAKEN, was=was)
        return {request["ClientRequestToken"] for request in client.requests}

    first = await tokens_of(HELD)
    assert len(first) == 1
    assert await tokens_of(HELD) == first
    assert not await tokens_of(RENEWED) & first
