"""The npm package graphql-ws as a client, read event by event."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.e2e.server import STOP_S_MAX
from tests.parts import NPM_FOLDER, node


class Watcher:
    """A subscription in Node, read event by event."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def event(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(STOP_S_MAX):
            line = await self._process.stdout.readline()
        found: dict[str, Any] = json.loads(line)
        return found

    async def next(self) -> dict[str, Any]:
        event = await self.event()
        assert "next" in event, event
        data: dict[str, Any] = event["next"]["data"]
        return data


@asynccontextmanager
async def watching(
    url: str, query: str, token: str = "", **variables: Any
) -> AsyncIterator[Watcher]:
    """Subscribe; what comes first is that the server has taken the connection."""
    arguments = [url, query, json.dumps(variables), *([token] if token else [])]
    process = await asyncio.create_subprocess_exec(
        node(), NPM_FOLDER / "watch.js", *arguments, stdout=PIPE
    )
    try:
        yield Watcher(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
