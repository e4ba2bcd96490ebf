"""Names, phone numbers and birth dates: what passes, and what is refused and told."""

from datetime import date

import pytest

from domain import personal_data
from domain.inputs import Problems
from domain.refusals import Refusal
from tests.domain.test_personal_data import problems_of, taken

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "Alice",
        "Mary Ann",
        "O'Brien",
        "Jean-Luc",
        "\u00c9lo\u00efse",
        "\u738b\u5c0f\u660e",
        "\u0645\u062d\u0645\u062f",
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "\u0e01\u0e34\u0e48\u0e07",
        "x" * 50,
    ],
)
def test_a_name_of_letters_spaces_apostrophes_and_hyphens_passes(text: str) -> None:
    assert taken(personal_data.name, text) == text


def test_a_name_is_composed_and_loses_the_spaces_around_it() -> None:
    assert taken(personal_data.name, "  Zoe\u0308 ") == "Zo\u00eb"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "0 characters were given; 1 to 50 are allowed."),
        ("   ", "0 characters were given; 1 to 50 are allowed."),
        ("x" * 51, "51 characters were given; 1 to 50 are allowed."),
        ("x" * 201, "201 characters were given; 1 to 50 are allowed."),
        ("e\u0301" * 10_000, "20000 characters were given; 1 to 50 are allowed."),
        ("'- '", "No letter was given; a name has at least one."),
        ("R2D2", "'2' was given; letters, spaces, ' and - are allowed."),
        ("<b>", "'<' was given; letters, spaces, ' and - are allowed."),
        ("a\x00", "U+0000 was given; letters, spaces, ' and - are allowed."),
        ("a\nb", "U+000A was given; letters, spaces, ' and - are allowed."),
        (
            "\u0301a",
            "U+0301 (COMBINING ACUTE ACCENT) was given; letters, spaces, ' and - are allowed.",
        ),
        ("\u3164", "U+3164 (HANGUL FILLER) was given; letters, spaces, ' and - are allowed."),
        (
            "a\ufe0f",
            "U+FE0F (VARIATION SELECTOR-16) was given; letters, spaces, ' and - are allowed.",
        ),
        (
            "a\u202eb",
            "U+202E (RIGHT-TO-LEFT OVERRIDE) was given; letters, spaces, ' and - are allowed.",
        ),
        ("\U0001f40e", "U+1F40E (HORSE) was given; letters, spaces, ' and - are allowed."),
        ("a\ud800", "U+D800 was given; letters, spaces, ' and - are allowed."),
        (
            "x" + "\u0323" * 5,
            "U+0323 (COMBINING DOT BELOW) was given; letters, spaces, ' and - are allowed.",
        ),
    ],
)
def test_any_other_name_is_refused(text: str, told: str) -> None:
    assert problems_of(personal_data.name, text) == [told]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("4155550132", "4155550132"),
        ("123456789012345", "123456789012345"),
        ("+1 (415) 555-0132", "+14155550132"),
        ("415.555.0132", "4155550132"),
    ],
)
def test_a_phone_number_of_10_to_15_digits_passes_without_its_separators(
    text: str, kept: str
) -> None:
    assert taken(personal_data.phone, text) == kept


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "0 digits were given; 10 to 15 are allowed."),
        ("123456789", "9 digits were given; 10 to 15 are allowed."),
        ("1234567890123456", "16 digits were given; 10 to 15 are allowed."),
        ("415555013x", "'x' was given; digits and a leading + are allowed."),
        ("4155550132\x00", "U+0000 was given; digits and a leading + are allowed."),
        (
            "\u0664155550132",
            "U+0664 (ARABIC-INDIC DIGIT FOUR) was given; digits and a leading + are allowed.",
        ),
        ("415+5550132", "A + was given that is not the first character; it may only lead."),
        ("++4155550132", "A + was given that is not the first character; it may only lead."),
        ("1" * 41, "41 characters were given; 10 to 40 are allowed."),
    ],
)
def test_any_other_phone_number_is_refused(text: str, told: str) -> None:
    assert problems_of(personal_data.phone, text) == [told]


@pytest.mark.parametrize(
    "born", [date(2013, 3, 1), date(1906, 3, 1), date(1905, 3, 2), date(2000, 2, 29)]
)
def test_ages_of_13_to_120_pass(born: date) -> None:
    problems = Problems()
    assert personal_data.date_of_birth(problems, born, TODAY, "input", "dateOfBirth") == born
    problems.settle()


@pytest.mark.parametrize(
    ("born", "told"),
    [
        (date(2013, 3, 2), "2013-03-02 was given, an age of 12; ages of 13 to 120 are allowed."),
        (date(1905, 3, 1), "1905-03-01 was given, an age of 121; ages of 13 to 120 are allowed."),
        (date(2026, 3, 2), "2026-03-02 was given, a day to come; ages of 13 to 120 are allowed."),
        (date.max, "9999-12-31 was given, a day to come; ages of 13 to 120 are allowed."),
        (date.min, "0001-01-01 was given, an age of 2025; ages of 13 to 120 are allowed."),
    ],
)
def test_any_other_age_is_refused(born: date, told: str) -> None:
    problems = Problems()
    personal_data.date_of_birth(problems, born, TODAY, "input", "dateOfBirth")
    with pytest.raises(Refusal) as refused:
        problems.settle()
    assert [error.message for error in refused.value.errors] == [told]


def test_who_was_born_on_a_leap_day_ages_on_1_march() -> None:
    leapling = date(2012, 2, 29)
    assert personal_data.age_on(date(2025, 2, 28), leapling) == 12
    assert personal_data.age_on(date(2025, 3, 1), leapling) == 13
