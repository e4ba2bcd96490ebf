"""Candles of an asset."""

from datetime import datetime

from domain.assets import Asset
from domain.candles import CANDLES_DEFAULT, Candle, CandleInterval, CandleQuery, check_asked
from resolvers.context import Request


async def candles_of(
    request: Request,
    asset: Asset,
    *,
    interval: CandleInterval,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
) -> tuple[Candle, ...]:
    """Return an asset's candles, oldest first. Raises Refusal."""
    limit = CANDLES_DEFAULT if limit is None else limit
    check_asked(since, until, limit)
    query = CandleQuery(asset_id=asset.id, interval=interval, since=since, until=until, limit=limit)
    return await request.loaders.candles.load(query)
