"""Time between two looks of the server at a connection, passed by a test."""

import asyncio

from web.graphql_sockets import SocketPace


class Looks:
    """Lets the server look when told; every second look brings a ping."""

    def __init__(self) -> None:
        self._passed: asyncio.Queue[None] = asyncio.Queue()
        self.pace = SocketPace(looks_per_ping=2, sleep=self._sleep)

    def pass_(self, times: int = 1) -> None:
        for _ in range(times):
            self._passed.put_nowait(None)

    async def _sleep(self, seconds: float) -> None:
        await self._passed.get()
