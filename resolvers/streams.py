"""What a viewer may listen to, and from where on."""

from domain.ids import OrderId
from domain.journal import Entry
from domain.sessions import Viewer
from resolvers.context import Request
from resolvers.errors import BadInputError


async def start_of_events(request: Request, since: int | None) -> tuple[Viewer, int]:
    """Return the viewer and the version after which events begin: `since`, or the present one.

    Raises BadInputError for a version that the account never had.
    """
    viewer = request.signed_in()
    account = await request.services.accounts.account(viewer.account_id)
    version = account.version if account else 0
    if since is None:
        return viewer, version
    if not 0 <= since <= version:
        message = f"`since` is {since}; 0 to {version}, the account's version, are allowed."
        raise BadInputError(message)
    return viewer, since


def orders_touched(entry: Entry) -> tuple[OrderId, ...]:
    """Return the orders that an entry changed."""
    own = (entry.order_id,) if entry.order_id else ()
    return (*own, *entry.cancelled_orders)
