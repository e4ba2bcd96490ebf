from decimal import Decimal

import pytest

from domain.inputs import Problems, shown
from domain.money import Money, Quantity
from domain.refusals import ErrorCode, InputError, Refusal, RefusedError, refuse


def told(problems: Problems) -> list[tuple[str, tuple[str, ...]]]:
    with pytest.raises(Refusal) as refused:
        problems.settle()
    return [(error.message, error.path) for error in refused.value.errors]


def test_nothing_is_refused_where_there_is_no_problem() -> None:
    problems = Problems()
    assert problems.amount(Money, Decimal("1.50"), "input", "amount") == Money(150)
    assert problems.key("k" * 255, "input", "idempotencyKey") == "k" * 255
    assert problems.key(None, "input", "idempotencyKey") is None
    problems.settle()


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("0.001", "0.001 was given; it may have at most 2 decimals."),
        ("0.000000001", "0.000000001 was given; it may have at most 2 decimals."),
        ("0", "0 was given; it must be above 0."),
        ("-0", "-0 was given; it must be above 0."),
        ("-5", "-5 was given; it must be above 0."),
        ("NaN", "NaN was given; it must be a finite number."),
        ("1e9999", "1E+9999 was given; it must lie between -1"),
        ("7" * 10_000, "7" * 40 + "… was given; it must lie between -1"),
    ],
)
def test_an_amount_that_makes_no_sense_is_told_at_its_field(number: str, message: str) -> None:
    problems = Problems()
    assert problems.amount(Money, Decimal(number), "input", "amount") == Money(1)
    (found, path), *others = told(problems)
    assert found.startswith(message)
    assert path == ("input", "amount")
    assert not others


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 characters were given; 1 to 255 are allowed."),
        ("k" * 256, "256 characters were given; 1 to 255 are allowed."),
        ("a b", "A key is made of visible ASCII characters only, without spaces."),
        ("a\n", "A key is made of visible ASCII characters only, without spaces."),
        ("é", "A key is made of visible ASCII characters only, without spaces."),
    ],
)
def test_a_key_that_cannot_be_one_is_refused(text: str, message: str) -> None:
    problems = Problems()
    problems.key(text, "input", "idempotencyKey")
    assert told(problems) == [(message, ("input", "idempotencyKey"))]


def test_all_problems_are_told_at_once() -> None:
    problems = Problems()
    problems.amount(Money, Decimal(0), "input", "amount")
    problems.amount(Quantity, Decimal("1e-9"), "input", "quantity")
    assert [path[-1] for _, path in told(problems)] == ["amount", "quantity"]


def test_a_value_is_shown_in_full_up_to_forty_characters() -> None:
    assert shown("x" * 40) == "x" * 40
    assert shown("x" * 41) == "x" * 40 + "…"


def test_a_refusal_says_its_reasons_and_needs_one() -> None:
    refusal = refuse(ErrorCode.PRICE_STALE, "Too old.", "input", "assetId")
    assert refusal.errors == (
        RefusedError("Too old.", ErrorCode.PRICE_STALE, ("input", "assetId")),
    )
    assert str(refusal) == "PRICE_STALE: Too old."
    assert refuse(ErrorCode.INVALID_INPUT, "No.").errors == (InputError("No."),)
    with pytest.raises(ValueError, match="needs a reason"):
        Refusal()
