from pathlib import Path

import pytest

from domain.money import Money
from web.cny_rewards import FILE_BYTES_MAX, SHIPPED_FILE, RewardFileError, read_rewards


def test_the_shipped_file_pays_the_first_systems_red_pocket() -> None:
    assert read_rewards(SHIPPED_FILE)["恭喜发财"] == Money.of("88.88")


def test_amounts_are_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "cny.json"
    path.write_text('{"secret_words": [" 福 ", "b"], "amounts": [0.07, 70000.10]}')

    assert read_rewards(path) == {"福": Money(7), "b": Money(70_000_10)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "must hold"),
        ('{"amounts": []}', "secret_words"),
        ('{"secret_words": [], "amounts": {}}', "amounts"),
        ('{"secret_words": ["a"], "amounts": []}', "1 secret_words and 0 amounts"),
        ('{"secret_words": ["a", "a "], "amounts": [1, 2]}', "twice"),
        ('{"secret_words": [""], "amounts": [1]}', "Secret word 1"),
        ('{"secret_words": ["a\\u0007"], "amounts": [1]}', "Secret word 1"),
        ('{"secret_words": [5], "amounts": [1]}', "Secret word 1"),
        ('{"secret_words": ["a"], "amounts": [0]}', "Amount 1"),
        ('{"secret_words": ["a"], "amounts": [-1]}', "Amount 1"),
        ('{"secret_words": ["a"], "amounts": [0.001]}', "Amount 1"),
        ('{"secret_words": ["a"], "amounts": [1e9999]}', "Amount 1"),
        ('{"secret_words": ["a"], "amounts": ["1"]}', "Amount 1"),
        ('{"secret_words": ["a"], "amounts": [true]}', "Amount 1"),
        ('{"secret_words": ["a"], "amounts": [NaN]}', "NaN"),
    ],
)
def test_a_bad_file_is_refused_with_a_reason(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "cny.json"
    path.write_text(text)

    with pytest.raises(RewardFileError, match=told):
        read_rewards(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cny.json"
    path.write_bytes(b"\xff")

    with pytest.raises(RewardFileError, match="not valid JSON"):
        read_rewards(path)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cny.json"
    path.write_bytes(b" " * (FILE_BYTES_MAX + 1))

    with pytest.raises(RewardFileError, match="bytes"):
        read_rewards(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RewardFileError, match="can't be read"):
        read_rewards(tmp_path / "none.json")
