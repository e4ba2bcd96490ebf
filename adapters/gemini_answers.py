"""What Gemini's answers mean. Source: the Gemini API reference, v1beta, GenerateContentResponse."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import orjson

from domain.insight_results import InsightsUnavailableReason as Reason
from domain.ports.insights import NoAnswerError

WAIT_MAX = timedelta(days=1)
"""The longest wait that is passed on; daily limits begin anew by then."""

WAIT_MIN = timedelta(seconds=1)

_WHOLE = frozenset({"STOP", "FINISH_REASON_UNSPECIFIED"})
_BLOCKED = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    }
)
"""Reasons for which Gemini stops because of what is said; all others are failures."""

_RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
_DURATION = re.compile(r"(?P<seconds>[0-9]{1,9}(?:\.[0-9]{1,9})?)s?", re.ASCII)
_WORD = re.compile(r"[A-Z_]{1,40}", re.ASCII)


class ModelOutageError(NoAnswerError):
    """Gemini could not be reached, or failed: it says nothing about what was asked."""


def answer_of(status: int, headers: Mapping[str, str], body: bytes, *, now: datetime) -> str:
    """Return the text of an answer. Raises NoAnswerError when it is none, or isn't whole.

    `headers` are looked up in lower case. An error's own text is not repeated: Google's may name
    the key.
    """
    found = _json_of(body)
    if status != HTTPStatus.OK:
        raise _refusal(status, headers, found, now)
    match found:
        case {"promptFeedback": {"blockReason": reason}} if reason:
            raise NoAnswerError(Reason.BLOCKED, f"the prompt was blocked: {_word(reason)}")
        case {"candidates": [{**candidate}, *_]}:
            return _text_of(candidate)
        case {}:
            raise NoAnswerError(Reason.PROVIDER_ERROR, "it gave no candidates and no reason")
    raise ModelOutageError(Reason.PROVIDER_ERROR, "its answer is no JSON object")


def _text_of(candidate: Mapping[object, Any]) -> str:
    finish = _word(candidate.get("finishReason", "STOP"))
    if finish in _BLOCKED:
        raise NoAnswerError(Reason.BLOCKED, f"the answer was blocked: {finish}")
    if finish not in _WHOLE:
        raise NoAnswerError(Reason.PROVIDER_ERROR, f"the answer broke off: {finish}")
    match candidate:
        case {"content": {"parts": [*parts]}}:
            text = "".join(map(_said_in, parts))
        case _:
            text = ""
    if not text.strip():
        raise NoAnswerError(Reason.PROVIDER_ERROR, "the answer has no text")
    return text


def _said_in(part: object) -> str:
    """Return a part's text; what a model thought before it spoke is no part of its answer."""
    match part:
        case {"thought": True}:
            return ""
        case {"text": str(text)}:
            return text
    return ""


def _refusal(
    status: int, headers: Mapping[str, str], found: object, now: datetime
) -> NoAnswerError:
    error = found.get("error") if isinstance(found, dict) else None
    told = _word(error.get("status")) if isinstance(error, dict) else "no status"
    message = f"it answered {status}, {told}"
    wait = _wait_in(error) or _wait_until(headers.get("retry-after", ""), now)
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return NoAnswerError(Reason.RATE_LIMITED, message, retry_after=wait)
        case HTTPStatus.GATEWAY_TIMEOUT | HTTPStatus.REQUEST_TIMEOUT:
            return ModelOutageError(Reason.TIMEOUT, message, retry_after=wait)
    return ModelOutageError(Reason.PROVIDER_ERROR, message, retry_after=wait)


def _wait_in(error: object) -> timedelta | None:
    """Return the delay of an error's RetryInfo."""
    match error:
        case {"details": [*details]}:
            for detail in details:
                match detail:
                    case {"@type": str(kind), "retryDelay": str(delay)} if kind == _RETRY_INFO:
                        return _duration(delay)
    return None


def _wait_until(retry_after: str, now: datetime) -> timedelta | None:
    """Return the wait of a Retry-After header: seconds, or a date. Source: RFC 9110, 10.2.3."""
    wait = _duration(retry_after.strip())
    if wait is not None or not retry_after:
        return wait
    try:
        return _bounded(parsedate_to_datetime(retry_after) - now)
    except (ValueError, TypeError):  # no date, or one without a zone
        return None


def _duration(text: str) -> timedelta | None:
    found = _DURATION.fullmatch(text)
    return _bounded(timedelta(seconds=float(found["seconds"]))) if found else None


def _bounded(wait: timedelta) -> timedelta:
    return max(WAIT_MIN, min(wait, WAIT_MAX))


def _json_of(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _word(value: object) -> str:
    """Return one of Google's enumerated words, and nothing else that may stand in its place."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "something else"
