"""A monotonic clock that moves only when a test says so, and wakes who sleeps by it."""

import asyncio
import heapq


class SetTime:
    """Seconds that pass only when everybody waits."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self.now_s + seconds, self._count, future))
        await future

    async def pass_by(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        await settled()
        while self._waiting and self._waiting[0][0] <= end_s:
            self.now_s, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)
            await settled()
        self.now_s = end_s


async def settled() -> None:
    for _ in range(30):
        await asyncio.sleep(0)
