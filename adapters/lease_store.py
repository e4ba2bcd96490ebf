"""Leases on the table: one item each."""

from adapters.content_token import content_token
from adapters.fields import Fields
from adapters.outages import translated
from adapters.table import Absent, Check, Condition, Equals, Item, Key, Put, Table
from domain.ports.accounts import ChangeConflictError
from domain.ports.leases import Lease, LeaseChangedError


class LeaseTable:
    """The `LeaseStore` on a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def read(self, name: str) -> Lease | None:
        """Return the lease, or None when nobody ever had it."""
        async with translated():
            item = await self._table.get(lease_key(name))
        return _lease(item) if item else None

    async def write(self, lease: Lease, *, was: Lease | None) -> None:
        """Write the lease if it still is as it was."""
        item = _item(lease)
        # What it was belongs to the token: who lost to a renewal writes the same lease once more.
        token = content_token((item, was))
        try:
            async with translated():
                await self._table.transact([Put(item, when=_unchanged(was))], token=token)
        except ChangeConflictError as error:
            raise LeaseChangedError(str(error)) from error


def lease_key(name: str) -> Key:
    """Return where a lease lies."""
    return Key(f"LEASE#{name}", "LEASE")


def fenced(name: str | None, fence: int) -> tuple[Check, ...]:
    """Return what lets a transaction pass only while the lease has this fencing number.

    Without a name, nothing is asked.
    """
    if name is None:
        return ()
    return (Check(lease_key(name), when=(Equals("fence", fence),)),)


def _unchanged(was: Lease | None) -> tuple[Condition, ...]:
    if was is None:
        return (Absent(),)
    return (Equals("owner", was.owner), Equals("fence", was.fence), Equals("beat", was.beat))


def _item(lease: Lease) -> Item:
    return Item(
        lease_key(lease.name),
        {"name": lease.name, "owner": lease.owner, "fence": lease.fence, "beat": lease.beat},
    )


def _lease(item: Item) -> Lease:
    fields = Fields(item)
    return Lease(
        name=fields.text("name"),
        owner=fields.text("owner"),
        fence=fields.whole("fence"),
        beat=fields.whole("beat"),
    )
