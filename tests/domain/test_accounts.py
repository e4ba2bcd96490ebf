from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.accounts import current, no_position, opened
from domain.money import Money, Quantity
from tests.domain.ledger_world import ACCOUNT, BTC, NOW

TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)
RICH = replace(
    opened(ACCOUNT, NOW), cash=Money(100), held=Money(40), deposited=Money(7), withdrawn=Money(3)
)
HELD = replace(no_position(RICH, BTC), quantity=Quantity(10), held=Quantity(4), cost_basis=Money(5))


def test_a_new_account_is_empty() -> None:
    account = opened(ACCOUNT, NOW)
    assert (account.cash, account.version, account.epoch) == (Money(0), 0, 0)
    assert account.day == TODAY


def test_what_is_held_is_not_available() -> None:
    assert RICH.available == Money(60)
    assert HELD.available == Quantity(6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cash": Money(-1), "held": Money(0)},
        {"held": Money(-1)},
        {"held": Money(101)},
        {"version": -1},
        {"epoch": -1},
        {"open_orders": -1},
    ],
)
def test_no_account_owes_or_holds_more_than_it_has(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"held|count from 0"):
        replace(RICH, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": Quantity(-1), "held": Quantity(0)},
        {"held": Quantity(11)},
        {"held": Quantity(-1)},
        {"cost_basis": Money(-1)},
        {"quantity": Quantity(0), "held": Quantity(0)},
    ],
)
def test_no_position_is_short_or_has_a_basis_without_a_quantity(wrong: dict[str, Quantity]) -> None:
    with pytest.raises(ValueError, match=r"held|cost basis"):
        replace(HELD, **wrong)  # type: ignore[arg-type]


def test_the_counters_of_a_day_begin_anew_on_the_next() -> None:
    account = RICH.on(TOMORROW)
    assert (account.deposited, account.withdrawn) == (Money(0), Money(0))
    assert (account.day, account.day_baseline) == (TOMORROW, Money(100))
    assert HELD.on(TOMORROW).day_quantity == Quantity(10)


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=1), date(1970, 1, 1)])
def test_a_day_that_was_begun_never_goes_back(day: date) -> None:
    assert RICH.on(day) is RICH
    assert HELD.on(day) is HELD


def test_a_position_of_an_older_epoch_reads_as_empty() -> None:
    after_reset = replace(RICH, epoch=1)
    empty = current(after_reset, HELD, BTC)
    assert (empty.quantity, empty.cost_basis, empty.epoch) == (Quantity(0), Money(0), 1)
    assert current(RICH, HELD, BTC) is HELD
    assert current(RICH, None, BTC) == no_position(RICH, BTC)
