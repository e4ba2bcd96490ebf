"""The file of new-year phrases and what each of them brings."""

import json
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from domain.money import AmountError, Money
from domain.rewards import PHRASE_LENGTH_MAX

SHIPPED_FILE = Path(__file__).with_name("cny_rewards.json")

FILE_BYTES_MAX = 1_000_000
"""Bytes: some ten thousand phrases. More is another file, named by mistake."""

AMOUNT_MAX = Money(1_000_000_00)
"""Cents; a million dollars, as for one deposit: what is more is a slip of the pen."""


class RewardFileError(ValueError):
    """The file can't be used; the message names it and says why."""


def read_rewards(path: Path) -> dict[str, Money]:
    """Return what each phrase of a file brings: the amount at the same place of its list.

    Raises RewardFileError.
    """
    try:
        found = json.loads(_text(path), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RewardFileError(f"{path} is not valid JSON: {error}.") from error
    if not isinstance(found, dict):
        raise RewardFileError(f'{path} must hold {{"secret_words": […], "amounts": […]}}.')
    words, amounts = (_list(found, name, path) for name in ("secret_words", "amounts"))
    if len(words) != len(amounts):
        raise RewardFileError(
            f"{path} has {len(words)} secret_words and {len(amounts)} amounts; each word needs one."
        )
    rewards: dict[str, Money] = {}
    for place, (word, amount) in enumerate(zip(words, amounts, strict=True), start=1):
        phrase = _phrase(word, place, path)
        if phrase in rewards:
            raise RewardFileError(f"{path} has secret word {place}, {phrase!r}, twice.")
        rewards[phrase] = _amount(amount, place, path)
    return rewards


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            body = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise RewardFileError(f"{path} can't be read: {error.strerror}.") from error
    if len(body) > FILE_BYTES_MAX:
        raise RewardFileError(f"{path} has more than {FILE_BYTES_MAX} bytes.")
    return body.decode("utf-8-sig")


def _list(found: dict[str, object], name: str, path: Path) -> list[object]:
    values = found.get(name)
    if not isinstance(values, list):
        raise RewardFileError(f"{path} needs a list {name!r}.")
    return values


def _phrase(word: object, place: int, path: Path) -> str:
    phrase = word.strip() if isinstance(word, str) else ""
    if not 1 <= len(phrase) <= PHRASE_LENGTH_MAX or not phrase.isprintable():
        raise RewardFileError(
            f"Secret word {place} of {path} must be a text of 1 to {PHRASE_LENGTH_MAX} printable "
            "characters."
        )
    return phrase


def _amount(number: object, place: int, path: Path) -> Money:
    is_number = isinstance(number, int | Decimal) and not isinstance(number, bool)
    try:
        amount = Money.of(number) if is_number else Money(0)  # type: ignore[arg-type]
    except AmountError:
        amount = Money(0)
    if not Money(0) < amount <= AMOUNT_MAX:
        raise RewardFileError(
            f"Amount {place} of {path} must be a number of dollars from 0.01 to {AMOUNT_MAX}, with "
            "at most 2 decimals."
        )
    return amount


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
