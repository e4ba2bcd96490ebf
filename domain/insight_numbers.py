"""Finding figures in a text that were not given.

A number passes when the prompt has its value, in any usual English writing: 1234.5, 1,234.50,
$1,234.50, 1,234.5 dollars, 1.2345 thousand, 12 %, 12.0%, 12 percent. The sign is not compared,
since a loss may be said in words. Behind $ it must be an amount of the prompt, before % one of its
percentages. Nothing may be glued to it but a unit or a name of the prompt.

Small counts pass without being in the prompt: one to ten in words, and 1 to 10 in digits before
what is counted ("3 holdings", "2 recent BTC orders") or behind "top". A count before a unit or an
asset is a figure. All other numbers in words are refused, fractions and multiples too.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

from domain.insight_prompts import Figures

COUNT_MAX = 10
"""Greatest small count: a prompt lists no more holdings and orders than that."""

_NAME = "¤"
"""Stands for any name of the prompt: digits in a name are no figures."""

_TRADES = "buy|fill|order|purchase|sale|sell|trade"
_COUNTED = f"asset|coin|cryptocurrency|cryptocurrencies|holding|position|{_TRADES}"
_ADJECTIVES = (
    "big|biggest|buy|cancelled|crypto|different|expired|filled|largest|last|latest|limit|main|"
    "market|open|other|purchase|recent|rejected|remaining|sell|separate|small|smaller|smallest"
)
_BEFORE_COUNTED = re.compile(
    rf"(?:\s(?:{_ADJECTIVES})){{0,3}}\s"
    rf"(?:(?:{_COUNTED})s?|"
    rf"{_NAME}(?:\s(?:{_ADJECTIVES})){{0,2}}\s(?:{_TRADES}|holding|position)(?P<plural>s?))\b",
    re.IGNORECASE,
)
"""What is counted. "3 BTC orders" counts orders, and "a 3 BTC order" is about a quantity."""

_DIGITS = re.compile(r"\.?[0-9](?:[0-9.,]*[0-9])?")
_PROPER = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?")
_BEFORE = re.compile(rf"(?:^|[^\w{_NAME}.,])(?:(?P<dollars>(?:US)?\$|\bUSD)\s?)?$", re.IGNORECASE)
_AFTER = re.compile(
    r"(?:[\s-]?(?P<scale>hundred|thousand|million|billion|trillion|k|mn|m|bn|b|t)\b)?"
    r"(?:[\s-]?(?:(?P<percents>%|per\s?cent\w*)|(?P<dollars>(?:US\s)?dollars?\b|USD\b)))?"
    rf"(?:{_NAME}|(?P<glued>\w)|)",
    re.IGNORECASE,
)
_POWERS = {
    "hundred": 2, "thousand": 3, "k": 3, "million": 6, "mn": 6, "m": 6,
    "billion": 9, "bn": 9, "b": 9, "trillion": 12, "t": 12,
}  # fmt: skip

_COUNT = "zero|one|two|three|four|five|six|seven|eight|nine|ten"
_COUNT_WORD = re.compile(
    rf"\b(?:{_COUNT})"
    rf"(?=[\s-](?:%|per\s?cent|US\s|dollars?\b|USD\b|point\b|times\b|fold\b|units?\b|{_NAME}))",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    r"\b(?:eleven|twelve|\w+teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|"
    r"\w*illions?|dozens?|hal(?:f|ves)|quarters?|thirds|fourths|fifths|sixths|sevenths|"
    r"eighths|ninths|tenths|"
    r"(?:a|one)[\s-](?:third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)|"
    r"doubl\w+|tripl\w+|twice|thrice|(?:two|three|four|five|ten)fold|(?<!per\s)cents?|"
    r"basis\spoints?|bps|euros?|pounds?|yen)\b|[¢€£¥‰]",
    re.IGNORECASE,
)

_NUMBER_WORD = re.compile(f"{_COUNT}|{_SPOKEN.pattern}", re.IGNORECASE)


def without_names(text: str, names: Iterable[str]) -> str:
    """Return a text whose names of assets are replaced by a mark; a number is no name."""
    patterns = [
        (r"(?<!\w)" if name[0].isdigit() else r"(?<![^\W\d_])") + _any_case(name) + r"(?!\w)"
        for name in sorted(names, key=len, reverse=True)
        if any(letter.isalpha() for letter in name) and not _NUMBER_WORD.fullmatch(name)
    ]
    return re.sub("|".join(patterns), _NAME, text) if patterns else text


def has_invented_figure(nameless: str, figures: Figures) -> bool:
    """Tell whether a text, its names left out, has a figure that is not among those given."""
    if any(letter.isnumeric() and not letter.isascii() for letter in nameless):
        return True
    left, rest = 0, []
    for found in _DIGITS.finditer(nameless):
        after = _AFTER.match(nameless, found.end())
        assert after is not None, "every part of it may be missing"
        before = _BEFORE.search(nameless, 0, found.start())
        if before is None or after["glued"]:
            return True
        if not _is_given(found, before, after, figures) and not _is_count(found, before, after):
            return True
        rest.append(nameless[left : found.start()])
        left = after.end()
    words = "#".join([*rest, nameless[left:]])
    return bool(_SPOKEN.search(words)) or any(
        not _counts(found) for found in _COUNT_WORD.finditer(words)
    )


def _any_case(name: str) -> str:
    """Match a name in any letter case; an id as it is, or IN would be found in this sentence."""
    return re.escape(name) if name.isupper() else f"(?i:{re.escape(name)})"


def _is_given(
    found: re.Match[str], before: re.Match[str], after: re.Match[str], figures: Figures
) -> bool:
    if not _PROPER.fullmatch(found[0]):
        return False
    power = _POWERS[after["scale"].lower()] if after["scale"] else 0
    value = Decimal(f"{found[0].replace(',', '')}E{power}")
    if before["dollars"] or after["dollars"]:
        return value in figures.dollars and not after["percents"]
    if after["percents"]:
        return value in figures.percents
    return value in figures.dollars | figures.percents | figures.quantities


def _is_count(found: re.Match[str], before: re.Match[str], after: re.Match[str]) -> bool:
    if before["dollars"] or after.end() != found.end() or not found[0].isdecimal():
        return False
    if not 1 <= int(found[0]) <= COUNT_MAX or len(found[0]) > len(str(COUNT_MAX)):
        return False
    return _counts(found) or found.string[: found.start()].lower().endswith("top ")


def _counts(found: re.Match[str]) -> bool:
    """Tell whether what is counted follows."""
    counted = _BEFORE_COUNTED.match(found.string, found.end())
    if counted is None:
        return False
    return counted["plural"] != "" or found[0].lower() == "one"
