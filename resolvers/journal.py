"""The viewer's journal."""

from domain.idempotency import fingerprint
from domain.journal import Entry
from domain.pages import EntryFilter
from resolvers.context import Request
from resolvers.cursors import Cursors
from resolvers.pages import Connection, PageArgs, Paging


async def transactions(request: Request, args: PageArgs, where: EntryFilter) -> Connection[Entry]:
    """Return a page of the journal, newest first."""
    account_id = request.signed_in().account_id
    cursors = Cursors(f"transactions {account_id} {fingerprint(where)}")
    paging = Paging[Entry, int](args, cursors, spell=str, parse=int)
    found = await request.services.accounts.entries(account_id, where, paging.stretch)
    return paging.connection(found, lambda entry: entry.version)
