"""Assets: everything that is traded, with its figures."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import assets as domain
from domain import candles as candle_domain
from domain.candles import CANDLES_DEFAULT, CandleInterval
from domain.portfolios import ValuedPosition
from resolvers import assets as resolve
from resolvers.candles import candles_of
from schema.candles import Candle, From, Interval, Limit, To
from schema.context import Info, given
from schema.pages import PageInfo
from schema.scalars import DateTime, Decimal
from schema.views import view_of

if TYPE_CHECKING:
    from schema.portfolios import Position


@strawberry.type(
    description="The highest or lowest price ever. For client caches: `merge: true`, it has no id."
)
class PriceExtreme:
    """An all-time high or low."""

    price: Decimal = strawberry.field(description="US dollars.")
    change_percent: Decimal | None = strawberry.field(
        description="How far the present price lies from it, in percent."
    )
    at: DateTime = strawberry.field(description="When it was reached.")


@strawberry.federation.type(keys=["id"], description="Something that is traded against US dollars.")
class Asset:
    """A view of domain.assets.Asset."""

    id: strawberry.ID = strawberry.field(
        description="Permanent; the upper-case ticker, 1 to 10 letters or digits, e.g. BTC."
    )
    symbol: str = strawberry.field(description="What people write, e.g. BTC.")
    name: str = strawberry.field(description="The full name, e.g. Bitcoin.")
    description: str | None = strawberry.field(description="What it is, in a sentence.")
    category: str = strawberry.field(description="What kind of asset it is, e.g. Layer 1.")
    image_url: str | None = strawberry.field(description="Where its logo is, if it has one.")
    is_tradable: bool = strawberry.field(
        description="Whether it can be bought and sold now. Assets never leave; this turns false."
    )
    price: Decimal = strawberry.field(description="The last price, in US dollars.")
    price_at: DateTime = strawberry.field(
        name="priceUpdatedAt", description="When the last price was made."
    )
    market_cap: Decimal | None = strawberry.field(
        description="Price times circulating supply, in US dollars."
    )
    market_cap_rank: int | None = strawberry.field(
        description="Place by market capitalisation; 1 is the largest."
    )
    volume_24h: Decimal | None = strawberry.field(
        description="What was traded in 24 hours, in US dollars."
    )
    high_24h: Decimal | None = strawberry.field(
        description="Highest price in 24 hours, in US dollars."
    )
    low_24h: Decimal | None = strawberry.field(
        description="Lowest price in 24 hours, in US dollars."
    )
    price_change_24h: Decimal | None = strawberry.field(
        description="Change of price in 24 hours, in US dollars, signed."
    )
    price_change_percent_24h: Decimal | None = strawberry.field(
        description="Change of price in 24 hours, in percent, signed."
    )
    price_change_percent_7d: Decimal | None = strawberry.field(
        description="Change of price in 7 days, in percent, signed."
    )
    price_change_percent_30d: Decimal | None = strawberry.field(
        description="Change of price in 30 days, in percent, signed."
    )
    circulating_supply: Decimal | None = strawberry.field(description="Units in circulation.")
    total_supply: Decimal | None = strawberry.field(description="Units that exist.")
    max_supply: Decimal | None = strawberry.field(
        description="Units that can ever exist; null when there is no bound."
    )
    all_time_high: PriceExtreme | None = strawberry.field(description="The highest price ever.")
    all_time_low: PriceExtreme | None = strawberry.field(description="The lowest price ever.")

    @strawberry.field(description="Whether the price is too old to trade on; see `tradingRules`.")
    @staticmethod
    def is_price_stale(parent: strawberry.Parent[domain.Asset], info: Info) -> bool:
        """Compare the price's age with the rules."""
        return resolve.is_price_stale(info.context.request, parent)

    @strawberry.field(
        graphql_type=list[Candle],
        description=(
            "Its prices over time, oldest first, at most 500. `from` and `to` default to the "
            "newest candles. Where the market has charts, as CoinGecko has of its largest coins, "
            "gaps are filled in later: hours of the last day, and days of the last 89."
        ),
    )
    @staticmethod
    async def candles(  # noqa: PLR0917 - the contract's arguments
        parent: strawberry.Parent[domain.Asset],
        info: Info,
        interval: Interval = CandleInterval.ONE_HOUR,
        since: From = strawberry.UNSET,
        until: To = strawberry.UNSET,
        limit: Limit = CANDLES_DEFAULT,
    ) -> tuple[candle_domain.Candle, ...]:
        """Look candles up, in one batch for a whole list."""
        return await candles_of(
            info.context.request,
            parent,
            interval=interval,
            since=given(since),
            until=given(until),
            limit=limit,
        )

    @strawberry.field(
        graphql_type=Annotated["Position", strawberry.lazy("schema.portfolios")] | None,
        description=(
            "What the signed-in user has of it; null, without an error, when that is nothing or "
            "nobody is signed in."
        ),
    )
    @staticmethod
    async def position(
        parent: strawberry.Parent[domain.Asset], info: Info
    ) -> ValuedPosition | None:
        """Look the position up, in one batch for a whole list."""
        return await resolve.position_in(info.context.request, parent)

    is_type_of = view_of(domain.Asset)


@strawberry.type(description="An asset and its place in a list.")
class AssetEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Its place, to go on from.")
    node: Asset = strawberry.field(description="The asset.")


@strawberry.type(description="A page of assets.")
class AssetConnection:
    """A page."""

    edges: list[AssetEdge] = strawberry.field(description="The assets with cursors; at most 100.")
    nodes: list[Asset] = strawberry.field(description="The assets alone; at most 100.")
    page_info: PageInfo = strawberry.field(description="Whether the list goes on.")
