"""Subscriptions: live prices, and what happens to the signed-in user's account."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, TypeVar

import strawberry

from domain import accounts, assets, journal, orders
from resolvers import accounts as resolve_account
from resolvers import streams as resolve
from resolvers.asset_ids import typed_asset_id
from schema.accounts import Account
from schema.assets import Asset
from schema.context import Context, Info, given
from schema.journal import Transaction
from schema.orders import Order
from schema.scalars import DateTime, Decimal
from subscriptions.orders import order_updates as updates_of_orders

EVENTS_PER_PAYMENT = 20
"""Events that are told before they are paid for, a point each: paying may take a round trip."""

OBJECTS_PER_UPDATE = 2
"""Objects of a price update that are paid for once, when the stream begins: itself and its asset.
What is selected beyond these is looked up at each tick, and paid for at each."""

EventT = TypeVar("EventT")


@strawberry.type(description="A new price of one asset.")
class PriceUpdate:
    """A view of domain.assets.PriceUpdate."""

    asset: Asset = strawberry.field(
        description="The asset as of this update: `asset.price` equals `price`."
    )
    price: Decimal = strawberry.field(description="The new price, in US dollars.")
    previous_price: Decimal | None = strawberry.field(
        description="The price before it, in US dollars; null for an asset's first."
    )
    price_change_percent_24h: Decimal | None = strawberry.field(
        description="Change of price in 24 hours, in percent, signed."
    )
    at: DateTime = strawberry.field(description="When the price was made.")
    sequence: int = strawberry.field(
        description=(
            "Counts this asset's changes, across restarts; a jump means that some were conflated."
        )
    )


@strawberry.type(description="The journal entry of one version of the account.")
class AccountEvent:
    """A view of domain.journal.Entry."""

    version: int = strawberry.field(description="The account version that it made.")
    at: DateTime = strawberry.field(description="When it was made.")

    @strawberry.field(graphql_type=Transaction, description="The journal entry, as it was.")
    @staticmethod
    def transaction(parent: strawberry.Parent[journal.Entry]) -> journal.Entry:
        """Return the entry itself."""
        return parent

    @strawberry.field(
        graphql_type=Order | None, description="The order behind it, as of then or later."
    )
    @staticmethod
    async def order(parent: strawberry.Parent[journal.Entry], info: Info) -> orders.Order | None:
        """Load the order."""
        if parent.order_id is None:
            return None
        return await info.context.request.loaders.orders.load(parent.order_id)

    @strawberry.field(graphql_type=Account, description="The account, as of then or later.")
    @staticmethod
    async def account(info: Info) -> accounts.Account | None:
        """Read the account."""
        return await resolve_account.account(info.context.request)


@strawberry.type(
    description=(
        "What can be listened to: by websocket (graphql-transport-ws), or as server-sent events."
    )
)
class Subscription:
    """The root of subscriptions."""

    @strawberry.subscription(
        graphql_type=list[PriceUpdate],
        description=(
            "First the latest price of every asset asked for, then one batch per tick with those "
            "that changed. A slow reader gets the newest price of each asset in its next batch, "
            "never a growing queue. At most 250 a batch. What is selected besides an update and "
            "its asset is paid for at each tick, and told less often where the budget doesn't hold "
            "it. Public."
        ),
    )
    @staticmethod
    async def price_updates(
        info: Info,
        asset_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(
                description="Which assets, 1 to 250; every tradable one when not given."
            ),
        ] = strawberry.UNSET,
    ) -> AsyncGenerator[tuple[assets.PriceUpdate, ...], None]:
        """Stream prices."""
        wanted = given(asset_ids)
        ids = None if wanted is None else [typed_asset_id(text, "assetIds") for text in wanted]
        purse = info.context.purse
        beyond = max(0, purse.item_points - OBJECTS_PER_UPDATE) if purse else 0
        with info.context.prices.stream(ids) as stream:
            async for batch in stream:
                info.context.request.forget()
                yield batch
                if purse is not None and beyond:
                    await purse.pay_on(beyond * len(batch))

    @strawberry.federation.field(
        is_subscription=True,
        authenticated=True,
        graphql_type=AccountEvent,
        description=(
            "Everything that happens to the signed-in user's account, in order and without gaps: "
            "with `since`, every event after that version, then live; without it, from now on. "
            "The stream ends with an event that could not be shown for a fault on our side: listen "
            "again with `since`. An event costs a point; one that the budget doesn't hold is told "
            "later."
        ),
    )
    @staticmethod
    async def account_events(
        info: Info,
        since: Annotated[
            int | None,
            strawberry.argument(description="An account version, 0 to the present one."),
        ] = strawberry.UNSET,
    ) -> AsyncGenerator[journal.Entry, None]:
        """Stream the journal."""
        viewer, after = await resolve.start_of_events(info.context.request, given(since))
        entries = info.context.entries.stream(viewer.account_id, after)
        async with aclosing(_told(info.context, entries)) as told:
            async for entry in told:
                yield entry

    @strawberry.federation.field(
        is_subscription=True,
        authenticated=True,
        graphql_type=Order,
        description=(
            "The signed-in user's orders as they change, from now on: placed, filled, cancelled, "
            "expired, rejected, ended by a reset or on arrival. Each comes once in a state; one "
            "that changes twice in quick succession may come in its last state only. The stream "
            "ends with one that could not be shown for a fault on our side."
        ),
    )
    @staticmethod
    async def order_updates(info: Info) -> AsyncGenerator[orders.Order, None]:
        """Stream orders."""
        updates = updates_of_orders(info.context.request, info.context.entries)
        async with aclosing(_told(info.context, updates)) as told:
            async for order in told:
                yield order


async def _told(
    context: Context, events: AsyncGenerator[EventT, None]
) -> AsyncGenerator[EventT, None]:
    """Pass events of an account on, each with what stands beside it as of then, and pay for them.

    After one that could not be shown nothing more comes: nobody goes on with a gap behind them.
    """
    unpaid = 0
    async with aclosing(events):
        async for event in events:
            context.request.forget()
            yield event
            if context.request.has_failed:
                return
            unpaid += 1
            if unpaid == EVENTS_PER_PAYMENT and context.purse is not None:
                await context.purse.pay_on(unpaid)
                unpaid = 0
