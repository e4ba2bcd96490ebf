"""Open orders, put on the table without being placed: for what only has to read them."""

from adapters.account_items import order_item
from adapters.table import Put
from domain.ids import AccountId, AssetId, OrderId
from domain.money import NO_QUANTITY, Money, Quantity
from domain.orders import Order, OrderSide, OrderStatus, OrderType
from tests.api.world import Session, World


async def plant_open_order(world: World, session: Session, number: int = 1) -> OrderId:
    """Store an open order to buy, and return its id."""
    now = world.clock.now()
    left = Order(
        id=OrderId(f"ord_{number:026}"),
        account_id=AccountId(session.account_id),
        asset_id=AssetId("BTC"),
        side=OrderSide.BUY,
        type=OrderType.LIMIT,
        status=OrderStatus.OPEN,
        quantity=Quantity.of(1),
        held_cash=Money(100_00),
        held_quantity=NO_QUANTITY,
        version=1,
        epoch=0,
        created_at=now,
        updated_at=now,
    )
    await world.table.transact([Put(order_item(left))], token=left.id)
    return left.id
