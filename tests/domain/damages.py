"""Every way in which what is kept of an account can be damaged, and what an audit says of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from domain.ids import AccountId, AssetId, IdempotencyKey, OrderId
from domain.journal import EntryKind, LedgerAccount, Leg, usd
from domain.money import Money, Price, Quantity
from domain.orders import OrderStatus, OrderStatusReason, OrderType
from domain.refusals import InputError
from tests.domain.history import (
    AGAIN,
    BUY,
    BUY_ETH,
    CANCELLED_BUY,
    DEPOSIT,
    FRESH,
    OPEN_BUY,
    OPEN_SALE,
    RELEASE,
    RESET,
    SALE,
    History,
)
from tests.domain.ledger_world import ACCOUNT, BTC, ETH, NOW

Damage = Callable[[History], object]
OTHER = AccountId("acc_00000000000000000000000002")
LATE = NOW + timedelta(days=9)
MISSING = OrderId("ord_00000000000000000000000009")
NOTED = OrderId("ord_00000000000000000000000008")


def entry(version: int, /, **changes: object) -> Damage:
    """Damage an entry."""
    return lambda history: history.change_entry(version, **changes)


def legs(version: int, *added: Leg) -> Damage:
    """Add legs that are balanced among themselves."""

    def damage(history: History) -> None:
        history.change_entry(version, legs=(*history.entry(version).legs, *added))

    return damage


def order(version: int, /, **changes: object) -> Damage:
    """Damage the order of a version."""
    return lambda history: history.change_order(version, **changes)


def fill(version: int, /, **changes: object) -> Damage:
    """Damage the fill of the order of a version."""

    def damage(history: History) -> None:
        was = history.order_of(version).fill
        assert was is not None
        history.change_order(version, fill=replace(was, **changes))  # type: ignore[arg-type]

    return damage


def account(**changes: object) -> Damage:
    """Damage the account."""

    def damage(history: History) -> None:
        history.account = replace(history.account, **changes)  # type: ignore[arg-type]

    return damage


def position(asset: AssetId, **changes: object) -> Damage:
    """Damage a position."""

    def damage(history: History) -> None:
        was = history.positions[asset]
        history.positions[asset] = replace(was, **changes)  # type: ignore[arg-type]

    return damage


def record(number: int, /, **changes: object) -> Damage:
    """Damage the record of a key: 0 made the deposit, 1 was refused, 2 made the buy."""

    def damage(history: History) -> None:
        was = history.records[number]
        history.records[number] = replace(was, **changes)  # type: ignore[arg-type]

    return damage


def noted(history: History) -> None:
    """Let a key name an order that ended on arrival, under another key."""
    order = replace(
        history.order_of(BUY),
        id=NOTED,
        status=OrderStatus.CANCELLED,
        status_reason=OrderStatusReason.UNFILLABLE,
        fill=None,
    )
    history.orders.append(order)
    record(1, errors=(), order_id=NOTED)(history)


def named_twice(history: History) -> None:
    """Let a key name, as one without an entry, an order that has one."""
    record(1, errors=(), order_id=history.order_of(BUY).id)(history)


def limited_to_its_quote(history: History) -> None:
    """Let a sale with a limit bring less than that, for the slippage."""
    history.change_order(SALE, type=OrderType.LIMIT, limit_price=Price.of(55_000))
    fill(SALE, price=Price.of(54_999))(history)


def uncountable(history: History) -> None:
    """Let one day see more deposits than can be counted."""
    most = Money(10**18)
    history.change_entry(FRESH, cash_change=most)
    history.change_entry(AGAIN, kind=EntryKind.DEPOSIT, cash_change=most)


def dollar(account: LedgerAccount, cents: int) -> Leg:
    return usd(account, Money(cents))


USER, HELD, BANK = LedgerAccount.USER_AVAILABLE, LedgerAccount.USER_HELD, LedgerAccount.BANK
MARKET, FEES = LedgerAccount.MARKET, LedgerAccount.FEES

ENTRIES: list[tuple[Damage, str]] = [
    (entry(3, account_id=OTHER), "entry 3: it belongs to acc_00000000000000000000000002"),
    (lambda h: h.entries.pop(1), "entry 3: versions 2 to 2 are missing"),
    (lambda h: h.entries.insert(4, h.entries[1]), "entry 2: version 2 comes a second time"),
    (entry(BUY_ETH, at=NOW - timedelta(days=1)), "its time lies before"),
    (lambda h: h.change_entry(SALE, command_id=h.entry(BUY_ETH).command_id), "its command made"),
    (entry(SALE, epoch=1), "entry 5: its epoch is 1, after 0"),
    (entry(RESET, epoch=0), "entry 7: its epoch is 0, after 0"),
    (entry(DEPOSIT, order_id=MISSING), "a DEPOSIT has an order, its status and its asset"),
    (entry(BUY, order_id=None), "a ORDER_BUY has an order, its status and its asset, or lacks"),
    (entry(BUY, order_status=None), "a ORDER_BUY has an order"),
    (legs(DEPOSIT, dollar(FEES, 1), dollar(BANK, -1)), "a DEPOSIT has a leg of FEES"),
    (legs(DEPOSIT, dollar(HELD, 1), dollar(USER, -1)), "a DEPOSIT has a leg of USER_HELD"),
    (legs(BUY, Leg(USER, ETH, Quantity(1)), Leg(MARKET, ETH, Quantity(-1))), "a leg of ETH"),
    (legs(DEPOSIT, dollar(USER, 1), dollar(BANK, -1)), "cash change is 100000 smallest units"),
    (entry(DEPOSIT, cash_change=Money(0)), "a DEPOSIT changes cash by 0.00"),
    (entry(BUY, cash_after=Money(1)), "entry 3: cash after is 1 smallest units, where 58838"),
    (entry(BUY, held_after=Money(-1)), "held cash after is -1 smallest units, where 0 follow"),
    (entry(BUY, held_after=Money(10**9)), "it leaves $588.38, of which $10000000.00 is held"),
    (entry(BUY, cash_after=Money(-1)), "it leaves $-0.01"),
    (entry(RESET, cash_after=Money(5)), "a reset leaves $0.05"),
    (entry(RESET, cancelled_orders=(MISSING,)), "the orders that it cancels are not those"),
    (
        legs(RESET, Leg(USER, BTC, Quantity(-1)), Leg(MARKET, BTC, Quantity(1))),
        "what it closes of BTC is -1 smallest units, where 0 follow",
    ),
    (
        legs(RESET, Leg(USER, "XRP", Quantity(-1)), Leg(MARKET, "XRP", Quantity(1))),
        "what it closes of XRP is -1",
    ),
    (entry(BUY, quantity_change=Quantity(5)), "quantity change is 5 smallest units"),
    (entry(BUY, quantity_change=None), "quantity change is missing"),
    (entry(BUY, quantity_change=Quantity(-5)), "a ORDER_BUY changes the quantity by -0.00000005"),
    (entry(DEPOSIT, quantity_change=Quantity(1)), "a DEPOSIT changes the quantity by 0.00000001"),
    (entry(BUY, quantity_after=Quantity(5)), "BTC after is 5 smallest units, where 1000000"),
    (entry(BUY, quantity_after=None), "entry 3: BTC after is missing"),
    (entry(BUY, quantity_after=Quantity(-5)), "it leaves -0.00000005 BTC"),
    (entry(OPEN_SALE, quantity_held_after=Quantity(7)), "held BTC after is 7 smallest units"),
    (entry(OPEN_SALE, quantity_held_after=Quantity(10**9)), "BTC, of which 10 is held"),
    (entry(OPEN_SALE, quantity_held_after=None), "held BTC after is missing"),
    (entry(BUY, cost_basis_after=Money(50_00)), "cost basis after is 5000 smallest units"),
    (entry(BUY, cost_basis_after=Money(-50_00)), "cost basis after is -5000 smallest units"),
    (entry(SALE, cost_basis_after=None), "cost basis after is missing"),
    (entry(SALE, realized_gain_after=Money(1)), "realised gain after is 1 smallest units"),
    (entry(SALE, quantity_change=-Quantity(10**9)), "quantity change is -1000000000"),
    (entry(OPEN_BUY, order_status=OrderStatus.EXPIRED), "its order ends and leaves something held"),
    (entry(DEPOSIT, cash_change=Money(10**18)), "cash change is 1000000000000000000"),
    (
        uncountable,
        "entry 9: it brings a counter of the day beyond what can be counted",
    ),
    (entry(BUY, order_id=MISSING), f"its order {MISSING} is missing"),
    (
        lambda h: h.change_order(RELEASE, version=CANCELLED_BUY),
        f"entry {RELEASE}: its order ord_{1:026} is of an older version, {CANCELLED_BUY}",
    ),
]

STATES: list[tuple[Damage, str]] = [
    (account(version=12), f"{ACCOUNT}: its version is 12, the journal's 13"),
    (account(version=99), f"{ACCOUNT}: its version is 99, the journal's 13"),
    (account(cash=Money(38_990)), f"{ACCOUNT}: cash is 389.90, where 389.89 follows"),
    (account(held=Money(0)), "held is 0.00, where 10.00 follows"),
    (account(epoch=0), "epoch is 0, where 1 follows"),
    (account(deposited=Money(0)), "deposited is 0.00, where 500.00 follows"),
    (account(withdrawn=Money(1)), "withdrawn is 0.01, where 0.00 follows"),
    (account(day_baseline=Money(0)), "day_baseline is 0.00, where 500.00 follows"),
    (account(day=NOW.date()), "day is 2026-03-01, where 2026-03-02 follows"),
    (account(open_orders=3), "open_orders is 3, where 2 follows"),
    (account(changed_at=LATE), "changed_at is 2026-03-10"),
    (position(BTC, quantity=Quantity(5_000_000)), "position BTC: quantity is 0.05, where 0.002"),
    (position(BTC, held=Quantity(0)), "position BTC: held is 0, where 0.001 follows"),
    (position(BTC, cost_basis=Money(1)), "cost_basis is 0.01, where 110.11 follows"),
    (position(BTC, realized_gain=Money(1)), "realized_gain is 0.01, where 0.00 follows"),
    (position(BTC, version=OPEN_SALE), "position BTC: version is 12, where 13 follows"),
    (position(BTC, epoch=0), "position BTC: epoch is 0, where 1 follows"),
    (position(BTC, day_quantity=Quantity(1)), "day_quantity is 0.00000001, where 0 follows"),
    (position(ETH, quantity=Quantity(1)), "position ETH: quantity is 0.00000001, where 0.1"),
    (lambda h: h.positions.pop(ETH), "position ETH: it is missing"),
    (
        lambda h: h.positions.update({AssetId("XRP"): h.positions[ETH]}),
        "position XRP: no entry made it",
    ),
]

ORDERS: list[tuple[Damage, str]] = [
    (order(BUY, held_cash=Money(1)), "it is FILLED and holds $0.01 and 0"),
    (order(OPEN_BUY, held_cash=Money(0)), "it is OPEN and holds $0.00 and 0"),
    (order(OPEN_BUY, held_cash=Money(1)), "OPEN, holding $0.01 and 0, which doesn't follow"),
    (order(BUY, fill=None), "it is FILLED, with a fill or without"),
    (order(OPEN_BUY, status=OrderStatus.CANCELLED), "CANCELLED, holding $10.00 and 0, which"),
    (order(RELEASE, status=OrderStatus.OPEN), "it is OPEN, holding $0.00 and 0, which doesn't"),
    (order(BUY, version=99), "its entry 99 is missing"),
    (order(BUY, version=SALE), "entry 5 doesn't name it"),
    (order(BUY, version=RESET), "entry 7 doesn't name it"),
    (order(BUY, asset_id=ETH), "entry 3 left it FILLED, in BTC"),
    (order(BUY, updated_at=LATE), "entry 3 has another time or epoch"),
    (order(BUY, epoch=4), "entry 3 has another time or epoch"),
    (entry(BUY, kind=EntryKind.ORDER_SELL), "entry 3 is a ORDER_SELL"),
    (entry(OPEN_BUY, kind=EntryKind.ORDER_BUY), "entry 11 is a ORDER_BUY"),
    (order(SALE, quantity=Quantity(1)), "0.00000001 at $55000 is not $220.00"),
    (fill(BUY, price=Price(10**24 - 1), notional=Money(5)), "is not $0.05"),
    (fill(BUY, notional=Money(10**18), fee=Money(10**18)), "figures can't be multiplied"),
    (fill(BUY, total=Money(1)), "$500.00 with a fee of $0.50 is not $0.01"),
    (fill(SALE, total=Money(1)), "$220.00 with a fee of $0.22 is not $0.01"),
    (fill(BUY, total=Money(1)), "entry 3 moves 0.01 and $-500.50"),
    (fill(BUY, fee=Money(51)), "entry 3 books other fees than $0.51"),
    (fill(BUY, quoted_price=Price(1)), "entry 3 was decided on another quote"),
    (fill(BUY, price_source="?"), "entry 3 was decided on another quote"),
    (entry(BUY, quote=None), "entry 3 was decided on another quote"),
    (fill(BUY, at=LATE), "it was filled at another time than entry 3"),
    (order(BUY, type=OrderType.LIMIT), "is a LIMIT order and waits for no price"),
    (
        order(BUY, type=OrderType.LIMIT, limit_price=Price.of(49_999)),
        "it waits for $49999, and was filled at $50000",
    ),
    (
        order(BUY, type=OrderType.TAKE_PROFIT, trigger_price=Price.of(49_999)),
        "it waits for $49999, and was filled at $50000",
    ),
    (
        order(SALE, type=OrderType.STOP_LOSS, trigger_price=Price.of(54_999)),
        "it waits for $54999, and was filled at $55000",
    ),
    (limited_to_its_quote, "it waits for $55000, and was filled at $54999"),
]

RECORDS: list[tuple[Damage, str]] = [
    (record(0, version=99), "key deposit: its entry 99 is missing"),
    (record(0, version=BUY), "was placed under another key, or none"),
    (record(2, key=IdempotencyKey("x")), "key x: the order ord_"),
    (record(2, version=DEPOSIT), "key buy: another key made its entry 1 too"),
    (record(1, version=BUY_ETH), "key refused: it must name either an entry, an order"),
    (record(1, errors=()), "key refused: it must name either an entry, an order"),
    (record(0, errors=(InputError("?"),)), "key deposit: it must name either"),
    (record(1, errors=(), order_id=NOTED), f"key refused: its order {NOTED} is missing"),
    (named_twice, "has an entry of its own"),
    (noted, f"key refused: the order {NOTED} was placed under another key, or none"),
]
