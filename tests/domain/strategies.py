"""Anything that may be stored, for properties of what is read back."""

from datetime import date
from typing import TypeVar

from hypothesis import strategies as st

from domain.accounts import Account, Position
from domain.assets import Quote
from domain.idempotency import KeyRecord
from domain.ids import AssetId, CommandId, IdempotencyKey, OrderId, ulid_text
from domain.instants import instant_of
from domain.journal import USD, Entry, EntryKind, LedgerAccount, Leg
from domain.money import Fixed, Money, Percent, Price, Quantity
from domain.orders import (
    Fill,
    Order,
    OrderSide,
    OrderStatus,
    OrderStatusReason,
    OrderType,
    TimeInForce,
)
from domain.refusals import (
    ErrorCode,
    InputError,
    InsufficientFundsError,
    LimitExceededError,
    RefusedError,
    UserError,
)
from tests.domain.ledger_world import ACCOUNT, BTC, ETH

FixedT = TypeVar("FixedT", bound=Fixed)


def amounts(kind: type[FixedT], least: int = 0) -> st.SearchStrategy[FixedT]:
    """Return amounts of a kind up to its bound, beyond 64 bits too."""
    return st.integers(least, kind.UNITS_MAX).map(kind)


instants = st.integers(0, 4 * 10**12).map(instant_of)
days = st.dates(date(1970, 1, 1), date(2100, 1, 1))
counts = st.integers(0, 10**9)
assets = st.sampled_from([BTC, ETH, AssetId("1INCH")])
money, quantities, prices = amounts(Money), amounts(Quantity), amounts(Price)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=255).map(
    IdempotencyKey
)
order_ids = st.builds(
    lambda at, chance: OrderId("ord_" + ulid_text(at, chance)),
    st.integers(0, 2**48 - 1),
    st.integers(0, 2**80 - 1),
)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    held = draw(st.integers(0, 10**17))
    return Account(
        id=ACCOUNT,
        version=draw(counts),
        epoch=draw(counts),
        cash=Money(held + draw(st.integers(0, 10**17))),
        held=Money(held),
        day=draw(days),
        deposited=draw(money),
        withdrawn=draw(money),
        day_baseline=draw(amounts(Money, -(10**18))),
        open_orders=draw(counts),
        created_at=draw(instants),
        changed_at=draw(instants),
        changed_asset=draw(st.none() | assets),
    )


@st.composite
def positions(draw: st.DrawFn) -> Position:
    held = draw(st.integers(0, 10**25))
    quantity = held + draw(st.integers(0, 10**25))
    return Position(
        account_id=ACCOUNT,
        asset_id=draw(assets),
        quantity=Quantity(quantity),
        held=Quantity(held),
        cost_basis=draw(money) if quantity else Money(0),
        realized_gain=draw(amounts(Money, -(10**18))),
        day=draw(days),
        day_quantity=draw(quantities),
        version=draw(counts),
        epoch=draw(counts),
    )


fills = st.builds(
    Fill,
    price=prices,
    notional=money,
    fee=money,
    total=money,
    quoted_price=prices,
    slippage=amounts(Percent),
    price_source=texts,
    price_age_ms=counts,
    at=instants,
)
orders = st.builds(
    Order,
    id=order_ids,
    account_id=st.just(ACCOUNT),
    asset_id=assets,
    side=st.sampled_from(OrderSide),
    type=st.sampled_from(OrderType),
    status=st.sampled_from(OrderStatus),
    quantity=quantities,
    held_cash=money,
    held_quantity=quantities,
    version=counts,
    epoch=counts,
    created_at=instants,
    updated_at=instants,
    fill=st.none() | fills,
    limit_price=st.none() | prices,
    trigger_price=st.none() | prices,
    time_in_force=st.none() | st.sampled_from(TimeInForce),
    expires_at=st.none() | instants,
    status_reason=st.none() | st.sampled_from(OrderStatusReason),
    idempotency_key=st.none() | keys,
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    asset = draw(st.none() | assets)
    legs: list[Leg] = []
    for unit in (USD, *([asset] if asset else [])):
        kind = Money if unit == USD else Quantity
        units = draw(st.integers(-(10**18), 10**18))
        legs += [
            Leg(draw(st.sampled_from(LedgerAccount)), unit, kind(units)),
            Leg(draw(st.sampled_from(LedgerAccount)), unit, kind(-units)),
        ]
    quote = st.builds(
        Quote,
        asset_id=st.just(asset),
        price=prices,
        source=texts,
        at=instants,
        is_tradable=st.just(True),
    )
    return Entry(
        account_id=ACCOUNT,
        version=draw(st.integers(1, 10**12 - 1)),
        kind=draw(st.sampled_from(EntryKind)),
        legs=tuple(legs),
        at=draw(instants),
        command_id=CommandId(draw(texts)),
        epoch=draw(counts),
        cash_change=draw(amounts(Money, -(10**18))),
        cash_after=draw(money),
        held_after=draw(money),
        asset_id=asset,
        quantity_change=draw(st.none() | amounts(Quantity, -(10**26))),
        quantity_after=draw(st.none() | quantities),
        quantity_held_after=draw(st.none() | quantities),
        cost_basis_after=draw(st.none() | money),
        realized_gain_after=draw(st.none() | amounts(Money, -(10**18))),
        order_id=draw(st.none() | order_ids),
        order_status=draw(st.none() | st.sampled_from(OrderStatus)),
        quote=draw(st.none() | quote) if asset else None,
        is_red_pocket=draw(st.none() | st.booleans()),
        cancelled_orders=tuple(draw(st.lists(order_ids, max_size=3))),
    )


codes = st.sampled_from(ErrorCode)
paths = st.lists(texts, max_size=3).map(tuple)


@st.composite
def errors(draw: st.DrawFn) -> UserError:
    message, path = draw(texts), draw(paths)
    unit = draw(st.sampled_from([USD, "BTC", "rewards"]))
    kind: type[Money | Quantity] = Money if unit == USD else Quantity
    figures = st.integers(0, kind.UNITS_MAX).map(kind)
    return draw(
        st.one_of(
            st.just(InputError(message, path)),
            st.builds(RefusedError, st.just(message), codes, st.just(path)),
            st.builds(
                InsufficientFundsError,
                st.just(message),
                st.just(unit),
                figures,
                figures,
                st.just(path),
            ),
            st.builds(
                LimitExceededError,
                st.just(message),
                codes,
                unit=st.just(unit),
                limit=figures,
                used=figures,
                remaining=figures,
                resets_at=st.none() | instants,
                path=st.just(path),
            ),
        )
    )


records = st.builds(
    KeyRecord,
    key=keys,
    fingerprint=texts,
    at=st.integers(0, 4 * 10**12).map(instant_of),
    version=st.none() | counts,
    order_id=st.none() | order_ids,
    errors=st.lists(errors(), max_size=3).map(tuple),
)
