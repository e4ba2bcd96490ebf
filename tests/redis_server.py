"""A real Redis for tests: started on a free port, and stopped, paused and killed at will."""

import asyncio
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from adapters.redis_connection import RedisConnection
from adapters.redis_pool import Command, RedisBounds, RedisPool, Reply
from domain.circuit_breaker import CircuitRules, CircuitState
from tests.parts import redis_server as redis_program

START_S_MAX = 20
STOP_S_MAX = 10
POLL_S = 0.005
POLLS_MAX = 2_000

TRIES_MAX = 5
"""Somebody else may take a free port before the server does."""

PATIENT = RedisBounds(call_s_max=5.0)
"""For what must succeed, however busy the machine is."""

HASTY = RedisBounds(call_s_max=0.05)
"""For what must fail."""


@dataclass
class RedisServer:
    """A server process. Nothing is kept on disk, unless `save` is called."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    is_paused: bool = False

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, again on the port it had before."""
        for _ in range(TRIES_MAX):
            port = self.port or _free_port()
            command = [str(redis_program()), "--port", str(port), "--bind", "127.0.0.1"]
            command += ["--save", "", "--dir", str(self.folder), "--dbfilename", "dump.rdb"]
            command += ["--repl-diskless-sync-delay", "0"]
            self.process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            if self._is_answering(port):
                self.port = port
                return
        pytest.fail("redis-server did not start")

    def pause(self) -> None:
        """Let it hang: connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)
        self.is_paused = True

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)
        self.is_paused = False

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_S_MAX)
        self.process = None
        self.is_paused = False

    def restart(self) -> None:
        """Kill it and start it anew, with what it last saved."""
        self.kill()
        self.start()

    def ask(self, *words: str) -> bytes:
        """Return the raw reply to a command, past everything that is tested."""
        parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
        return _asked(self.port, f"*{len(words)}\r\n{''.join(parts)}".encode())

    def listeners(self, channel: str) -> bytes:
        """Return how many connections listen to a channel, as `:3`."""
        return self.ask("PUBSUB", "NUMSUB", channel)

    def ms_left(self, key: str) -> int:
        """Return the milliseconds that a key has left; below 0 without a lifetime or a key."""
        return int(self.ask("PTTL", key)[1:])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something has come about."""
        for _ in range(POLLS_MAX):
            if condition():
                return
            await asyncio.sleep(POLL_S)
        pytest.fail("it never came to that")

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def _is_answering(self, port: int) -> bool:
        assert self.process is not None
        ends_at = time.monotonic() + START_S_MAX
        while time.monotonic() < ends_at:
            if self.process.poll() is not None:
                return False
            try:
                if _asked(port, b"PING\r\n") == b"+PONG":
                    return True
            except OSError:
                pass
            time.sleep(POLL_S)
        return False


@dataclass
class SetSeconds:
    """A clock that stands still until it is set."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Watched:
    """A connection, the clock of its circuit, and what its observer was told."""

    connection: RedisConnection
    clock: SetSeconds = field(default_factory=SetSeconds)
    told: list[CircuitState] = field(default_factory=list)


@asynccontextmanager
async def connected(
    url: str, bounds: RedisBounds = PATIENT, *, failures_max: int = 1
) -> AsyncIterator[RedisConnection]:
    """Open a connection whose circuit opens at once and is tried again at once, by default."""
    rules = CircuitRules(
        failures_max=failures_max, successes_min=1, retry_after=timedelta(microseconds=1)
    )
    connection = RedisConnection(url, bounds=bounds, rules=rules)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def watched(url: str, bounds: RedisBounds = HASTY) -> AsyncIterator[Watched]:
    """Open a connection with the usual circuit, and a clock to set."""
    clock, told = SetSeconds(), list[CircuitState]()
    connection = RedisConnection(url, bounds=bounds, monotonic_s=clock, observe=told.append)
    try:
        yield Watched(connection, clock, told)
    finally:
        await connection.close()


class RoundTrips:
    """Notes what goes to Redis together."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[list[str]] = []
        exchange = RedisPool.exchange

        async def noted(pool: RedisPool, commands: Sequence[Command]) -> list[Reply]:
            self.sent.append([str(command[0]) for command in commands])
            return await exchange(pool, commands)

        monkeypatch.setattr(RedisPool, "exchange", noted)


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> RoundTrips:
    return RoundTrips(monkeypatch)


async def turns(count: int) -> None:
    """Let the event loop turn, so that it sees what has come."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Start one server for all tests that leave it as it is."""
    yield from _served(tmp_path_factory.mktemp("redis"))


@pytest.fixture
def redis(shared_redis: RedisServer) -> RedisServer:
    """Return the shared server, empty."""
    shared_redis.ask("FLUSHALL")
    return shared_redis


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Start a server that the test may break."""
    yield from _served(tmp_path)


def _served(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None:
            server.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _asked(port: int, request: bytes) -> bytes:
    """Return the reply to a request; of a list, its last part."""
    with socket.create_connection(("127.0.0.1", port), timeout=START_S_MAX) as line:
        line.sendall(request)
        with line.makefile("rb") as reader:
            return _last(reader)


def _last(reader: BinaryIO) -> bytes:
    first = reader.readline().rstrip(b"\r\n")
    if first.startswith(b"$") and first != b"$-1":
        text = reader.read(int(first[1:]))
        reader.readline()
        return text
    if first.startswith(b"*"):
        return [first, *(_last(reader) for _ in range(int(first[1:])))][-1]
    return first
