"""The journal: every movement of money, as it was."""

from typing import Annotated

import strawberry

from domain import assets, journal, orders
from domain.journal import EntryKind, LedgerAccount
from domain.orders import OrderStatus
from domain.pages import EntryFilter
from resolvers import journal as resolve
from resolvers.asset_ids import typed_asset_id
from resolvers.pages import Connection
from schema.assets import Asset
from schema.context import Info, given
from schema.descriptions import described_enum
from schema.orders import Order
from schema.pages import After, Before, First, Last, PageInfo, page_args
from schema.scalars import DateTime, Decimal

described_enum(
    EntryKind,
    "What moved the money.",
    {
        "DEPOSIT": "Money was put in.",
        "WITHDRAWAL": "Money was taken out.",
        "ORDER_BUY": "A buy was filled.",
        "ORDER_SELL": "A sale was filled.",
        "ORDER_HOLD": "Cash or quantity was reserved for an open order.",
        "ORDER_RELEASE": "What was reserved for an order was given back.",
        "CNY_REWARD": "A new-year reward was paid.",
        "ADJUSTMENT": "The operator of the exchange put something right.",
        "RESET": "The account was emptied at its owner's wish.",
    },
    name="TransactionKind",
)

described_enum(
    LedgerAccount,
    "Between whom an amount moves; two of them are the user's.",
    {
        "USER_AVAILABLE": "What the user can use.",
        "USER_HELD": "What the user has reserved for open orders.",
        "BANK": "The world outside, where deposits come from.",
        "MARKET": "Whoever trades on the other side.",
        "FEES": "The exchange's fees.",
        "REWARDS": "The exchange's gifts.",
    },
)


@strawberry.type(description="One side of a movement; the legs of an entry sum to zero per unit.")
class TransactionLeg:
    """A view of domain.journal.Leg."""

    account: LedgerAccount = strawberry.field(description="Whose side it is.")
    unit: str = strawberry.field(description="USD, or an asset's id.")
    amount: Decimal = strawberry.field(
        description="Into it, or out of it when negative, in `unit`."
    )


@strawberry.type(
    description="One journal entry: immutable, and its legs sum to zero in each currency and asset."
)
class Transaction:
    """A view of domain.journal.Entry."""

    id: strawberry.ID = strawberry.field(description="txn_, the account and the version.")
    version: int = strawberry.field(description="The account version that it made.")
    kind: EntryKind = strawberry.field(description="What moved the money.")
    legs: list[TransactionLeg] = strawberry.field(
        description="Who gave and who got; at most 6, but for RESET."
    )
    cash_change: Decimal = strawberry.field(
        description="Effect on the user's cash, in US dollars, signed."
    )
    cash_after: Decimal = strawberry.field(description="Cash after it, in US dollars.")
    held_after: Decimal = strawberry.field(
        name="heldCashAfter", description="What of it is held, in US dollars."
    )
    quantity_change: Decimal | None = strawberry.field(
        description="Effect on the position, in units of the asset, signed."
    )
    quantity_after: Decimal | None = strawberry.field(
        description="The position after it, in units of the asset."
    )
    order_status: OrderStatus | None = strawberry.field(
        description="The order's status after it; `order` itself may have moved on."
    )
    at: DateTime = strawberry.field(description="When it was made; never before the last one.")

    @strawberry.field(
        graphql_type=Asset | None, description="The asset that moved; null when only cash did."
    )
    @staticmethod
    async def asset(parent: strawberry.Parent[journal.Entry], info: Info) -> assets.Asset | None:
        """Load the asset, in one batch for a whole list."""
        if parent.asset_id is None:
            return None
        return await info.context.request.loaders.assets.load(parent.asset_id)

    @strawberry.field(
        graphql_type=Order | None, description="The order behind it, as it is now or was then."
    )
    @staticmethod
    async def order(parent: strawberry.Parent[journal.Entry], info: Info) -> orders.Order | None:
        """Load the order, in one batch for a whole list."""
        if parent.order_id is None:
            return None
        return await info.context.request.loaders.orders.load(parent.order_id)


@strawberry.type(description="A journal entry and its place in a list.")
class TransactionEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Its place, to go on from.")
    node: Transaction = strawberry.field(description="The journal entry.")


@strawberry.type(description="A page of the journal.")
class TransactionConnection:
    """A page."""

    edges: list[TransactionEdge] = strawberry.field(
        description="The entries with cursors; at most 100."
    )
    nodes: list[Transaction] = strawberry.field(description="The entries alone; at most 100.")
    page_info: PageInfo = strawberry.field(description="Whether the list goes on.")


@strawberry.input(description="Which journal entries to list; all of them when nothing is given.")
class TransactionFilter:
    """A filter."""

    kinds: list[EntryKind] | None = strawberry.field(
        default=strawberry.UNSET, description="Only these kinds; all of them when empty."
    )
    asset_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Only what moved this asset, in any letter case."
    )
    from_: DateTime | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="From this instant on."
    )
    to: DateTime | None = strawberry.field(
        default=strawberry.UNSET, description="Before this instant."
    )

    def to_domain(self) -> EntryFilter:
        """Return the filter as the domain has it. Raises BadInputError."""
        text = given(self.asset_id)
        return EntryFilter(
            kinds=frozenset(given(self.kinds) or ()),
            asset_id=None if text is None else typed_asset_id(text, "assetId"),
            since=given(self.from_),
            until=given(self.to),
        )


@strawberry.type
class JournalQuery:
    """The root field about the journal."""

    @strawberry.federation.field(
        authenticated=True,
        graphql_type=TransactionConnection | None,
        description="The account's journal, newest first.",
    )
    @staticmethod
    async def transactions(  # noqa: PLR0917 - the contract's arguments
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[  # noqa: A002 - the contract's name
            TransactionFilter | None, strawberry.argument(description="Which entries to list.")
        ] = strawberry.UNSET,
    ) -> Connection[journal.Entry]:
        """Return a page of the journal."""
        where = given(filter)
        return await resolve.transactions(
            info.context.request,
            page_args(first, after, last, before),
            where.to_domain() if where else EntryFilter(),
        )
