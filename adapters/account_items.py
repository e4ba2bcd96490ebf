"""Accounts, positions, orders and keys as items of the table, and back."""

from datetime import date, timedelta

from adapters.fields import Fields, amount_value, without_none
from adapters.refusal_items import error_of, error_value
from adapters.table import Item, Key, Value
from domain.accounts import Account, Position
from domain.idempotency import KeyRecord
from domain.ids import AccountId, AssetId, IdempotencyKey, OrderId
from domain.instants import ms_of
from domain.journal import RewardSlot
from domain.money import Money, Percent, Price, Quantity
from domain.orders import (
    Fill,
    Order,
    OrderSide,
    OrderStatus,
    OrderStatusReason,
    OrderType,
    TimeInForce,
)
from domain.rules import IDEMPOTENCY_DAYS

STATE = "STATE"


def account_pk(account_id: AccountId) -> str:
    """Return the partition that holds all of an account."""
    return f"ACCOUNT#{account_id}"


def account_key(account_id: AccountId) -> Key:
    """Return where an account's state lies."""
    return Key(account_pk(account_id), STATE)


def account_item(account: Account) -> Item:
    """Return the item of an account."""
    return Item(
        account_key(account.id),
        without_none(
            id=account.id,
            version=account.version,
            epoch=account.epoch,
            cash=account.cash.units,
            held=account.held.units,
            day=account.day.isoformat(),
            deposited=account.deposited.units,
            withdrawn=account.withdrawn.units,
            day_baseline=account.day_baseline.units,
            open_orders=account.open_orders,
            created_at=ms_of(account.created_at),
            changed_at=ms_of(account.changed_at),
            changed_asset=account.changed_asset,
        ),
    )


def account_of(item: Item) -> Account:
    """Read an account's item."""
    fields = Fields(item)
    changed = fields.text_or_none("changed_asset")
    return Account(
        id=AccountId(fields.text("id")),
        version=fields.whole("version"),
        epoch=fields.whole("epoch"),
        cash=fields.amount(Money, "cash"),
        held=fields.amount(Money, "held"),
        day=date.fromisoformat(fields.text("day")),
        deposited=fields.amount(Money, "deposited"),
        withdrawn=fields.amount(Money, "withdrawn"),
        day_baseline=fields.amount(Money, "day_baseline"),
        open_orders=fields.whole("open_orders"),
        created_at=fields.instant("created_at"),
        changed_at=fields.instant("changed_at"),
        changed_asset=AssetId(changed) if changed else None,
    )


def position_key(account_id: AccountId, asset_id: AssetId) -> Key:
    """Return where a position lies: right after the account, so that one query reads both."""
    return Key(account_pk(account_id), f"{STATE}#{asset_id}")


def position_item(position: Position) -> Item:
    """Return the item of a position."""
    return Item(
        position_key(position.account_id, position.asset_id),
        {
            "account": position.account_id,
            "asset": position.asset_id,
            "quantity": position.quantity.units,
            "held": position.held.units,
            "cost_basis": position.cost_basis.units,
            "realized_gain": position.realized_gain.units,
            "day": position.day.isoformat(),
            "day_quantity": position.day_quantity.units,
            "version": position.version,
            "epoch": position.epoch,
        },
    )


def position_of(item: Item) -> Position:
    """Read a position's item."""
    fields = Fields(item)
    return Position(
        account_id=AccountId(fields.text("account")),
        asset_id=AssetId(fields.text("asset")),
        quantity=fields.amount(Quantity, "quantity"),
        held=fields.amount(Quantity, "held"),
        cost_basis=fields.amount(Money, "cost_basis"),
        realized_gain=fields.amount(Money, "realized_gain"),
        day=date.fromisoformat(fields.text("day")),
        day_quantity=fields.amount(Quantity, "day_quantity"),
        version=fields.whole("version"),
        epoch=fields.whole("epoch"),
    )


def order_key(account_id: AccountId, order_id: OrderId) -> Key:
    """Return where an order lies."""
    return Key(account_pk(account_id), f"ORDER#{order_id}")


