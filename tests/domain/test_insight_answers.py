"""Insights: what a model may answer, figures aside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.insight_answers import SUMMARY_CHARACTERS_MAX, AnswerRefusedError, checked, plain
from tests.domain.insight_world import prompt

GIVEN = prompt().figures


def test_marks_of_lists_and_emphasis_and_control_characters_are_removed() -> None:
    answer = (
        "## **Summary**\n\n1. You hold `BTC`.\r\n2) It is\u202e quiet.\x07\x1b\n"
        "- All\u200b is well.\ud800"
    )

    assert checked(answer, GIVEN) == "Summary You hold BTC. It is quiet. All is well."


@given(text=st.text())
def test_plain_text_is_one_printable_line(text: str) -> None:
    assert plain(text).isprintable()


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n\x00\u200b ",
        "word " * (SUMMARY_CHARACTERS_MAX // 5 + 1),
        "x" * (2 * SUMMARY_CHARACTERS_MAX + 1),
        "Look at <b>this</b>.",
        "Look at [this](there).",
        "Look at https://example.com.",
        "Look at WWW.example.com.",
        '{"summary": "yes"}',
    ],
)
def test_what_is_empty_too_long_or_marked_up_is_refused(answer: str) -> None:
    with pytest.raises(AnswerRefusedError):
        checked(answer, GIVEN)


def test_a_refusal_repeats_nothing_of_the_answer() -> None:
    with pytest.raises(AnswerRefusedError) as refused:
        checked("The total is $99,999,999.99.", GIVEN)

    assert "99" not in str(refused.value)
