import pytest

from domain.money import Money, Percent
from domain.rules import SURPRISES_MAX, RewardBook, TradingRules


def test_by_default_trading_is_free_and_bounded() -> None:
    rules = TradingRules()
    assert (rules.fee, rules.slippage) == (Percent(0), Percent(0))
    assert str(rules.max_order_value) == "10000.00"
    assert (rules.rewards.surprises_per_day, dict(rules.rewards.amounts)) == (1, {})


@pytest.mark.parametrize("field", ["fee", "slippage"])
@pytest.mark.parametrize("percent", [-1, 100 * 10**4])
def test_a_fee_or_slippage_of_less_than_nothing_or_of_everything_is_no_rule(
    field: str, percent: int
) -> None:
    with pytest.raises(ValueError, match="fee and slippage"):
        TradingRules(**{field: Percent(percent)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "field", ["max_order_value", "daily_deposit_limit", "daily_withdrawal_limit"]
)
def test_a_limit_of_nothing_is_no_rule(field: str) -> None:
    with pytest.raises(ValueError, match="at least a cent"):
        TradingRules(**{field: Money(0)})  # type: ignore[arg-type]


def test_a_book_pays_something_and_has_no_more_surprises_than_can_be_read_at_once() -> None:
    RewardBook(surprises_per_day=SURPRISES_MAX)
    with pytest.raises(ValueError, match="surprises a day"):
        RewardBook(surprises_per_day=SURPRISES_MAX + 1)
    with pytest.raises(ValueError, match="surprises a day"):
        RewardBook(surprises_per_day=-1)
    with pytest.raises(ValueError, match="must be above 0"):
        RewardBook({"phrase": Money(0)})
