"""An account with something of everything in its past, as the pieces that a store keeps."""

from dataclasses import dataclass, replace
from datetime import timedelta

from domain.accounts import Account, Position
from domain.audit import AccountAudit, Finding
from domain.commands import Needs
from domain.idempotency import KeyRecord
from domain.ids import AssetId, IdempotencyKey, OrderId
from domain.journal import Entry
from domain.money import Money, Percent, Quantity
from domain.orders import Order
from domain.pages import OrderFilter, Stretch
from domain.rules import TradingRules
from tests.domain.ledger_world import ACCOUNT, BTC, ETH, RULES, World
from tests.domain.resting_orders import buy_order, cancelled, placed, sell_order

KEYS = ("deposit", "refused", "buy")
DEPOSIT, REWARD, BUY, BUY_ETH, SALE, SOLD_OUT, RESET = range(1, 8)
"""Versions of the first epoch."""
FRESH, AGAIN, CANCELLED_BUY, OPEN_BUY, OPEN_SALE, RELEASE = range(8, 14)
"""Versions of the second one."""


@dataclass
class History:
    """What is kept of one account; tests damage it."""

    account: Account
    positions: dict[AssetId, Position]
    entries: list[Entry]
    orders: list[Order]
    records: list[KeyRecord]

    def entry(self, version: int) -> Entry:
        return self.entries[version - 1]

    def change_entry(self, version: int, /, **changes: object) -> None:
        self.entries[version - 1] = replace(self.entry(version), **changes)  # type: ignore[arg-type]

    def order_of(self, version: int) -> Order:
        return next(order for order in self.orders if order.version == version)

    def change_order(self, version: int, /, **changes: object) -> None:
        was = self.order_of(version)
        self.orders[self.orders.index(was)] = replace(was, **changes)  # type: ignore[arg-type]

    def copied(self) -> "History":
        """Return the same, to be damaged on its own."""
        return History(
            self.account,
            dict(self.positions),
            list(self.entries),
            list(self.orders),
            list(self.records),
        )

    def audited(self, *later: Entry) -> list[Finding]:
        """Give everything to an audit, as a reader would that can look up later entries too."""
        audit = AccountAudit(self.account)
        orders = {order.id: order for order in self.orders}
        entries = {entry.version: entry for entry in (*self.entries, *later)}
        found: list[Finding] = []
        for entry in self.entries:
            found += audit.entry(entry, orders)
        found += audit.state(self.positions)
        for order in self.orders:
            found += audit.order(order, entries.get(order.version))
        for record in self.records:
            made = entries.get(record.version or 0)
            order_id = made.order_id if made else record.order_id
            found += audit.record(record, made, orders.get(order_id) if order_id else None)
        return found


async def lived(world: World | None = None) -> tuple[World, History]:
    """Let an account live through everything that there is."""
    fee = TradingRules(fee=Percent.of("0.1"), rewards=RULES.rewards)
    world = await (world or World(rules=fee)).open()
    await world.deposit("1000", "deposit")
    await world.claim()
    await world.buy("0.01", key="buy")
    world.clock.advance(timedelta(days=1))
    world.prices.set(BTC, "55000", at=world.clock.at)
    world.prices.set(ETH, "2600", at=world.clock.at)
    await world.withdraw("5000", "refused")
    await world.buy("0.1", ETH)
    await world.sell("0.004")
    await world.sell("0.006")
    await world.reset()
    await _rest(world)
    return world, await kept(world)


async def _rest(world: World) -> None:
    """Leave an open buy and an open sale behind, and a cancelled one of each."""
    await world.deposit("500")
    await world.buy("0.002")
    at = world.clock.at
    for number in (1, 2):
        account, position = await _now(world)
        change = placed(account, position, buy_order(account, number, at, cash=Money(10_00)))
        await world.accounts.commit(change, None, token=f"hold-{number}")
    account, position = await _now(world)
    sale = sell_order(account, 3, at, quantity=Quantity.of("0.001"))
    await world.accounts.commit(placed(account, position, sale), None, token="hold-3")
    account, position = await _now(world)
    orders = await world.accounts.orders(ACCOUNT, [OrderId(f"ord_{1:026}")])
    (first,) = orders.values()
    change = cancelled(account, position, first, at)
    await world.accounts.commit(change, None, token="cancel-1")


async def _now(world: World) -> tuple[Account, Position]:
    positions = await world.accounts.positions(ACCOUNT, [BTC])
    return await world.account(), positions[BTC]


async def kept(world: World) -> History:
    """Read all that is kept of the account."""
    account = await world.account()
    versions = range(1, account.version + 1)
    entries = [await world.accounts.entry(ACCOUNT, version) for version in versions]
    page = await world.accounts.orders_where(
        ACCOUNT, OrderFilter(), Stretch(limit=100, is_ascending=True)
    )
    readings = [await world.accounts.read(ACCOUNT, Needs(), IdempotencyKey(key)) for key in KEYS]
    return History(
        account=account,
        positions=await world.accounts.positions(ACCOUNT, [BTC, ETH]),
        entries=[entry for entry in entries if entry],
        orders=list(page.items),
        records=[reading.record for reading in readings if reading.record],
    )
