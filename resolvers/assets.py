"""Assets: one, a list of them, and what the viewer has of one."""

import json

from domain.asset_listing import AssetField, AssetFilter, AssetOrder, AssetPlace
from domain.assets import Asset
from domain.idempotency import fingerprint
from domain.ids import AssetId, asset_id
from domain.portfolios import ValuedPosition, valued
from resolvers.context import Request
from resolvers.cursors import Cursors
from resolvers.pages import Connection, PageArgs, Paging


async def asset(request: Request, text: str) -> Asset | None:
    """Return an asset by its id in any letter case; None for one that nobody knows."""
    wanted = asset_id(text)
    return await request.loaders.assets.load(wanted) if wanted else None


def assets(
    request: Request, args: PageArgs, where: AssetFilter, order: AssetOrder
) -> Connection[Asset]:
    """Return a page of assets, all as of one tick."""
    scope = f"assets {fingerprint(where)} {fingerprint(order)}"
    cursors = Cursors[AssetPlace](
        scope, spell=_spell_place, parse=lambda text: _parse_place(text, order.field)
    )
    paging = Paging[Asset, AssetPlace](args, cursors)
    found = request.services.board.page(paging.stretch, order=order, where=where)
    return paging.connection(found, lambda asset: AssetPlace.of(asset, order.field))


def is_price_stale(request: Request, asset: Asset) -> bool:
    """Tell whether the price is too old to trade on."""
    return request.market_now() - asset.price_at > request.services.rules.price_stale_after


async def position_in(request: Request, asset: Asset) -> ValuedPosition | None:
    """Return what the viewer has of an asset; None for nothing and for strangers."""
    held = await request.loaders.positions.load(asset.id)
    return valued(held, asset) if held else None


def _spell_place(place: AssetPlace) -> str:
    return json.dumps([place.value, place.asset_id])


def _parse_place(text: str, field: AssetField) -> AssetPlace:
    """Read a place in a list that is sorted by a field. Raises ValueError."""
    match json.loads(text):
        case [None | int() | str() as value, str(found)]:
            if value is None or isinstance(value, str) is (field is AssetField.NAME):
                return AssetPlace(value, AssetId(found))
    raise ValueError("no place of such a list")
