"""Journal entries as items of the table, and back."""

from adapters.account_items import account_pk
from adapters.fields import Fields, amount_value, without_none
from adapters.table import Item, Key, Value
from domain.assets import Quote
from domain.ids import AccountId, AssetId, CommandId, OrderId
from domain.instants import ms_of
from domain.journal import USD, Entry, EntryKind, LedgerAccount, Leg
from domain.money import Money, Price, Quantity
from domain.orders import OrderStatus

VERSION_DIGITS = 12
"""Zero-padded, so that keys sort by number; a trillion entries for one account."""


def entry_sk(version: int) -> str:
    """Return the sort key of a version."""
    return f"JOURNAL#{version:0{VERSION_DIGITS}d}"


def entry_key(account_id: AccountId, version: int) -> Key:
    """Return where an entry lies."""
    return Key(account_pk(account_id), entry_sk(version))


def entry_item(entry: Entry) -> Item:
    """Return the item of an entry: by version, by asset and version, by kind and version."""
    number = f"{entry.version:0{VERSION_DIGITS}d}"
    return Item(
        entry_key(entry.account_id, entry.version),
        without_none(
            account=entry.account_id,
            version=entry.version,
            kind=entry.kind.value,
            legs=[_leg_value(leg) for leg in entry.legs],
            at=ms_of(entry.at),
            command=entry.command_id,
            epoch=entry.epoch,
            cash_change=entry.cash_change.units,
            cash_after=entry.cash_after.units,
            held_after=entry.held_after.units,
            asset=entry.asset_id,
            quantity_change=amount_value(entry.quantity_change),
            quantity_after=amount_value(entry.quantity_after),
            quantity_held_after=amount_value(entry.quantity_held_after),
            cost_basis_after=amount_value(entry.cost_basis_after),
            realized_gain_after=amount_value(entry.realized_gain_after),
            order=entry.order_id,
            order_status=entry.order_status and entry.order_status.value,
            quote=_quote_value(entry.quote),
            red_pocket=entry.is_red_pocket,
            cancelled_orders=list(entry.cancelled_orders) or None,
        ),
        index_1=f"JOURNAL#{entry.asset_id}#{number}" if entry.asset_id else None,
        index_2=f"JOURNAL#{entry.kind}#{number}",
    )


def entry_of(item: Item) -> Entry:
    """Read an entry's item."""
    fields = Fields(item)
    asset, order = fields.text_or_none("asset"), fields.text_or_none("order")
    status = fields.text_or_none("order_status")
    return Entry(
        account_id=AccountId(fields.text("account")),
        version=fields.whole("version"),
        kind=EntryKind(fields.text("kind")),
        legs=tuple(_leg_of(leg) for leg in fields.all_nested("legs")),
        at=fields.instant("at"),
        command_id=CommandId(fields.text("command")),
        epoch=fields.whole("epoch"),
        cash_change=fields.amount(Money, "cash_change"),
        cash_after=fields.amount(Money, "cash_after"),
        held_after=fields.amount(Money, "held_after"),
        asset_id=AssetId(asset) if asset else None,
        quantity_change=fields.amount_or_none(Quantity, "quantity_change"),
        quantity_after=fields.amount_or_none(Quantity, "quantity_after"),
        quantity_held_after=fields.amount_or_none(Quantity, "quantity_held_after"),
        cost_basis_after=fields.amount_or_none(Money, "cost_basis_after"),
        realized_gain_after=fields.amount_or_none(Money, "realized_gain_after"),
        order_id=OrderId(order) if order else None,
        order_status=OrderStatus(status) if status else None,
        quote=_quote_of(fields.nested("quote"), asset),
        is_red_pocket=fields.flag_or_none("red_pocket"),
        cancelled_orders=tuple(OrderId(text) for text in fields.texts("cancelled_orders")),
    )


def _leg_value(leg: Leg) -> dict[str, Value]:
    return {"account": leg.account.value, "unit": leg.unit, "amount": leg.amount.units}


def _leg_of(fields: Fields) -> Leg:
    unit = fields.text("unit")
    kind: type[Money | Quantity] = Money if unit == USD else Quantity
    return Leg(LedgerAccount(fields.text("account")), unit, fields.amount(kind, "amount"))


def _quote_value(quote: Quote | None) -> dict[str, Value] | None:
    if quote is None:
        return None
    return {"price": quote.price.units, "source": quote.source, "at": ms_of(quote.at)}


def _quote_of(fields: Fields | None, asset: str | None) -> Quote | None:
    if fields is None or asset is None:
        return None
    return Quote(
        asset_id=AssetId(asset),
        price=fields.amount(Price, "price"),
        source=fields.text("source"),
        at=fields.instant("at"),
        is_tradable=True,
    )
