"""Running the server in this process: from an open port to a clean end."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable

import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from adapters.jwt_secrets import JwtSecretError
from adapters.table import TableError
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.markets import MarketSourceError
from web.app import make_app
from web.composition import Exchange, compose
from web.graceful_server import GracefulServer
from web.http_connections import HttpConnection
from web.listening import StartError, listening, url_of
from web.middleware.body_limit import BODY_BYTES_MAX
from web.settings import Settings
from web.websocket_connections import WebSocketConnection

GRACE_S_MAX = 3
"""Seconds that requests have to end once the server stops. With the sockets' 2 s, and 2 s each for
the market's last checkpoint and for the store, all is over within 10 s."""

KEEP_ALIVE_S = 75
"""Seconds that an idle connection stays: longer than the 60 s after which load balancers give up,
or they would send requests into connections that are closing."""

_REASONS = (
    TableError,
    OutageError,
    OutcomeUnknownError,
    MarketSourceError,
    JwtSecretError,
    OSError,
)
"""What may keep a server from starting, and is told in a sentence."""

_LOG = logging.getLogger(__name__)


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, and tell `announce` the address once requests are answered.

    Raises StartError.
    """
    with listening(settings.host, settings.port) as listener:
        url = url_of(settings.host, listener)
        run_server(settings, listener, started=lambda _exchange: announce(url))


def run_server(
    settings: Settings,
    listener: socket.socket,
    *,
    started: Callable[[Exchange], None],
    lifeline: socket.socket | None = None,
) -> None:
    """Serve on an open port until a signal, or until the other end of the lifeline is closed.

    Raises StartError.
    """
    stop = _Stop()
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        try:
            runner.run(_serve(settings, listener, stop, started, lifeline))
        except asyncio.CancelledError:
            if not stop.is_asked:
                raise
            _LOG.info("The server was stopped before it had started.")
        except _REASONS as error:
            raise StartError(str(error)) from error


class _Stop:
    """The wish to stop: it gives up a start, which may wait for others, and ends a server."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._starting: asyncio.Task[None] | None = None

    @property
    def is_asked(self) -> bool:
        return self.asked.is_set()

    def listen(self, lifeline: socket.socket | None) -> None:
        """Wait for signals and for the lifeline's end; the running task is one that starts."""
        loop = asyncio.get_running_loop()
        self._starting = asyncio.current_task()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ask)
        if lifeline is not None:
            # Nothing is ever sent this way, so whatever can be read is the end.
            loop.add_reader(lifeline, self._cut, loop, lifeline)

    def started(self) -> None:
        self._starting = None

    def ask(self) -> None:
        if not self.is_asked and self._starting is not None:
            self._starting.cancel()
        self.asked.set()

    def _cut(self, loop: asyncio.AbstractEventLoop, lifeline: socket.socket) -> None:
        loop.remove_reader(lifeline)
        _LOG.warning("Whoever started this process is gone; it stops.")
        self.ask()


async def _serve(
    settings: Settings,
    listener: socket.socket,
    stop: _Stop,
    started: Callable[[Exchange], None],
    lifeline: socket.socket | None,
) -> None:
    stop.listen(lifeline)
    url = url_of(settings.host, listener)
    async with compose(settings) as exchange:
        stop.started()

        def accepting() -> None:
            started(exchange)
            _LOG.info("The server is ready at %s.", url, extra={"action": "ready"})

        server = GracefulServer(
            _config(settings, exchange),
            stopping=stop.asked,
            started=accepting,
            goodbye=exchange.sockets.close_all,
        )
        await server.serve(sockets=[listener])
    _LOG.info("The server has stopped.")


def _config(settings: Settings, exchange: Exchange) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(exchange),
        http=HttpConnection,
        ws=WebSocketConnection,
        ws_max_size=BODY_BYTES_MAX,
        ws_per_message_deflate=False,  # it costs a quarter of a broadcast's time
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S_MAX,
    )
