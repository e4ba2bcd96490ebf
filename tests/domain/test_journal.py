from dataclasses import replace
from datetime import timedelta

import pytest

from domain.commands import State
from domain.funds import Deposit
from domain.journal import USD, Change, LedgerAccount, Leg, balances, nonzero, usd
from domain.money import Money, Quantity
from tests.domain.decisions import change_by, having, position, terms
from tests.domain.ledger_world import BTC


def deposited() -> Change:
    return change_by(Deposit(Money(5)), State(account=having("1")), terms())


def test_balances_are_kept_by_unit() -> None:
    legs = (
        usd(LedgerAccount.BANK, Money(-5)),
        usd(LedgerAccount.USER_HELD, Money(3)),
        Leg(LedgerAccount.MARKET, "BTC", Quantity(7)),
    )
    assert balances(legs) == {USD: -2, "BTC": 7}


def test_an_entry_that_makes_or_loses_anything_cannot_be() -> None:
    entry = deposited().entry
    with pytest.raises(ValueError, match="legs of version 2 don't sum to zero"):
        replace(entry, legs=entry.legs[:1])


def test_an_entry_is_named_after_its_account_and_version() -> None:
    assert deposited().entry.id == "txn_00000000000000000000000001_2"


def test_a_change_makes_exactly_the_next_version() -> None:
    change = deposited()
    with pytest.raises(ValueError, match="makes version 2"):
        replace(change, entry=replace(change.entry, version=3))
    with pytest.raises(ValueError, match="makes version 2"):
        replace(change, account=replace(change.account, version=1))


def test_a_change_names_the_asset_of_the_position_that_it_writes_and_no_other() -> None:
    change = deposited()
    with pytest.raises(ValueError, match="version 2 names another asset"):
        replace(change, position=position("1"))
    with pytest.raises(ValueError, match="version 2 names another asset"):
        replace(change, account=replace(change.account, changed_asset=BTC))


def test_a_change_never_lies_before_the_last_one() -> None:
    change = deposited()
    late = replace(change.before, changed_at=change.entry.at + timedelta(milliseconds=1))
    with pytest.raises(ValueError, match="before the last one"):
        replace(change, before=late)


def test_a_leg_that_moves_nothing_is_left_out() -> None:
    leg = usd(LedgerAccount.BANK, Money(1))
    assert nonzero(leg, usd(LedgerAccount.FEES, Money(0))) == (leg,)
