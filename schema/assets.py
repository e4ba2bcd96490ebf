"""Assets: everything that is traded, with its figures."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import asset_listing
from domain import assets as domain
from domain import candles as candle_domain
from domain.asset_listing import AssetField
from domain.candles import CANDLES_DEFAULT, CandleInterval
from domain.portfolios import ValuedPosition
from resolvers import assets as resolve
from resolvers.asset_ids import typed_asset_id
from resolvers.candles import candles_of
from resolvers.pages import Connection
from schema.candles import Candle, From, Interval, Limit, To
from schema.context import Info, given
from schema.descriptions import described_enum
from schema.pages import After, Before, First, Last, PageInfo, page_args
from schema.scalars import DateTime, Decimal
from schema.views import view_of

if TYPE_CHECKING:
    from schema.portfolios import Position

described_enum(
    AssetField,
    "What a list of assets can be sorted by.",
    {
        "MARKET_CAP_RANK": "Rank by market capitalisation; 1 is the largest.",
        "NAME": "Name, letter case aside.",
        "PRICE": "Price in US dollars.",
        "PRICE_CHANGE_24H": "Change of price in 24 hours, in US dollars.",
        "VOLUME_24H": "Trading volume in 24 hours, in US dollars.",
    },
    name="AssetOrderField",
)


@strawberry.enum(description="Which end of a sorted list comes first.")
class OrderDirection(Enum):
    """Up or down."""

    ASC = strawberry.enum_value("ASC", description="Smallest first.")
    DESC = strawberry.enum_value("DESC", description="Largest first.")


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


@strawberry.input(description="Which assets to list; all of them when nothing is given.")
class AssetFilter:
    """A filter."""

    ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only these; at most 100, in any letter case."
    )
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Only those with this text in id, symbol or name, letter case aside; at most 100 "
            "characters."
        ),
    )
    is_tradable: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Only those that can, or can't, be traded now."
    )
    category: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Only those of this category, letter case aside; at most 100 characters.",
    )

    def to_domain(self) -> asset_listing.AssetFilter:
        """Return the filter as the domain has it. Raises BadInputError and Refusal."""
        ids = given(self.ids)
        return asset_listing.AssetFilter(
            ids=None if ids is None else frozenset(typed_asset_id(text, "ids") for text in ids),
            search=given(self.search),
            is_tradable=given(self.is_tradable),
            category=given(self.category),
        )


@strawberry.input(description="How to sort a list of assets; ties go by id.")
class AssetOrder:
    """An order."""

    field: AssetField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.ASC,
        description="Which end comes first; assets without the figure come last both ways.",
    )

    def to_domain(self) -> asset_listing.AssetOrder:
        """Return the order as the domain has it."""
        return asset_listing.AssetOrder(
            field=self.field, is_descending=self.direction is OrderDirection.DESC
        )


@strawberry.type
class AssetQuery:
    """The root fields about assets."""

    @strawberry.field(
        graphql_type=Asset | None, description="One asset, or null for an unknown id. Public."
    )
    @staticmethod
    async def asset(
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(description="The asset's id, in any letter case, e.g. BTC."),
        ],
    ) -> domain.Asset | None:
        """Return an asset."""
        return await resolve.asset(info.context.request, id)

    @strawberry.field(
        graphql_type=AssetConnection | None,
        description="All assets, in pages; by market-cap rank where `orderBy` is absent. Public.",
    )
    @staticmethod
    def assets(  # noqa: PLR0917 - the contract's arguments
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[  # noqa: A002 - the contract's name
            AssetFilter | None, strawberry.argument(description="Which assets to list.")
        ] = strawberry.UNSET,
        order_by: Annotated[
            AssetOrder | None, strawberry.argument(description="How to sort them.")
        ] = strawberry.UNSET,
    ) -> Connection[domain.Asset]:
        """Return a page of assets."""
        where, order = given(filter), given(order_by)
        return resolve.assets(
            info.context.request,
            page_args(first, after, last, before),
            where.to_domain() if where else asset_listing.AssetFilter(),
            order.to_domain() if order else asset_listing.AssetOrder(),
        )
