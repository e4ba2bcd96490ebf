"""Finding assets: one by its id, or a list of them, chosen and sorted."""

from enum import Enum
from typing import Annotated

import strawberry

from domain import asset_listing
from domain import assets as domain
from domain.asset_listing import AssetField
from resolvers import assets as resolve
from resolvers.asset_ids import typed_asset_id
from resolvers.pages import Connection
from schema.assets import Asset, AssetConnection
from schema.context import Info, given
from schema.descriptions import described_enum
from schema.pages import After, Before, First, Last, page_args

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
