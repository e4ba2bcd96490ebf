"""The viewer's journal."""

from domain.idempotency import fingerprint
from domain.journal import Entry
from domain.pages import EntryFilter
from resolvers.context import Request
from resolvers.cursors import Cursors
from resolvers.pages import Connection, PageArgs, Paging

VERSION_MAX = 2**31 - 1
"""The greatest Int of GraphQL; nobody moves money twice a second for 30 years."""


async def transactions(request: Request, args: PageArgs, where: EntryFilter) -> Connection[Entry]:
    """Return a page of the journal, newest first."""
    account_id = request.signed_in().account_id
    cursors = Cursors[int](
        f"transactions {account_id} {fingerprint(where)}", spell=str, parse=_version
    )
    paging = Paging[Entry, int](args, cursors)
    found = await request.services.accounts.entries(account_id, where, paging.stretch)
    request.rows_passed_over += found.passed_over
    return paging.connection(found, lambda entry: entry.version)


def _version(text: str) -> int:
    version = int(text)
    if not 1 <= version <= VERSION_MAX:
        raise ValueError("no version of an account")
    return version
