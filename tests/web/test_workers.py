"""Workers that start, end and fail in every way; the pauses are noted, and none is waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.set_timeouts import settled
from web import workers
from web.listening import StartError
from web.workers import FAILED_STARTS_MAX, LONG_LIFE_S, LONGEST_PAUSE_S, TOLD_WHY, Workers, pause_s


@dataclass(eq=False)
class FakeWorker:
    number: int
    stops_when_asked: bool = True
    readiness: asyncio.Future[bool] = field(default_factory=asyncio.Future)
    end: asyncio.Future[int] = field(default_factory=asyncio.Future)
    heard: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"Worker {self.number}"

    async def is_ready(self) -> bool:
        return await self.readiness

    async def ended(self) -> int:
        return await self.end

    def ask_to_stop(self) -> None:
        self.heard.append("stop")
        if self.stops_when_asked:
            self.finish(0)

    def kill(self) -> None:
        self.heard.append("kill")
        self.finish(-9)

    def serve(self) -> None:
        self.readiness.set_result(True)

    def finish(self, code: int) -> None:
        if not self.readiness.done():
            self.readiness.set_result(False)
        self.end.set_result(code)


class Scene:
    """Workers under a supervisor whose pauses are over when the test says so."""

    def __init__(self, count: int) -> None:
        self.launched: list[FakeWorker] = []
        self.pauses_s: list[float] = []
        self.now_s = 0.0
        self.served = 0
        self.stopping = asyncio.Event()
        self._go_on = asyncio.Semaphore(0)
        self._workers = Workers(
            count, self._launch, sleep=self._pause, monotonic=lambda: self.now_s
        )
        self.running = asyncio.ensure_future(self._workers.run(self.stopping, self._serving))

    def _launch(self, number: int) -> FakeWorker:
        self.launched.append(FakeWorker(number))
        return self.launched[-1]

    async def _pause(self, seconds: float) -> None:
        self.pauses_s.append(seconds)
        await self._go_on.acquire()

    def _serving(self) -> None:
        self.served += 1

    async def go_on(self) -> FakeWorker:
        self._go_on.release()
        await settled()
        return self.launched[-1]

    async def serve(self, worker: FakeWorker) -> None:
        worker.serve()
        await settled()

    async def finish(self, worker: FakeWorker, code: int) -> None:
        worker.finish(code)
        await settled()


@asynccontextmanager
async def scene(count: int) -> AsyncIterator[Scene]:
    made = Scene(count)
    await settled()
    try:
        yield made
    finally:
        made.stopping.set()
        await asyncio.wait([made.running])


async def both_serve(made: Scene) -> tuple[FakeWorker, FakeWorker]:
    await made.serve(made.launched[0])
    first, second = made.launched
    await made.serve(second)
    return first, second


async def test_the_first_worker_starts_alone_and_the_others_once_it_serves() -> None:
    async with scene(3) as made:
        alone = [worker.number for worker in made.launched]
        await made.serve(made.launched[0])

        assert alone == [1]
        assert [worker.number for worker in made.launched] == [1, 2, 3]
        assert made.served == 1


async def test_a_worker_that_ends_is_replaced_at_once() -> None:
    async with scene(2) as made:
        first, _ = await both_serve(made)
        await made.finish(first, -9)
        third = await made.go_on()

        assert third.number == 1
        assert made.pauses_s == [0.0]
        assert made.served == 1


async def test_one_that_ends_again_and_again_is_replaced_ever_more_slowly() -> None:
    async with scene(1) as made:
        for _ in range(10):
            worker = made.launched[-1]
            await made.serve(worker)
            await made.finish(worker, 1)
            await made.go_on()

        assert made.pauses_s[:4] == [0.0, 0.5, 1.0, 2.0]
        assert made.pauses_s[-1] == LONGEST_PAUSE_S


async def test_after_a_long_life_an_end_is_an_accident() -> None:
    async with scene(1) as made:
        for life_s in (1.0, 1.0, LONG_LIFE_S, 1.0):
            worker = made.launched[-1]
            await made.serve(worker)
            made.now_s += life_s
            await made.finish(worker, 1)
            await made.go_on()

        assert made.pauses_s == [0.0, 0.5, 0.0, 0.0]


def test_pauses_are_bounded() -> None:
    assert pause_s(10_000) == LONGEST_PAUSE_S


async def test_what_keeps_the_first_from_starting_keeps_all() -> None:
    async with scene(2) as made:
        await made.finish(made.launched[0], TOLD_WHY)

        with pytest.raises(StartError, match="could not start"):
            await made.running
        assert len(made.launched) == 1
        assert made.served == 0


async def test_workers_that_crash_at_start_are_given_up() -> None:
    async with scene(2) as made:
        for _ in range(FAILED_STARTS_MAX):
            await made.finish(made.launched[-1], -11)
            await made.go_on()

        with pytest.raises(StartError, match=f"{FAILED_STARTS_MAX} workers in a row.* code -11"):
            await made.running
        assert len(made.launched) == FAILED_STARTS_MAX


async def test_while_one_serves_the_others_are_tried_again_without_end() -> None:
    async with scene(2) as made:
        await made.serve(made.launched[0])
        for _ in range(FAILED_STARTS_MAX + 3):
            await made.finish(made.launched[-1], TOLD_WHY)
            await made.go_on()

        assert not made.running.done()
        assert made.launched[0].heard == []


async def test_all_are_stopped_and_waited_for() -> None:
    async with scene(3) as made:
        await made.serve(made.launched[0])
        made.stopping.set()
        await made.running

        assert [worker.heard for worker in made.launched] == [["stop"]] * 3


async def test_stopping_waits_for_no_pause_and_starts_nobody() -> None:
    async with scene(2) as made:
        first, second = await both_serve(made)
        await made.finish(second, 1)
        made.stopping.set()
        await made.running

        assert first.heard == ["stop"]
        assert len(made.launched) == 2


async def test_before_the_first_serves_all_can_be_stopped() -> None:
    async with scene(2) as made:
        made.stopping.set()
        await made.running

        assert [worker.heard for worker in made.launched] == [["stop"]]


async def test_who_does_not_stop_is_killed_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "STOP_S_MAX", 0.0)
    async with scene(2) as made:
        _, second = await both_serve(made)
        second.stops_when_asked = False
        made.stopping.set()

        with pytest.raises(StartError, match=r"Worker 2 had to be killed"):
            await made.running
        assert "kill" in second.heard


async def test_the_end_of_the_supervisor_itself_stops_all() -> None:
    async with scene(2) as made:
        first, second = await both_serve(made)
        made.running.cancel()
        await asyncio.wait([made.running])

        assert (first.heard, second.heard) == (["stop"], ["stop"])
