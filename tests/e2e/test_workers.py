"""Several workers on one port, as processes: replaced when killed, and gone with their supervisor.

Each is ended by the process id that the supervisor's log has given it.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.server import POLL_S, SERVE, STOP_S_MAX, Server, command, running
from tests.redis_server import RedisServer

pytestmark = pytest.mark.usefixtures("dynamodb_endpoint")

_STARTING = re.compile(r"Worker (\d+) \(process (\d+)\) is starting")


@contextmanager
def two_workers(
    folder: Path, redis: RedisServer, program: Sequence[str] = SERVE
) -> Iterator[Server]:
    store = f"dynamodb:workers-{uuid4().hex}"
    settings = {"CNOP_STORE": store, "CNOP_WORKERS": "2", "CNOP_REDIS_URL": redis.url}
    with running(folder, program, **settings) as server:
        yield server


def workers_of(server: Server) -> list[tuple[int, int]]:
    """Return number and process id of each worker so far, in the order of their starts."""
    return [(int(number), int(pid)) for number, pid in _STARTING.findall(server.err)]


def wait_for_workers(server: Server, count: int) -> list[tuple[int, int]]:
    ends_at = time.monotonic() + STOP_S_MAX
    while len(found := workers_of(server)) < count:
        assert time.monotonic() < ends_at, server.err
        time.sleep(POLL_S)
    return found


def is_running(pid: int) -> bool:
    """Tell whether a process is there; one that has ended and that nobody waited for is not."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def wait_until_gone(pids: list[int]) -> None:
    ends_at = time.monotonic() + STOP_S_MAX
    while left := [pid for pid in pids if is_running(pid)]:
        assert time.monotonic() < ends_at, left
        time.sleep(POLL_S)


async def test_workers_share_a_port_and_stop_together(tmp_path: Path, redis: RedisServer) -> None:
    with two_workers(tmp_path, redis) as server:
        pids = [pid for _, pid in wait_for_workers(server, 2)]
        async with server.client() as client:
            metrics = (await client.get("/metrics")).text
        assert server.stop() == 0, server.err

    assert "with 2 workers" in server.out
    assert re.search(r'^cnop_market_age_seconds\{worker="[12]"\} ', metrics, re.MULTILINE)
    assert not [pid for pid in pids if is_running(pid)]
    assert "Traceback" not in server.err


async def test_a_killed_worker_is_replaced(tmp_path: Path, redis: RedisServer) -> None:
    with two_workers(tmp_path, redis) as server:
        (_, first), _ = wait_for_workers(server, 2)
        os.kill(first, signal.SIGKILL)
        third = wait_for_workers(server, 3)[-1]

        async with server.client() as client:
            assert (await client.get("/health/live")).status_code == 200
    assert third[0] == 1
    assert f"Worker 1 (process {first}) has ended with code -9" in server.err


async def test_a_worker_that_hangs_is_killed_and_replaced(
    tmp_path: Path, redis: RedisServer
) -> None:
    hasty = (sys.executable, "-m", "tests.e2e.hasty_supervisor")
    with two_workers(tmp_path, redis, hasty) as server:
        # Given a worker that serves and then does nothing any more, though it is there
        (_, hanging), _ = wait_for_workers(server, 2)
        os.kill(hanging, signal.SIGSTOP)
        # When it has been silent for long, then another takes its place
        wait_until_gone([hanging])
        wait_for_workers(server, 3)
        async with server.client() as client:
            assert (await client.get("/health/live")).status_code == 200
    said = f"Worker 1 (process {hanging}) has said nothing for 4 s, so it is killed."
    assert said in server.err
    assert f"Worker 1 (process {hanging}) has ended with code -9" in server.err


def test_no_worker_outlives_a_killed_supervisor(tmp_path: Path, redis: RedisServer) -> None:
    with two_workers(tmp_path, redis) as server:
        pids = [pid for _, pid in wait_for_workers(server, 2)]
        server.kill()
        wait_until_gone(pids)


def test_what_keeps_workers_from_starting_is_told_once(tmp_path: Path, redis: RedisServer) -> None:
    ended = command(
        tmp_path,
        "serve",
        CNOP_STORE="dynamodb:workers",
        CNOP_WORKERS="2",
        CNOP_REDIS_URL=redis.url,
        AWS_ENDPOINT_URL_DYNAMODB="no url",
    )

    sentences = [line for line in ended.err.splitlines() if line.startswith("cnop: ")]
    assert ended.code == 2
    assert "Invalid endpoint" in sentences[0]
    assert sentences[1:] == ["cnop: The first worker could not start; it has said why."]


def test_workers_are_started_by_the_server_alone(tmp_path: Path) -> None:
    assert command(tmp_path, "worker").code == 2
    assert "worker" not in command(tmp_path, "--help").out