def order_item(order: Order) -> Item:
    """Return the item of an order: by age, by asset and age, by status and age."""
    return Item(
        order_key(order.account_id, order.id),
        without_none(
            id=order.id,
            account=order.account_id,
            asset=order.asset_id,
            side=order.side.value,
            type=order.type.value,
            status=order.status.value,
            quantity=order.quantity.units,
            held_cash=order.held_cash.units,
            held_quantity=order.held_quantity.units,
            version=order.version,
            epoch=order.epoch,
            created_at=ms_of(order.created_at),
            updated_at=ms_of(order.updated_at),
            fill=_fill_value(order.fill),
            limit_price=amount_value(order.limit_price),
            trigger_price=amount_value(order.trigger_price),
            time_in_force=order.time_in_force and order.time_in_force.value,
            ends_at=ms_of(order.expires_at) if order.expires_at else None,
            status_reason=order.status_reason and order.status_reason.value,
            key=order.idempotency_key,
        ),
        index_1=f"ORDER#{order.asset_id}#{order.id}",
        index_2=f"ORDER#{order.status}#{order.id}",
    )


def order_of(item: Item) -> Order:
    """Read an order's item."""
    fields = Fields(item)
    force, reason = fields.text_or_none("time_in_force"), fields.text_or_none("status_reason")
    key = fields.text_or_none("key")
    return Order(
        id=OrderId(fields.text("id")),
        account_id=AccountId(fields.text("account")),
        asset_id=AssetId(fields.text("asset")),
        side=OrderSide(fields.text("side")),
        type=OrderType(fields.text("type")),
        status=OrderStatus(fields.text("status")),
        quantity=fields.amount(Quantity, "quantity"),
        held_cash=fields.amount(Money, "held_cash"),
        held_quantity=fields.amount(Quantity, "held_quantity"),
        version=fields.whole("version"),
        epoch=fields.whole("epoch"),
        created_at=fields.instant("created_at"),
        updated_at=fields.instant("updated_at"),
        fill=_fill_of(fields.nested("fill")),
        limit_price=fields.amount_or_none(Price, "limit_price"),
        trigger_price=fields.amount_or_none(Price, "trigger_price"),
        time_in_force=TimeInForce(force) if force else None,
        expires_at=fields.instant_or_none("ends_at"),
        status_reason=OrderStatusReason(reason) if reason else None,
        idempotency_key=IdempotencyKey(key) if key else None,
    )


def record_key(account_id: AccountId, key: IdempotencyKey) -> Key:
    """Return where the record of an idempotency key lies."""
    return Key(account_pk(account_id), f"KEY#{key}")


def record_item(account_id: AccountId, record: KeyRecord) -> Item:
    """Return the item of a key's record; it expires at the first full second after the key."""
    forgotten_at = record.at + timedelta(days=IDEMPOTENCY_DAYS)
    return Item(
        record_key(account_id, record.key),
        without_none(
            key=record.key,
            fingerprint=record.fingerprint,
            at=ms_of(record.at),
            version=record.version,
            order=record.order_id,
            errors=[error_value(error) for error in record.errors] or None,
        ),
        expires_at_s=-(-ms_of(forgotten_at) // 1000),
    )


def record_of(item: Item) -> KeyRecord:
    """Read the item of a key's record."""
    fields = Fields(item)
    order = fields.text_or_none("order")
    return KeyRecord(
        key=IdempotencyKey(fields.text("key")),
        fingerprint=fields.text("fingerprint"),
        at=fields.instant("at"),
        version=fields.whole_or_none("version"),
        order_id=OrderId(order) if order else None,
        errors=tuple(error_of(value) for value in fields.all_nested("errors")),
    )


def reward_key(slot: RewardSlot) -> Key:
    """Return where a used-up reward lies: with the user, whatever account it was paid to."""
    return Key(f"USER#{slot.user_id}", f"REWARD#{slot.name}")


def _fill_value(fill: Fill | None) -> dict[str, Value] | None:
    if fill is None:
        return None
    return {
        "price": fill.price.units,
        "notional": fill.notional.units,
        "fee": fill.fee.units,
        "total": fill.total.units,
        "quoted_price": fill.quoted_price.units,
        "slippage": fill.slippage.units,
        "source": fill.price_source,
        "age_ms": fill.price_age_ms,
        "at": ms_of(fill.at),
    }


def _fill_of(fields: Fields | None) -> Fill | None:
    if fields is None:
        return None
    return Fill(
        price=fields.amount(Price, "price"),
        notional=fields.amount(Money, "notional"),
        fee=fields.amount(Money, "fee"),
        total=fields.amount(Money, "total"),
        quoted_price=fields.amount(Price, "quoted_price"),
        slippage=fields.amount(Percent, "slippage"),
        price_source=fields.text("source"),
        price_age_ms=fields.whole("age_ms"),
        at=fields.instant("at"),
    )
