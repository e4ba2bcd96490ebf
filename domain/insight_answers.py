"""What a language model wrote is plain text about the figures it was given, or it is refused."""

import re
from unicodedata import category

from domain.insight_numbers import has_invented_figure, without_names
from domain.insight_prompts import Figures

SUMMARY_CHARACTERS_MAX = 1_200
"""Four long sentences; whoever writes more has not done what was asked."""

_LINE_START = re.compile(r"^[\s>#]*(?:(?:[-+*•]|(?:10|[1-9])[.)])\s+)?", re.MULTILINE)
"""Marks of headings and lists. The number of a list's item, 1 to 10, is a mark and no figure."""

_EMPHASIS = re.compile(r"[*`]+")

_GROUPING = re.compile(r"(?<=[0-9])[\u00a0\u2009\u202f'\u2019](?=[0-9]{3}(?![0-9]))")
"""What else parts thousands than a comma."""

_MARKUP = re.compile(r"[<>{}\[\]|\\]|://|www\.", re.IGNORECASE)


class AnswerRefusedError(Exception):
    """The answer can't be shown; the message says why, and repeats nothing of it."""


def checked(answer: str, figures: Figures) -> str:
    """Return an answer as one paragraph of plain text.

    Raises AnswerRefusedError when it is empty, too long, marked up, or names a figure that the
    prompt doesn't have.
    """
    if len(answer) > 2 * SUMMARY_CHARACTERS_MAX:
        raise AnswerRefusedError("it is far too long")
    summary = plain(answer)
    if not summary:
        raise AnswerRefusedError("it is empty")
    if len(summary) > SUMMARY_CHARACTERS_MAX:
        raise AnswerRefusedError(f"it has more than {SUMMARY_CHARACTERS_MAX} characters")
    nameless = without_names(summary, figures.names)
    if _MARKUP.search(nameless):
        raise AnswerRefusedError("it is marked up or holds a link")
    if has_invented_figure(nameless, figures):
        raise AnswerRefusedError("it names a figure that it was not given")
    return summary


def plain(text: str) -> str:
    """Return a text on one line without control characters, emphasis and marks of lists."""
    visible = "".join(
        letter for letter in text if letter in "\n\r\t" or not category(letter).startswith("C")
    )
    unmarked = _EMPHASIS.sub("", _LINE_START.sub("", "\n".join(visible.splitlines())))
    return " ".join(_GROUPING.sub(",", unmarked).split())
