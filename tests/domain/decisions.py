"""Deciding without a store: a state, terms, and the refusal or the change."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.accounts import Account, Position, no_position, opened
from domain.assets import Quote
from domain.commands import Command, State, Terms, decided
from domain.ids import AssetId, CommandId, OrderId
from domain.journal import Change
from domain.money import Money, Price, Quantity
from domain.refusals import Refusal, UserError
from domain.rules import TradingRules
from tests.domain.ledger_world import ACCOUNT, BTC, NOW, RULES, USER


def having(cash: str = "0", held: str = "0", *, version: int = 1, epoch: int = 0) -> Account:
    """Return an account as if it had been used before."""
    money = Money.of(cash)
    return replace(
        opened(ACCOUNT, NOW - timedelta(days=9)),
        cash=money,
        held=Money.of(held),
        version=version,
        epoch=epoch,
        day=NOW.date(),
        day_baseline=money,
        changed_at=NOW - timedelta(minutes=1),
    )


def position(quantity: str, basis: str = "0", held: str = "0", *, asset: AssetId = BTC) -> Position:
    """Return a position of an account that was used before."""
    return replace(
        no_position(having(), asset),
        quantity=Quantity.of(quantity),
        held=Quantity.of(held),
        cost_basis=Money.of(basis),
        version=1,
    )


def quoted(price: str, *, age: timedelta = timedelta(0), is_tradable: bool = True) -> Quote:
    """Return a price of BTC."""
    return Quote(
        asset_id=BTC, price=Price.of(price), source="test", at=NOW - age, is_tradable=is_tradable
    )


def terms(quote: Quote | None = None, *, rules: TradingRules = RULES, now: datetime = NOW) -> Terms:
    """Return what a decision rests on."""
    return Terms(
        now=now,
        rules=rules,
        user_id=USER,
        command_id=CommandId("command"),
        order_id=OrderId("ord_00000000000000000000000001"),
        quote=quote,
    )


def change_by(command: Command, state: State, terms: Terms) -> Change:
    """Return what a command changes; its legs are balanced, or there would be none."""
    change = decided(command, state, terms)
    assert isinstance(change, Change)
    return change


def refusal_of(command: Command, state: State, terms: Terms) -> UserError:
    """Return the one reason why a command is refused."""
    with pytest.raises(Refusal) as refused:
        decided(command, state, terms)
    (error,) = refused.value.errors
    return error
