"""Insights: which figures a model may name."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.insight_answers import AnswerRefusedError, checked
from domain.insight_prompts import Figures
from tests.domain.insight_world import prompt

GIVEN = prompt().figures
AMOUNTS = st.decimals(min_value=0, max_value=10**12, places=2)
KINDS = ("dollars", "percents", "quantities")
NUMBERS = st.one_of(AMOUNTS, st.decimals(min_value=0, max_value=10**9, places=8))


def is_refused(answer: str, figures: Figures = GIVEN) -> bool:
    try:
        checked(answer, figures)
    except AnswerRefusedError:
        return True
    return False


def trimmed(number: Decimal) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def usual_writings(number: Decimal) -> list[str]:
    return [
        f"{number:f}",
        f"{number:,f}",
        trimmed(number),
        trimmed(number).replace(",", ""),
        f"{number:,f}".replace(",", "\u202f"),
        f"{number:,f}".replace(",", "\u00a0"),
        f"{number:,f}".replace(",", "'"),
        f"-{number:,f}",
        f"{number:f}0",
    ]


def dollars(text: str) -> list[str]:
    return [f"${text}", f"$ {text}", f"US${text}", f"{text} USD", f"{text} dollars", f"USD {text}"]


def percents(text: str) -> list[str]:
    return [f"{text}%", f"{text} %", f"{text} percent", f"{text} per cent"]


@given(number=AMOUNTS, other=NUMBERS)
def test_an_amount_of_the_prompt_passes_in_any_usual_writing(
    number: Decimal, other: Decimal
) -> None:
    figures = Figures(frozenset({number, other}), frozenset(), frozenset(), frozenset())

    for text in usual_writings(number):
        for written in [text, *dollars(text)]:
            assert checked(f"The total is {written}.", figures)
            assert checked(f"({written}) it is, {written}, or so.", figures)


@given(number=NUMBERS)
def test_a_percentage_of_the_prompt_passes_in_any_usual_writing(number: Decimal) -> None:
    figures = Figures(frozenset(), frozenset({number}), frozenset(), frozenset())

    for text in usual_writings(number):
        for written in percents(text):
            assert checked(f"It makes up {written} of all.", figures)


@given(number=NUMBERS, known=st.frozensets(NUMBERS, max_size=20), kind=st.sampled_from(KINDS))
def test_any_other_number_is_caught_in_any_usual_writing(
    number: Decimal, known: frozenset[Decimal], kind: str
) -> None:
    assume(number not in known)
    nothing = frozenset[Decimal]()
    figures = Figures(
        dollars=known if kind == "dollars" else nothing,
        percents=known if kind == "percents" else nothing,
        quantities=known if kind == "quantities" else nothing,
        names=frozenset({"Bitcoin"}),
    )

    for text in usual_writings(number):
        for written in [text, *dollars(text), *percents(text), f"{text} Bitcoin", f"{text}k"]:
            # A plain "5k" is 5000, which may be known.
            if not (written.endswith("k") and number * 1000 in known):
                assert is_refused(f"It is {written} now.", figures), written


@given(number=st.integers(min_value=1, max_value=10**6))
def test_thousands_and_millions_are_multiplied_out(number: int) -> None:
    figures = Figures(frozenset({Decimal(number * 1000)}), frozenset(), frozenset(), frozenset())

    assert checked(f"It is ${number}k or {number} thousand dollars.", figures)
    assert checked(f"It is ${Decimal(number) / 1000} million.", figures)
    assert is_refused(f"It is ${number}.", figures)
    assert is_refused(f"It is ${number}m.", figures)
    assert is_refused(f"It is {number} billion.", figures)


@pytest.mark.parametrize(
    "answer",
    [
        "The total of $10,234.56 includes $5,234.56 in cash (51.1%).",
        "0.1 BTC, or 0.1BTC, is worth 5000 dollars: 48.9 % of all.",
        "It lost $120.50, or 2.4 percent; that is -2.40% and \u2212$120.5.",
        "Bitcoin's price is 50 thousand dollars.",
        "You hold one asset, one of many, and made one BTC order.",
        "There are 3 holdings, 2 recent BTC orders, 1 order and ten trades; the top 5 lead.",
        "The three largest positions, and two of them.",
        "You own 1 holding, one Bitcoin position.",
        "No figures at all.",
        "A person bought often.",
    ],
)
def test_a_faithful_answer_passes(answer: str) -> None:
    assert checked(answer, GIVEN) == answer


@pytest.mark.parametrize(
    "answer",
    [
        "The total is $10,234.57.",
        "The total is about $10,235.",
        "It is 49% of all.",
        "It is 51.1 dollars.",
        "Cash is 5,234.56%.",
        "Cash is $5,234.56%.",
        "It is $51.1.",
        "You hold $1.",
        "You hold 3.",
        "You hold 3 BTC.",
        "You hold 3BTC.",
        "You have a 3 BTC order.",
        "You have a 1 BTC position.",
        "You hold three bitcoin.",
        "You have a three BTC order.",
        "You hold three Bitcoin.",
        "You hold 11 holdings.",
        "You hold 03 holdings of 0003 assets.",
        "You made ten percent.",
        "You made five dollars.",
        "It is ten times that.",
        "It is five point two.",
        "It rose two thousand dollars.",
        "It rose by a million.",
        "It is about half of all.",
        "It is a third of all.",
        "It is two-thirds of all.",
        "It doubled.",
        "It grew twofold.",
        "It is fifteen or twenty-five.",
        "It costs 50 cents.",
        "It costs 10234.56 euros, or \u20ac5.",
        "It is \u00bd of all.",
        "It is \u0665.",
        "It is \uff15.",
        "It is 0.1x.",
        "It is x0.1.",
        "It is 1e5.",
        "It is Q1.",
        "The 1st holding.",
        "It is 1,02,34.",
        "It is 10,2345.6.",
        "It is 5000.00.1.",
        "It is 5,000,00.",
        "It is 0..1.",
        "It is $.5.",
        "In 2026 it was 24-hour news.",
        "It is 5\u200b001.",
        "1. You hold much.\n11. It is eleven.",
    ],
)
def test_an_invented_figure_is_refused(answer: str) -> None:
    assert is_refused(answer)
