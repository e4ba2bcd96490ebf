"""Gemini: what is sent, and what fails before there is an answer."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from adapters.gemini import GeminiSettingsError, check_settings
from adapters.gemini_answers import ModelOutageError
from domain.circuit_breaker import FAILURES_MAX, RETRY_AFTER, CircuitState
from domain.insight_prompts import INSTRUCTION
from domain.insight_results import InsightsUnavailableReason
from tests.adapters.gemini_bodies import (
    GOOD,
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


async def test_a_prompt_is_sent_as_google_wants_it(google: Google) -> None:
    assert await google.gemini.answer(PROMPT) == GOOD

    (sent,) = google.requests
    assert sent.method == "POST"
    assert str(sent.url) == "https://gemini.test/v1beta/models/gemini-test:generateContent"
    assert sent.headers["x-goog-api-key"] == KEY
    assert sent.headers["content-type"] == "application/json"
    assert orjson.loads(sent.content) == {
        "contents": [{"role": "user", "parts": [{"text": PROMPT.text}]}],
        "systemInstruction": {"parts": [{"text": INSTRUCTION}]},
        "generationConfig": {"maxOutputTokens": PROMPT.answer_tokens_max},
    }


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (httpx.ConnectTimeout("slow"), "TIMEOUT"),
        (httpx.ReadTimeout("slow"), "TIMEOUT"),
        (httpx.PoolTimeout("full"), "TIMEOUT"),
        (httpx.ConnectError("refused"), "PROVIDER_ERROR"),
        (httpx.RemoteProtocolError(f"illegal header {KEY}"), "PROVIDER_ERROR"),
        (httpx.ReadError("reset"), "PROVIDER_ERROR"),
    ],
)
async def test_a_failing_connection_is_translated(
    google: Google, failure: Exception, reason: str
) -> None:
    google.fails(failure)

    refused = await google.refusal()

    assert refused.reason is InsightsUnavailableReason(reason)
    assert type(failure).__name__ in str(refused)
    assert KEY not in str(refused)
    assert refused.__cause__ is None


async def test_gemini_is_left_alone_after_failures_in_a_row(google: Google) -> None:
    google.says(error(503, "UNAVAILABLE"), 503)
    for _ in range(FAILURES_MAX):
        assert isinstance(await google.refusal(), ModelOutageError)

    refused = await google.refusal()

    assert refused.reason is InsightsUnavailableReason.PROVIDER_ERROR
    assert refused.retry_after == RETRY_AFTER
    assert len(google.requests) == FAILURES_MAX
    google.clock.advance(RETRY_AFTER.total_seconds())
    google.says(written(GOOD))
    assert await google.gemini.answer(PROMPT) == GOOD


@pytest.mark.parametrize("body", [blocked(), stopped("MAX_TOKENS"), quota()])
async def test_a_refusal_of_one_prompt_is_no_outage(google: Google, body: dict[str, Any]) -> None:
    google.says(body, 429 if "error" in body else 200)

    for _ in range(FAILURES_MAX):
        await google.refusal()

    assert google.breaker.state is CircuitState.CLOSED


async def test_the_key_is_shown_nowhere(google: Google, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await google.gemini.answer(PROMPT)
    google.says(names_the_key(KEY), 403)
    await google.refusal()

    assert KEY not in caplog.text
    assert KEY not in repr(google.gemini)
    assert KEY not in repr(google.requests)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"api_key": "secret\nkey"}, "key"),
        ({"api_key": "s\u00e9cret"}, "key"),
        ({"api_key": ""}, "key"),
        ({"model": "../other"}, "model"),
        ({"model": ""}, "model"),
        ({"url": "gemini.test"}, "address"),
        ({"url": "ftp://gemini.test"}, "address"),
        ({"url": "https://"}, "address"),
        ({"url": "https://gemini.test:port"}, "address"),
    ],
)
def test_settings_that_can_not_be_right_are_refused(changed: dict[str, str], told: str) -> None:
    right = {"api_key": KEY, "model": "gemini-test", "url": "https://gemini.test"}

    with pytest.raises(GeminiSettingsError, match=told) as refused:
        check_settings(**right | changed)

    assert "cret" not in str(refused.value)
