"""Entities: what a gateway may ask for by key, batched, and never anybody else's."""

from collections.abc import Awaitable, Callable, Mapping

from resolvers import accounts, assets, orders, users
from resolvers.context import Request
from resolvers.errors import BadInputError

REPRESENTATIONS_MAX = 100
"""Entities that one query may ask for: as many as a page has."""

Lookup = Callable[[Request, str], Awaitable[object]]

_LOOKUPS: Mapping[str, Lookup] = {
    "Asset": assets.asset,
    "Account": accounts.own_account,
    "Order": orders.own_order,
    "User": users.own_user,
}


def entities(request: Request, representations: list[object]) -> list[Awaitable[object]]:
    """Return one awaitable for each representation; those of one type are loaded together.

    One that can't be read fails alone. Raises BadInputError for too many.
    """
    if len(representations) > REPRESENTATIONS_MAX:
        message = f"{len(representations)} entities were asked for; at most {REPRESENTATIONS_MAX}."
        raise BadInputError(message)
    return [_entity(request, representation) for representation in representations]


async def _entity(request: Request, representation: object) -> object:
    fields = representation if isinstance(representation, Mapping) else {}
    lookup = _LOOKUPS.get(str(fields.get("__typename")))
    key = fields.get("id")
    if lookup is None:
        message = f"An entity's __typename is one of {', '.join(_LOOKUPS)}."
        raise BadInputError(message)
    if not isinstance(key, str):
        message = "An entity is asked for by its `id`, a string."
        raise BadInputError(message)
    return await lookup(request, key)
