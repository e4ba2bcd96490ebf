"""Google's Gemini: one call asks for one answer. Source: the Gemini API reference, v1beta."""

import asyncio
import re
from datetime import timedelta

import httpx
import orjson

from adapters.gemini_answers import ModelOutageError, answer_of
from domain.circuit_breaker import RETRY_AFTER, CircuitBreaker, CircuitOpenError
from domain.insight_prompts import Prompt
from domain.insight_results import InsightsUnavailableReason as Reason
from domain.instants import Clock
from domain.ports.insights import NoAnswerError

GEMINI_URL = "https://generativelanguage.googleapis.com"

CONNECT_S_MAX = 3.0
"""Seconds to a connection, and to a free one in the pool."""

SILENCE_S_MAX = 15.0
"""Seconds without a byte: a model thinks first, and then answers in one piece."""

CALL_TIME_MAX = timedelta(seconds=20)
"""For a whole call, however slowly its bytes come."""

CONNECTIONS_MAX = 20
"""As many as there are calls at once: domain.insights.CALLS_MAX."""

ANSWER_BYTES_MAX = 256 * 1024
"""Of a body: four sentences, with all that Gemini says beside them, take 4 KiB."""

_KEY = re.compile(r"[!-~]{1,256}", re.ASCII)
_MODEL = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}", re.ASCII)
"""A model's name is a part of the address."""

_Exchange = tuple[int, httpx.Headers, bytes]


class GeminiSettingsError(ValueError):
    """The key, the model or the address can't be one; the message never repeats the key."""


class Gemini:
    """The `InsightModel` at Google. The key is sent in a header, and is shown nowhere."""

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        breaker: CircuitBreaker,
        clock: Clock,
        url: str = GEMINI_URL,
        call_time_max: timedelta = CALL_TIME_MAX,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Open no connection yet; `transport` is for tests. Raises GeminiSettingsError."""
        check_settings(api_key=api_key, model=model, url=url)
        self._api_key = api_key
        self._model = model
        self._breaker = breaker
        self._clock = clock
        self._call_s_max = call_time_max.total_seconds()
        self._address = f"{url.rstrip('/')}/v1beta/models/{model}:generateContent"
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(SILENCE_S_MAX, connect=CONNECT_S_MAX, pool=CONNECT_S_MAX),
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
            follow_redirects=False,  # the key goes nowhere else
        )

    @property
    def name(self) -> str:
        return self._model

    async def answer(self, prompt: Prompt) -> str:
        try:
            with self._breaker.guard(ModelOutageError):
                status, headers, body = await self._exchange(prompt)
                return answer_of(status, headers, body, now=self._clock.now())
        except CircuitOpenError as error:
            raise NoAnswerError(
                Reason.PROVIDER_ERROR, str(error), retry_after=RETRY_AFTER
            ) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _exchange(self, prompt: Prompt) -> _Exchange:
        """Send a prompt and return the whole response. Raises ModelOutageError.

        What httpx raises is not kept as a cause: it refers to the request, which has the key.
        """
        try:
            async with asyncio.timeout(self._call_s_max):
                return await self._sent(prompt)
        except (TimeoutError, httpx.TimeoutException) as error:
            name = type(error).__name__
            raise ModelOutageError(Reason.TIMEOUT, f"no answer in time: {name}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            name = type(error).__name__
            raise ModelOutageError(Reason.PROVIDER_ERROR, f"it can't be reached: {name}") from None

    async def _sent(self, prompt: Prompt) -> _Exchange:
        headers = {
            "x-goog-api-key": self._api_key,
            "content-type": "application/json",
            "accept-encoding": "identity",  # so that the bytes that come are the bytes that count
        }
        async with self._client.stream(
            "POST", self._address, content=_body(prompt), headers=headers
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES_MAX:
                    raise ModelOutageError(
                        Reason.PROVIDER_ERROR, f"its answer has over {ANSWER_BYTES_MAX} bytes"
                    )
            return response.status_code, response.headers, bytes(body)


def check_settings(*, api_key: str, model: str, url: str) -> None:
    """Raise GeminiSettingsError when one of them can't be what it should be."""
    if not _KEY.fullmatch(api_key):
        raise GeminiSettingsError("the key must be 1 to 256 visible ASCII characters")
    if not _MODEL.fullmatch(model):
        raise GeminiSettingsError("the model must be 1 to 100 characters of a-z 0-9 . -")
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        raise GeminiSettingsError("the address must be a URL") from None
    if address.scheme not in {"http", "https"} or not address.host:
        raise GeminiSettingsError("the address must begin with https:// or http://, and a host")


def _body(prompt: Prompt) -> bytes:
    """Return the request; newer models want no temperature, so none is sent."""
    return orjson.dumps(
        {
            "contents": [{"role": "user", "parts": [{"text": prompt.text}]}],
            "systemInstruction": {"parts": [{"text": prompt.instruction}]},
            "generationConfig": {"maxOutputTokens": prompt.answer_tokens_max},
        }
    )
