"""Every rule about what people say of themselves: it passes, or it is refused and told."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import personal_data
from domain.inputs import Problems
from domain.refusals import Refusal

Rule = Callable[..., str]
FIELD = ("input", "field")


def problems_of(rule: Rule, text: str) -> list[str]:
    problems = Problems()
    rule(problems, text, *FIELD)
    try:
        problems.settle()
    except Refusal as refusal:
        return [error.message for error in refusal.errors if error.path == FIELD]
    return []


def taken(rule: Rule, text: str) -> str:
    problems = Problems()
    value = rule(problems, text, *FIELD)
    problems.settle()
    return value


@pytest.mark.parametrize("text", ["Alice_01", "abcdef", "A" * 30, "______", "123456"])
def test_a_username_of_6_to_30_ascii_letters_digits_and_underscores_passes(text: str) -> None:
    assert taken(personal_data.username, text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "0 characters were given; 6 to 30 are allowed."),
        ("abcde", "5 characters were given; 6 to 30 are allowed."),
        ("a" * 31, "31 characters were given; 6 to 30 are allowed."),
        ("al ice", "U+0020 (SPACE) was given; A-Z, a-z, 0-9 and _ are allowed."),
        ("alice!", "'!' was given; A-Z, a-z, 0-9 and _ are allowed."),
        ("alice\x00", "U+0000 was given; A-Z, a-z, 0-9 and _ are allowed."),
        ("alice1\n", "U+000A was given; A-Z, a-z, 0-9 and _ are allowed."),
        (
            "\u0430lice1",
            "U+0430 (CYRILLIC SMALL LETTER A) was given; A-Z, a-z, 0-9 and _ are allowed.",
        ),
        (
            "alice\u0661",
            "U+0661 (ARABIC-INDIC DIGIT ONE) was given; A-Z, a-z, 0-9 and _ are allowed.",
        ),
        ("alice\u200b", "U+200B (ZERO WIDTH SPACE) was given; A-Z, a-z, 0-9 and _ are allowed."),
        ("alice\ud800", "U+D800 was given; A-Z, a-z, 0-9 and _ are allowed."),
    ],
)
def test_any_other_username_is_refused_with_what_was_found(text: str, told: str) -> None:
    assert problems_of(personal_data.username, text) == [told]


def test_each_problem_of_a_username_is_told() -> None:
    assert len(problems_of(personal_data.username, "!")) == 2


def test_usernames_share_a_key_in_any_letter_case() -> None:
    assert personal_data.username_key("Alice_01") == personal_data.username_key("aLICE_01")


@pytest.mark.parametrize("look_alike", ["\u212aelvin_1", "\u0130lice_1", "\ud800lice_1", "k" * 99])
def test_an_impossible_username_has_a_short_key_that_is_nobodys(look_alike: str) -> None:
    key = personal_data.username_key(look_alike)
    assert key.isascii()
    assert len(key) <= 31
    assert problems_of(personal_data.username, key)


@pytest.mark.parametrize(
    "text",
    [
        "a@b.co",
        "Alice@Example.com",
        "first.last+tag@sub.example.co.uk",
        "o'brien!#$%&*/=?^_`{|}~-@example.org",
        "a@xn--bcher-kva.example",
        f"{'a' * 64}@example.com",
        f"a@{'b' * 63}.com",
    ],
)
def test_a_plain_email_address_passes(text: str) -> None:
    assert taken(personal_data.email, text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "0 characters"),
        ("a" * 243 + "@example.com", "255 characters"),
        ("a b@example.com", "U+0020 (SPACE)"),
        ("a@example.com\n", "U+000A"),
        ("a\x00@example.com", "U+0000"),
        ("\u0430@example.com", "U+0430 (CYRILLIC SMALL LETTER A)"),
        ("a", "no e-mail address"),
        ("a@b", "no e-mail address"),
        ("@example.com", "no e-mail address"),
        ("a@", "no e-mail address"),
        ("a@@example.com", "no e-mail address"),
        ("a@b@example.com", "no e-mail address"),
        (".a@example.com", "no e-mail address"),
        ("a..b@example.com", "no e-mail address"),
        ("a.@example.com", "no e-mail address"),
        ("a@-example.com", "no e-mail address"),
        ("a@example-.com", "no e-mail address"),
        ("a@example..com", "no e-mail address"),
        ("a@example.com.", "no e-mail address"),
        ("a@192.168.0.1", "no e-mail address"),
        ("a@[192.168.0.1]", "no e-mail address"),
        ('"a"@example.com', "no e-mail address"),
        ("<a@example.com>", "no e-mail address"),
        ("a,b@example.com", "no e-mail address"),
        (f"{'a' * 65}@example.com", "no e-mail address"),
        (f"a@{'b' * 64}.com", "no e-mail address"),
    ],
)
def test_any_other_email_address_is_refused(text: str, told: str) -> None:
    (message,) = problems_of(personal_data.email, text)
    assert told in message


def test_a_long_foreign_email_address_has_two_problems() -> None:
    assert len(problems_of(personal_data.email, "\u00e9" * 255)) == 2


@pytest.mark.parametrize("symbol", "!@#$%^&*()-_=+")
def test_a_password_with_every_kind_of_character_passes(symbol: str) -> None:
    assert taken(personal_data.password, f"Abcdefghij1{symbol}")


@pytest.mark.parametrize(
    "text", ["Aa1!" * 3, "Aa1!" * 5, "Aa1!" * 32, "Aa1! p\u00e4ss \U0001f40e word"]
)
def test_a_password_of_12_to_128_characters_passes(text: str) -> None:
    assert taken(personal_data.password, text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Aa1!Aa1!Aa1", "11 characters were given; 12 to 128 are allowed."),
        ("Aa1!" * 32 + "A", "129 characters were given; 12 to 128 are allowed."),
        ("abcdefghij1!", "The password lacks an upper-case letter A-Z; each of these is needed."),
        ("ABCDEFGHIJ1!", "The password lacks a lower-case letter a-z; each of these is needed."),
        ("Abcdefghijk!", "The password lacks a digit 0-9; each of these is needed."),
        ("Abcdefghijk1", "The password lacks one of !@#$%^&*()-_=+; each of these is needed."),
        (
            "            ",
            (
                "The password lacks an upper-case letter A-Z, a lower-case letter a-z, "
                "a digit 0-9, one of !@#$%^&*()-_=+; each of these is needed."
            ),
        ),
        ("0000000=Aba\u0300", "11 characters were given; 12 to 128 are allowed."),
        ("Abcdefghij1!\x00", "A control character was given; none is allowed."),
        ("Abcdefghij1!\x7f", "A control character was given; none is allowed."),
        ("Abcdefghij1!\x85", "A control character was given; none is allowed."),
        ("Abcdefghij1!\ud800", "A control character was given; none is allowed."),
    ],
)
def test_any_other_password_is_refused(text: str, told: str) -> None:
    assert problems_of(personal_data.password, text) == [told]


def test_no_message_repeats_a_password() -> None:
    assert not any("hunter" in told for told in problems_of(personal_data.password, "hunter\x00"))


def test_a_password_is_the_same_however_its_letters_are_composed() -> None:
    composed, decomposed = "Correct-H\u00f6rse-7", "Correct-Ho\u0308rse-7"
    assert taken(personal_data.password, decomposed) == composed
    assert personal_data.password_text(decomposed) == composed


@pytest.mark.parametrize("text", ["a" * 129, "Abcdefghij1!\x00", "\ud800"])
def test_what_can_be_nobodys_password_has_no_text_to_hash(text: str) -> None:
    assert personal_data.password_text(text) is None


ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("aZ09_@.+-' !\x00\n\u0430\u0301\u200b\ud800\u3164\U0001f40e")
)


@given(ANY_TEXT)
@pytest.mark.parametrize("rule", ["username", "email", "password", "name", "phone"])
def test_any_text_passes_or_is_refused_in_visible_characters(rule: str, text: str) -> None:
    for message in problems_of(getattr(personal_data, rule), text):
        assert all(unicodedata.category(character)[0] != "C" for character in message)


@given(ANY_TEXT)
@pytest.mark.parametrize("rule", ["username", "email", "password", "name", "phone"])
def test_what_passed_once_passes_unchanged_again(rule: str, text: str) -> None:
    checked: Rule = getattr(personal_data, rule)
    if not problems_of(checked, text):
        kept = taken(checked, text)
        assert taken(checked, kept) == kept


@given(ANY_TEXT)
def test_any_text_has_a_username_key_that_can_be_stored(text: str) -> None:
    assert len(personal_data.username_key(text).encode()) <= 31
