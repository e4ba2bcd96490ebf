"""Workers as processes: each inherits the open port, and a lifeline to who started it.

The lifeline is a pair of connected sockets. The worker says on it that it serves, and then that its
event loop turns; one that falls silent is killed. The line's end says that the other side is gone,
however that came about, so no worker outlives its supervisor and no system but POSIX is asked for
it.
"""

import asyncio
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from web.composition import Exchange
from web.heartbeats import USUAL_BEATS, Beats, Silence, beat
from web.listening import listening, url_of
from web.serving import run_server
from web.settings import Settings
from web.workers import Workers

SERVES = b"S"
"""What a worker says once, when it serves."""

_LOG = logging.getLogger(__name__)


def serve_with_workers(
    settings: Settings,
    environ: Mapping[str, str],
    announce: Callable[[str], None],
    beats: Beats = USUAL_BEATS,
) -> None:
    """Run the settings' number of workers on one port until SIGTERM or SIGINT.

    `environ` is what the settings were read from. Raises StartError.
    """
    with listening(settings.host, settings.port) as listener:
        url = url_of(settings.host, listener)
        workers = Workers(
            settings.workers, lambda number: WorkerProcess.start(number, listener, environ, beats)
        )
        asyncio.run(_supervise(workers, lambda: announce(url)))
    _LOG.info("All workers have stopped.")


def serve_as_worker(
    settings: Settings, *, number: int, listener_fd: int, lifeline_fd: int, beat_every_s: float
) -> None:
    """Serve on an inherited port. Raises StartError."""
    beating: list[asyncio.Task[None]] = []
    with socket.socket(fileno=listener_fd) as listener, socket.socket(fileno=lifeline_fd) as line:
        # Only a worker that others start may inherit these.
        listener.set_inheritable(False)
        line.set_inheritable(False)
        line.settimeout(0.0)

        def started(exchange: Exchange) -> None:
            exchange.metrics.name_worker(number)
            with suppress(OSError):  # who listened is gone, which the lifeline tells next
                line.send(SERVES)
            # It goes on until the event loop is closed, so a slow end is no silence.
            beating.append(asyncio.create_task(beat(line, beat_every_s), name="heartbeat"))

        run_server(settings, listener, started=started, lifeline=line)


class WorkerProcess:
    """A worker that was started here. Its lifeline is read by one caller at a time."""

    def __init__(
        self,
        number: int,
        process: subprocess.Popen[bytes],
        lifeline: socket.socket,
        beats: Beats = USUAL_BEATS,
    ) -> None:
        self._number = number
        self._process = process
        self._lifeline = lifeline
        self._beats = beats

    @classmethod
    def start(
        cls,
        number: int,
        listener: socket.socket,
        environ: Mapping[str, str],
        beats: Beats = USUAL_BEATS,
    ) -> "WorkerProcess":
        """Start the worker of a number, in a program of its own: a fork would inherit threads."""
        ours, theirs = socket.socketpair()
        ours.settimeout(0.0)
        with theirs:
            descriptors = (listener.fileno(), theirs.fileno())
            process = subprocess.Popen(  # noqa: S603 - this very program
                command(number, *descriptors, beats), env=dict(environ), pass_fds=descriptors
            )
        return cls(number, process, ours, beats)

    @property
    def name(self) -> str:
        """See Worker."""
        return f"Worker {self._number} (process {self._process.pid})"

    async def is_ready(self) -> bool:
        """See Worker."""
        return await self._heard() == SERVES

    async def ended(self) -> int:
        """See Worker. One that falls silent is killed."""
        silence = Silence(self._beats)
        while (heard := await silence.broken(self._heard)) != b"":
            if heard is None:
                _LOG.error(
                    "%s has said nothing for %g s, so it is killed.",
                    self.name,
                    self._beats.silence_s_max,
                )
                self.kill()
        self._lifeline.close()
        return self._process.wait()  # at once: its end of the lifeline closes as it ends

    def ask_to_stop(self) -> None:
        """See Worker."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """See Worker."""
        self._process.kill()

    async def _heard(self) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(self._lifeline, len(SERVES))
        except ConnectionError:
            return b""


def command(number: int, listener_fd: int, lifeline_fd: int, beats: Beats) -> list[str]:
    """Return the command of a worker: this Python, without the present folder on its path."""
    place = [f"--number={number}", f"--listener={listener_fd}", f"--lifeline={lifeline_fd}"]
    told = f"--beat-every-s={beats.every_s}"
    return [sys.executable, "-P", "-m", "web", "worker", *place, told]


async def _supervise(workers: Workers, serving: Callable[[], None]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await workers.run(stopping, serving)
