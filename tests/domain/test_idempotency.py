from dataclasses import dataclass
from decimal import Decimal

from domain.funds import Deposit, Withdraw
from domain.idempotency import fingerprint
from domain.money import Money
from domain.orders import OrderSide
from domain.resets import Reset
from domain.rewards import ClaimReward
from tests.domain.ledger_world import order


@dataclass(frozen=True)
class Chosen:
    """A command with a set of things."""

    things: frozenset[str]


def test_equal_values_have_one_fingerprint_however_they_were_written() -> None:
    assert fingerprint(Deposit.of(Decimal(10))) == fingerprint(Deposit.of(Decimal("10.00")))
    buy, same = order(OrderSide.BUY, quantity="1.0"), order(OrderSide.BUY, quantity="1")
    assert fingerprint(buy) == fingerprint(same)
    assert fingerprint(Chosen(frozenset("abc"))) == fingerprint(Chosen(frozenset("cab")))


def test_any_difference_makes_another_fingerprint() -> None:
    commands = [
        Deposit(Money(1)),
        Deposit(Money(2)),
        Withdraw(Money(1)),
        Reset(),
        ClaimReward("a"),
        ClaimReward("b"),
        Chosen(frozenset("a")),
        Chosen(frozenset("ab")),
        order(OrderSide.BUY, quantity="1"),
        order(OrderSide.SELL, quantity="1"),
        order(OrderSide.BUY, notional="1"),
        order(OrderSide.BUY, quantity="1", expected="1", slippage="0"),
    ]
    assert len({fingerprint(command) for command in commands}) == len(commands)


def test_a_fingerprint_outlives_the_process() -> None:
    deposit = "dc2d7bd047a8f071de031c38d2d9ea9b5437523c32cc6bbc6ebf0a5a5e39e5ab"
    assert fingerprint(Deposit(Money(10_00))) == deposit
