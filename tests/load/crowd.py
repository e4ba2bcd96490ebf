"""A crowd whose orders rest around every price; who is filled places the next order at once."""

import asyncio
import heapq
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from adapters.simulated_walk import price_of
from domain.funds import Deposit
from domain.ids import AssetId
from domain.money import Price, Quantity
from domain.orders import Order, OrderSide, OrderType
from tests.domain.book_world import BookWorld
from tests.domain.ledger_world import resting

ORDERS_EACH = 100
"""As many as an account may have open."""

CASH = Decimal(10_000)
ORDER_DOLLARS = 20

NEAREST, FARTHEST = 0.01, 0.4
"""How far from the price an order waits, as a share of it: evenly spread by the logarithm."""

_KINDS = {
    (OrderSide.BUY, True): (OrderType.STOP_LOSS,),
    (OrderSide.BUY, False): (OrderType.LIMIT, OrderType.TAKE_PROFIT),
    (OrderSide.SELL, True): (OrderType.LIMIT, OrderType.TAKE_PROFIT),
    (OrderSide.SELL, False): (OrderType.STOP_LOSS,),
}
"""What waits above the price (True) and below it."""


@dataclass(frozen=True, slots=True)
class Rung:
    """An order, and whose it is."""

    order: Order
    owner: int


class Crowd:
    """Traders with a hundred open orders each, and a book of their own to tell who is met."""

    def __init__(self, world: BookWorld, seed: int = 0) -> None:
        self._world = world
        self._chance = random.Random(seed)
        self._heaps: dict[tuple[AssetId, bool], list[tuple[int, str, Rung]]] = defaultdict(list)

    async def gather(self, traders: int) -> None:
        """Let so many people register, put money in, and place their orders."""
        await asyncio.gather(*(self._arrive(number) for number in range(1, traders + 1)))

    def __len__(self) -> int:
        return sum(map(len, self._heaps.values()))

    def met_by(self, prices: Mapping[AssetId, Price]) -> list[Rung]:
        """Take out what new prices set off, as one would find it with a pencil."""
        found = []
        for (asset_id, is_above), heap in self._heaps.items():
            units = prices[asset_id].units
            reach = units if is_above else -units
            while heap and heap[0][0] <= reach:
                found.append(heapq.heappop(heap)[2])
        return found

    async def go_on(self, met: list[Rung]) -> None:
        """Check that orders were filled at the present price, and place others for them."""
        next_ones = []
        for rung in met:
            now = await self._world.order(rung.order)
            assert now.fill is not None, now
            assert now.fill.quoted_price == self._price(now.asset_id)
            side = OrderSide.SELL if now.side is OrderSide.BUY else OrderSide.BUY
            next_ones.append(self._place(rung.owner, now.asset_id, side, now.quantity))
        await asyncio.gather(*next_ones)

    async def _arrive(self, number: int) -> None:
        await self._world.register(number)
        done = await self._world.do(Deposit.of(CASH), number)
        assert done.errors == ()
        assets = list(self._world.process.board.assets())
        for place in range(ORDERS_EACH):
            asset = assets[place // 2 % len(assets)]
            quantity = Quantity(
                ORDER_DOLLARS * 10 ** (Price.DECIMALS + Quantity.DECIMALS) // asset.price.units
            )
            await self._place(number, asset.id, OrderSide.BUY, quantity)

    async def _place(
        self, owner: int, asset_id: AssetId, side: OrderSide, quantity: Quantity
    ) -> None:
        """Place an order above the price or below it, by chance."""
        is_above = self._chance.random() < 1 / 2
        kind = self._chance.choice(_KINDS[side, is_above])
        far = 1 + NEAREST * (FARTHEST / NEAREST) ** self._chance.random()
        price = self._price(asset_id).units / 10**Price.DECIMALS
        level = price_of(price * far if is_above else price / far)
        command = resting(kind, side, str(quantity), str(level), asset_id)
        order = await self._world.placed(command, owner)
        units = level.units if is_above else -level.units
        heapq.heappush(self._heaps[asset_id, is_above], (units, order.id, Rung(order, owner)))

    def _price(self, asset_id: AssetId) -> Price:
        quote = self._world.process.board.quote(asset_id)
        assert quote is not None
        return quote.price
