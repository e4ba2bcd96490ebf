"""Gemini over a socket: a small server on this machine speaks its shapes, well and badly."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.gemini import ANSWER_BYTES_MAX, Gemini
from domain.circuit_breaker import CircuitBreaker
from domain.insight_results import InsightsUnavailable, PortfolioInsights
from domain.insights import Insights
from domain.ports.insights import NoAnswerError
from tests.adapters.gemini_bodies import GOOD, blocked, error, quota, stopped, written
from tests.domain.identity_world import SetClock
from tests.domain.insight_world import ALICE, KeptInsights, holding, order, prompt

KEY = "AIza-made-up-for-tests-0123456789"
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Server:
    """An HTTP/1.1 server in a few lines, so that it can break every rule."""

    def __init__(self) -> None:
        self.answer: Answer = says(written(GOOD))
        self.heads: list[str] = []
        self.bodies: list[Any] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(head.lower().partition("content-length:")[2].split()[0])
            self.heads.append(head)
            self.bodies.append(json.loads(await reader.readexactly(length)))
            await self.answer(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def says(body: Any, status: int = 200, *headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [
            f"HTTP/1.1 {status} Told",
            "content-type: application/json; charset=UTF-8",
            f"content-length: {len(content)}",
            "connection: close",
            *headers,
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)

    return answer


async def is_silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def hangs_up(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{")


async def talks_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


async def trickles(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def never_ends(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        await writer.drain()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    served = Server()
    listening = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield served
    listening.close()


@asynccontextmanager
async def opened(server: Server, call_time_max: float = 5) -> AsyncIterator[Gemini]:
    clock = SetClock()
    gemini = Gemini(
        api_key=KEY,
        model="gemini-test",
        breaker=CircuitBreaker(name="gemini", monotonic_s=clock.now_s),
        clock=clock,
        url=server.url,
        call_time_max=timedelta(seconds=call_time_max),
        transport=httpx.AsyncHTTPTransport(),  # no proxy of the environment
    )
    try:
        yield gemini
    finally:
        await gemini.close()


async def asked(
    server: Server, call_time_max: float = 5
) -> PortfolioInsights | InsightsUnavailable:
    """Ask for insights as a request does, all but the store."""
    async with opened(server, call_time_max) as gemini:
        insights = Insights(model=gemini, cache=KeptInsights(), clock=SetClock())
        return await insights.about(ALICE, holding(), [order()])


async def test_a_portfolio_is_described(server: Server) -> None:
    found = await asked(server)

    assert isinstance(found, PortfolioInsights)
    assert (found.summary, found.model) == (GOOD, "gemini-test")
    (head,), (body,) = server.heads, server.bodies
    assert head.startswith("POST /v1beta/models/gemini-test:generateContent HTTP/1.1\r\n")
    assert f"x-goog-api-key: {KEY}\r\n" in head
    told = json.loads(body["contents"][0]["parts"][0]["text"])
    assert told["total_usd"] == "10234.56"
    assert set(body) == {"contents", "systemInstruction", "generationConfig"}
    assert set(body["generationConfig"]) == {"maxOutputTokens"}


async def test_an_answer_with_an_invented_figure_never_arrives(server: Server) -> None:
    server.answer = says(written("The total is $12,000.00 or so."))

    found = await asked(server)

    assert isinstance(found, InsightsUnavailable)
    assert found.reason.name == "PROVIDER_ERROR"
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    ("answer", "reason", "retry_after_s"),
    [
        (says(quota(), 429), "RATE_LIMITED", 35),
        (says(error(429, "RESOURCE_EXHAUSTED"), 429, "Retry-After: 17"), "RATE_LIMITED", 17),
        (says(error(429, "RESOURCE_EXHAUSTED"), 429), "RATE_LIMITED", 60),
        (says(blocked()), "BLOCKED", None),
        (says(stopped("SAFETY")), "BLOCKED", None),
        (says(stopped("RECITATION")), "BLOCKED", None),
        (says(written("Cut", finish="MAX_TOKENS")), "PROVIDER_ERROR", None),
        (says(error(400, "INVALID_ARGUMENT"), 400), "PROVIDER_ERROR", None),
        (says(error(403, "PERMISSION_DENIED"), 403), "PROVIDER_ERROR", None),
        (says(error(404, "NOT_FOUND"), 404), "PROVIDER_ERROR", None),
        (says(error(500, "INTERNAL"), 500), "PROVIDER_ERROR", None),
        (says(error(503, "UNAVAILABLE"), 503, "Retry-After: 9"), "PROVIDER_ERROR", 9),
        (says(error(504, "DEADLINE_EXCEEDED"), 504), "TIMEOUT", None),
        (says(b"{"), "PROVIDER_ERROR", None),
        (says(b"x" * (ANSWER_BYTES_MAX + 1)), "PROVIDER_ERROR", None),
        (hangs_up, "PROVIDER_ERROR", None),
        (talks_nonsense, "PROVIDER_ERROR", None),
        (never_ends, "PROVIDER_ERROR", None),
    ],
)
async def test_each_failure_has_its_reason(
    server: Server, answer: Answer, reason: str, retry_after_s: int | None
) -> None:
    server.answer = answer

    found = await asked(server)

    assert isinstance(found, InsightsUnavailable)
    assert (found.reason.name, found.retry_after_seconds) == (reason, retry_after_s)


@pytest.mark.parametrize("answer", [is_silent, trickles])
async def test_a_slow_answer_is_given_up(server: Server, answer: Answer) -> None:
    server.answer = answer

    found = await asked(server, call_time_max=0.2)

    assert isinstance(found, InsightsUnavailable)
    assert found.reason.name == "TIMEOUT"


async def test_nobody_there_is_an_error_of_the_provider() -> None:
    nobody = Server()
    nobody.url = "http://127.0.0.1:9"

    async with opened(nobody) as gemini:
        with pytest.raises(NoAnswerError) as refused:
            await gemini.answer(prompt())

    assert refused.value.reason.name == "PROVIDER_ERROR"
