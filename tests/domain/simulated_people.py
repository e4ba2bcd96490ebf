"""What people ask for in a simulation, with what a naive exchange would make of each of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from adapters.account_items import account_item
from adapters.identity_items import (
    claim_item,
    email_claim_key,
    user_account_item,
    user_item,
    username_claim_key,
)
from adapters.table import Put, Table
from domain.accounts import opened
from domain.commands import Command
from domain.funds import Deposit, Withdraw
from domain.ids import AccountId, AssetId, IdempotencyKey, UserId
from domain.ledger import Wish
from domain.orders import OrderSide
from domain.resets import Reset
from domain.rewards import ClaimReward
from tests.domain.ledger_model import Model
from tests.domain.ledger_world import ALICE, BTC, ETH, GREETING, NOW, order

ACCOUNTS = 50
BUSY_ACCOUNTS = 5
"""Half of all commands go to these, from many processes at once."""

Naive = Callable[[Model, Decimal], None]
"""Does the command in the naive exchange, at a price."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that somebody sent, once or several times."""

    number: int
    wish: Wish
    naive: Naive


def account_id(number: int) -> AccountId:
    return AccountId(f"acc_{number:026}")


def user_id(number: int) -> UserId:
    return UserId(f"usr_{number:026}")


async def open_accounts(table: Table) -> None:
    """Register everybody."""
    for number in range(ACCOUNTS):
        user = replace(
            ALICE, id=user_id(number), username=f"user_{number:04}", email=f"{number}@example.com"
        )
        items = (
            user_item(user),
            claim_item(username_claim_key(user.username_key), user.id),
            claim_item(email_claim_key(user.email_key), user.id),
            user_account_item(user.id, account_id(number)),
            account_item(opened(account_id(number), NOW)),
        )
        await table.transact([Put(item) for item in items], token=f"open {number}")


def asked(number: int, chance: random.Random) -> Asked:
    """Return the command of this number, whatever it is."""
    whose = chance.randrange(BUSY_ACCOUNTS if chance.random() < 1 / 2 else ACCOUNTS)
    command, naive = _command(chance)
    key = IdempotencyKey(f"key-{number}") if chance.random() < 2 / 3 else None
    wish = Wish(user_id=user_id(whose), account_id=account_id(whose), command=command, key=key)
    return Asked(number, wish, naive)


def _command(chance: random.Random) -> tuple[Command, Naive]:
    kind = chance.choices(
        ("deposit", "withdraw", "trade", "trade_worth", "claim", "reset"), (30, 20, 30, 12, 7, 1)
    )[0]
    asset = chance.choice((BTC, ETH))
    side = chance.choice(tuple(OrderSide))
    if kind == "deposit":
        amount = Decimal(chance.randint(1, 1_000_00)) / 100
        return Deposit.of(amount), lambda model, _: model.deposit(amount)
    if kind == "withdraw":
        amount = Decimal(chance.randint(1, 400_00)) / 100
        return Withdraw.of(amount), lambda model, _: model.withdraw(amount)
    if kind == "trade":
        quantity = Decimal(chance.randint(1, 10**6)).scaleb(-8)
        placed = order(side, asset, quantity=f"{quantity:f}")
        return placed, _trade(side, asset, quantity, Decimal(0))
    if kind == "trade_worth":
        notional = Decimal(chance.randint(1, 500_00)) / 100
        placed = order(side, asset, notional=f"{notional:f}")
        return placed, _trade(side, asset, None, notional)
    if kind == "claim":
        is_red = chance.random() < 1 / 2
        phrase = GREETING if is_red else "hello"
        return ClaimReward.of(phrase), lambda model, _: model.claim(is_red_pocket=is_red)
    return Reset(), lambda model, _: model.reset()


def _trade(side: OrderSide, asset: AssetId, quantity: Decimal | None, notional: Decimal) -> Naive:
    def trade(model: Model, price: Decimal) -> None:
        act = model.buy if side is OrderSide.BUY else model.sell
        act(asset, price, quantity, notional)

    return trade
