"""Gemini: what each answer means."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.gemini import ANSWER_BYTES_MAX
from domain.insight_results import InsightsUnavailableReason
from tests.adapters.gemini_bodies import (
    blocked,
    error,
    names_the_key,
    quota,
    stopped,
    written,
)
from tests.adapters.gemini_world import KEY, PROMPT, Google


@pytest.fixture
async def google() -> AsyncIterator[Google]:
    made = Google()
    yield made
    await made.gemini.close()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (written("You hold ", "Bitcoin."), "You hold Bitcoin."),
        (written("All is well.", finish=None), "All is well."),
        (
            {
                "candidates": [
                    {
                        "content": {
                            "parts": [
                                {"text": "I think", "thought": True},
                                {"functionCall": {}},
                                {"text": "Well.", "thoughtSignature": "c2ln"},
                                None,
                                {"text": 5},
                            ]
                        },
                        "finishReason": "STOP",
                    },
                    {"content": {"parts": [{"text": "Another."}]}},
                ],
                "promptFeedback": {},
            },
            "Well.",
        ),
    ],
)
async def test_the_parts_of_an_answer_that_are_text_are_joined(
    google: Google, body: dict[str, Any], text: str
) -> None:
    google.says(body)

    assert await google.gemini.answer(PROMPT) == text


@pytest.mark.parametrize(
    ("body", "reason", "told"),
    [
        (written("Cut o", finish="MAX_TOKENS"), "PROVIDER_ERROR", "MAX_TOKENS"),
        (written("Hm", finish="OTHER"), "PROVIDER_ERROR", "OTHER"),
        (written("Hm", finish="what is this"), "PROVIDER_ERROR", "something else"),
        (stopped("SAFETY"), "BLOCKED", "SAFETY"),
        (written("Bad", finish="SAFETY"), "BLOCKED", "SAFETY"),
        (stopped("RECITATION"), "BLOCKED", "RECITATION"),
        (stopped("BLOCKLIST"), "BLOCKED", "BLOCKLIST"),
        (stopped("PROHIBITED_CONTENT"), "BLOCKED", "PROHIBITED_CONTENT"),
        (stopped("SPII"), "BLOCKED", "SPII"),
        (stopped("STOP"), "PROVIDER_ERROR", "no text"),
        (written(" \n"), "PROVIDER_ERROR", "no text"),
        (written(), "PROVIDER_ERROR", "no text"),
        ({"candidates": [{"finishReason": 7}]}, "PROVIDER_ERROR", "something else"),
        ({"candidates": [{"finishReason": []}]}, "PROVIDER_ERROR", "something else"),
        ({"candidates": [None]}, "PROVIDER_ERROR", "no candidates"),
        ({"promptFeedback": {"blockReason": {"a": 1}}}, "BLOCKED", "something else"),
        (blocked(), "BLOCKED", "PROHIBITED_CONTENT"),
        (blocked("OTHER"), "BLOCKED", "OTHER"),
        (blocked() | {"candidates": []}, "BLOCKED", "PROHIBITED_CONTENT"),
        ({"candidates": []}, "PROVIDER_ERROR", "no candidates"),
        ({"usageMetadata": {}}, "PROVIDER_ERROR", "no candidates"),
        ({"candidates": "none"}, "PROVIDER_ERROR", "no candidates"),
        ([], "PROVIDER_ERROR", "no JSON object"),
        (b"", "PROVIDER_ERROR", "no JSON object"),
        (b'{"candidates": [', "PROVIDER_ERROR", "no JSON object"),
        (b"\xff\xfe", "PROVIDER_ERROR", "no JSON object"),
        (b"[" * 100_000, "PROVIDER_ERROR", "no JSON object"),
        (b"<html>a proxy</html>", "PROVIDER_ERROR", "no JSON object"),
        (b" " * (ANSWER_BYTES_MAX + 1), "PROVIDER_ERROR", "bytes"),
    ],
)
async def test_an_answer_that_is_none_says_why(
    google: Google, body: Any, reason: str, told: str
) -> None:
    google.says(body)

    refused = await google.refusal()

    assert refused.reason is InsightsUnavailableReason(reason)
    assert told in str(refused)


@pytest.mark.parametrize(
    ("status", "body", "reason", "told"),
    [
        (400, error(400, "INVALID_ARGUMENT", "API key not valid."), "PROVIDER_ERROR", "INVALID"),
        (400, error(400, "FAILED_PRECONDITION"), "PROVIDER_ERROR", "FAILED_PRECONDITION"),
        (403, names_the_key(KEY), "PROVIDER_ERROR", "PERMISSION_DENIED"),
        (404, error(404, "NOT_FOUND"), "PROVIDER_ERROR", "NOT_FOUND"),
        (408, b"", "TIMEOUT", "408"),
        (429, quota(), "RATE_LIMITED", "RESOURCE_EXHAUSTED"),
        (500, error(500, "INTERNAL"), "PROVIDER_ERROR", "INTERNAL"),
        (500, b"<html>", "PROVIDER_ERROR", "no status"),
        (502, {"error": "no object"}, "PROVIDER_ERROR", "502"),
        (503, error(503, "UNAVAILABLE"), "PROVIDER_ERROR", "UNAVAILABLE"),
        (504, error(504, "DEADLINE_EXCEEDED"), "TIMEOUT", "DEADLINE_EXCEEDED"),
        (302, b"", "PROVIDER_ERROR", "302"),
    ],
)
async def test_a_refusal_says_why_without_google_s_own_words(
    google: Google, status: int, body: Any, reason: str, told: str
) -> None:
    google.says(body, status, location="https://elsewhere.test/")

    refused = await google.refusal()

    assert refused.reason is InsightsUnavailableReason(reason)
    assert told in str(refused)
    assert KEY not in str(refused)
    assert len(google.requests) == 1


@pytest.mark.parametrize(
    ("body", "retry_after", "wait_s"),
    [
        (quota(), "", 34.074824),
        (quota("7s"), "99", 7),
        (quota("0s"), "", 1),
        (quota("90000s"), "", 86400),
        (quota("soon"), "12", 12),
        (quota(None), "12", 12),
        (error(429, "RESOURCE_EXHAUSTED"), "12", 12),
        (error(429, "RESOURCE_EXHAUSTED"), "Sun, 01 Mar 2026 12:00:45 GMT", 45),
        (error(429, "RESOURCE_EXHAUSTED"), "Sun, 01 Mar 2020 12:00:45 GMT", 1),
        (error(429, "RESOURCE_EXHAUSTED"), "Sun, 01 Mar 2026 12:00:45", None),
        (error(429, "RESOURCE_EXHAUSTED"), "-5", None),
        (b"", "", None),
        ({"error": {"details": [None, {"@type": "other", "retryDelay": "5s"}]}}, "", None),
    ],
)
async def test_how_long_to_wait_is_read_from_the_body_or_the_header(
    google: Google, body: Any, retry_after: str, wait_s: float | None
) -> None:
    google.says(body, 429, retry_after=retry_after)

    refused = await google.refusal()

    assert refused.reason is InsightsUnavailableReason.RATE_LIMITED
    assert refused.retry_after == (None if wait_s is None else timedelta(seconds=wait_s))
