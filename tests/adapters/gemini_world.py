"""Google as far as Gemini knows it: answers as a test tells it to, and keeps what it was sent."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
import pytest

from adapters.gemini import Gemini
from domain.circuit_breaker import CircuitBreaker
from domain.ports.insights import NoAnswerError
from tests.adapters.gemini_bodies import (
    GOOD,
    written,
)
from tests.domain.identity_world import SetClock
from tests.domain.insight_world import prompt

KEY = "AIza-made-up-for-tests-0123456789"
PROMPT = prompt()


async def streamed(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 10_000):
        yield content[start : start + 10_000]


class Google:
    """Answers as it is told to, and keeps what it was sent."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.response: Callable[[], httpx.Response]
        self.says(written(GOOD))
        self.clock = SetClock()
        self.breaker = CircuitBreaker(name="gemini", monotonic_s=self.clock.now_s)
        self.gemini = Gemini(
            api_key=KEY,
            model="gemini-test",
            breaker=self.breaker,
            clock=self.clock,
            url="https://gemini.test/",
            transport=httpx.MockTransport(self.respond),
        )

    def respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.response()

    def says(self, body: Any, status: int = 200, **headers: str) -> None:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.response = lambda: httpx.Response(status, content=streamed(content), headers=named)

    def fails(self, failure: Exception) -> None:
        def respond() -> httpx.Response:
            raise failure

        self.response = respond

    async def refusal(self) -> NoAnswerError:
        with pytest.raises(NoAnswerError) as refused:
            await self.gemini.answer(PROMPT)
        return refused.value
