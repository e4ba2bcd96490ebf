"""Heartbeats: they are sent whatever becomes of them, and only a long silence counts."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from tests.set_timeouts import SetTimeouts, settled
from web.heartbeats import BEAT, USUAL_BEATS, Beats, Silence, beat

BEATS = Beats(every_s=2.0, missed_max=3)


@contextmanager
def lines() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.0)
        theirs.settimeout(0.0)
        yield ours, theirs


class Pauses:
    """Pauses that are over when the test says so."""

    def __init__(self) -> None:
        self.asked_s: list[float] = []
        self._go_on = asyncio.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        self.asked_s.append(seconds)
        await self._go_on.acquire()

    async def end(self) -> None:
        self._go_on.release()
        await settled()


@asynccontextmanager
async def beating(line: socket.socket) -> AsyncIterator[tuple[Pauses, asyncio.Task[None]]]:
    pauses = Pauses()
    task = asyncio.create_task(beat(line, BEATS.every_s, sleep=pauses))
    await settled()
    try:
        yield pauses, task
    finally:
        task.cancel()
        await asyncio.wait({task})


class Listening:
    """A listener whose waits are over when the test says so."""

    def __init__(self) -> None:
        self.timeouts = SetTimeouts()
        self.said = asyncio.Queue[bytes]()
        self._silence = Silence(BEATS, timeout=self.timeouts)

    async def broken(self, *, after_waits: int) -> bytes | None:
        """Let so many waits be over in silence, and return what came of it."""
        waiting = asyncio.create_task(self._silence.broken(self.said.get))
        await settled()
        for _ in range(after_waits):
            assert not waiting.done()
            await self.timeouts.strike()
        return await waiting

    async def hear(self, word: bytes, *, after_waits: int = 0) -> bytes | None:
        waiting = asyncio.create_task(self._silence.broken(self.said.get))
        await settled()
        for _ in range(after_waits):
            await self.timeouts.strike()
        self.said.put_nowait(word)
        return await waiting


async def test_a_worker_says_again_and_again_that_its_loop_turns() -> None:
    with lines() as (ours, theirs):
        async with beating(theirs) as (pauses, _):
            await pauses.end()
            await pauses.end()

            assert ours.recv(10) == BEAT + BEAT
            assert pauses.asked_s == [BEATS.every_s] * 3


async def test_a_line_that_nobody_reads_ends_no_worker() -> None:
    with lines() as (ours, theirs):
        ours.close()
        async with beating(theirs) as (pauses, task):
            await pauses.end()

            assert not task.done()


async def test_a_silence_is_told_when_it_has_lasted_for_all_waits() -> None:
    listening = Listening()

    assert await listening.broken(after_waits=BEATS.missed_max) is None
    assert listening.timeouts.asked_s == [BEATS.every_s] * BEATS.missed_max


async def test_a_word_ends_a_silence_and_the_next_one_counts_anew() -> None:
    listening = Listening()
    almost = BEATS.missed_max - 1

    assert await listening.hear(BEAT, after_waits=almost) == BEAT
    assert await listening.hear(BEAT, after_waits=almost) == BEAT
    assert await listening.broken(after_waits=BEATS.missed_max) is None


async def test_a_silence_that_goes_on_is_told_again() -> None:
    listening = Listening()

    for _ in range(2):
        assert await listening.broken(after_waits=BEATS.missed_max) is None


async def test_the_end_of_a_line_is_heard() -> None:
    assert await Listening().hear(b"") == b""


def test_a_worker_may_be_silent_for_half_a_minute() -> None:
    assert USUAL_BEATS.silence_s_max == 30.0
