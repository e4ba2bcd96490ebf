"""The server behind gateways, joined with a second subgraph."""

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.e2e.server import POLL_S, STOP_S_MAX, Server, running
from tests.parts import NPM_FOLDER, node, npm_packages
from web.load import IN_FLIGHT_MAX

REQUESTS_PER_MINUTE = 100
SUBSCRIPTIONS_MAX = 8
"""Of one address, and on one socket."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The server, and the gateways in front of it."""

    server: Server
    summaries: tuple[str, ...]
    gateways: dict[str, str]

    async def ask(self, gateway: str, query: str, **more: Any) -> dict[str, Any]:
        variables = more.pop("variables", {})
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        async with httpx.AsyncClient(timeout=STOP_S_MAX) as client:
            answer = await client.post(
                self.gateways[gateway],
                json={"query": query, "variables": variables},
                headers=headers,
            )
        found: dict[str, Any] = answer.json()
        return found

    @asynccontextmanager
    async def streaming(
        self, gateway: str, query: str, **headers: str
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """Subscribe at a gateway by server-sent events; yield the results as they come."""
        await self.calm()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            httpx.AsyncClient(timeout=STOP_S_MAX) as client,
            client.stream(
                "POST",
                self.gateways[gateway],
                json={"query": query},
                headers={"accept": "text/event-stream", **named},
            ) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _results(answer)

    def running_subscriptions(self) -> int:
        """Return how many subscriptions the server runs."""
        return self._metric("cnop_websocket_operations_running")

    async def calm(self) -> None:
        """Wait until the server opens websockets; after a late event loop it opens none."""
        await until(lambda: self._metric("cnop_requests_in_flight_bound") == IN_FLIGHT_MAX)

    def _metric(self, name: str) -> int:
        text = httpx.get(f"{self.server.url}/metrics").text
        (number,) = re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)
        return int(float(number))


async def _results(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(STOP_S_MAX):
        while not condition():  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(POLL_S)


@contextmanager
def joining(server: Server) -> Iterator[Joined]:
    process = subprocess.Popen(
        [node(), NPM_FOLDER / "federation.js", f"{server.url}/graphql"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        *summaries, gateways = (process.stdout.readline().strip() for _ in range(3))
        yield Joined(server, tuple(summaries), json.loads(gateways))
    process.wait(STOP_S_MAX)


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    npm_packages()
    settings = {
        "CNOP_TRUSTED_PROXIES": "127.0.0.1",
        "CNOP_REQUESTS_PER_MINUTE": str(REQUESTS_PER_MINUTE),
        "CNOP_SOCKETS_PER_ADDRESS": str(SUBSCRIPTIONS_MAX),
        "CNOP_SUBSCRIPTIONS_PER_SOCKET": str(SUBSCRIPTIONS_MAX),
        "CNOP_MARKET_TICK_SECONDS": "0.2",
    }
    folder = tmp_path_factory.mktemp("federation")
    with running(folder, **settings) as server, joining(server) as gateways:
        yield gateways
