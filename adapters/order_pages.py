"""Pages of orders: through the index that fits the filter, examining a bounded number."""

from adapters.account_items import account_pk, order_of
from adapters.filtered import filtered
from adapters.table import Index, Item, Position, Table
from domain.ids import AccountId, OrderId
from domain.orders import Order, OrderStatus
from domain.pages import OrderFilter, Slice, Stretch


async def order_slice(
    table: Table, account_id: AccountId, where: OrderFilter, stretch: Stretch[OrderId]
) -> Slice[Order, OrderId]:
    """Return the orders of a stretch that the filter lets through."""
    index, prefix = _order(where)

    def place_of(order_id: OrderId) -> Position:
        sk = f"ORDER#{order_id}"
        return Position(sk if index is Index.MAIN else f"{prefix}{order_id}", sk)

    def read(item: Item) -> tuple[OrderId, Order | None]:
        order = order_of(item)
        return order.id, order if _matches(order, where) else None

    return await filtered(
        lambda after, limit: table.query(
            account_pk(account_id),
            index=index,
            low=prefix,
            high=prefix + "~",
            after=place_of(after) if after else None,
            reverse=not stretch.is_ascending,
            limit=limit,
        ),
        read,
        stretch,
    )


def _order(where: OrderFilter) -> tuple[Index, str]:
    is_few = where.statuses == {OrderStatus.OPEN}
    if where.asset_id and not is_few:
        return Index.LOCAL_1, f"ORDER#{where.asset_id}#"
    if len(where.statuses) == 1:
        (status,) = where.statuses
        return Index.LOCAL_2, f"ORDER#{status}#"
    return Index.MAIN, "ORDER#"


def _matches(order: Order, where: OrderFilter) -> bool:
    return (
        (where.asset_id is None or order.asset_id == where.asset_id)
        and (not where.statuses or order.status in where.statuses)
        and (where.side is None or order.side is where.side)
    )
