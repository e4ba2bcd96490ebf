"""Running the server: from an open port to a clean end."""

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from adapters.jwt_secrets import JwtSecretError
from adapters.table import TableError
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.markets import MarketSourceError
from web.app import make_app
from web.composition import compose
from web.middleware.body_limit import BODY_BYTES_MAX
from web.settings import Settings

CONNECTIONS_WAITING_MAX = 2_048
"""Connections that wait to be accepted: a burst while the event loop is busy."""

GRACE_S_MAX = 3
"""Seconds that requests have to end once the server stops. With the sockets' 2 s, and 2 s each for
the market's last checkpoint and for the store, all is over within 10 s."""

KEEP_ALIVE_S = 75
"""Seconds that an idle connection stays: longer than the 60 s after which load balancers give up,
or they would send requests into connections that are closing."""

_LOG = logging.getLogger(__name__)


class StartError(Exception):
    """The server can't start; the message is a sentence for whoever started it."""


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, and tell `announce` the address once requests are answered.

    Raises StartError.
    """
    with (
        _listening(settings.host, settings.port) as listener,
        asyncio.Runner(loop_factory=auto_loop_factory()) as runner,
    ):
        try:
            runner.run(_serve(settings, listener, announce))
        except _REASONS as error:
            raise StartError(str(error)) from error


_REASONS = (
    TableError,
    OutageError,
    OutcomeUnknownError,
    MarketSourceError,
    JwtSecretError,
    OSError,
)
"""What may keep a server from starting, and is told in a sentence."""


class GracefulServer(uvicorn.Server):
    """Uvicorn, told by an event when to stop, and what to do first.

    Uvicorn's own handlers raise the signal again after a clean end, and so turn it into a failure.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        stopping: asyncio.Event,
        started: Callable[[], None],
        goodbye: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._announce = started
        self._goodbye = goodbye

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept."""
        await super().startup(sockets)
        self._announce()

    async def on_tick(self, counter: int) -> bool:
        """Tell, ten times a second, whether it is time to stop."""
        return await super().on_tick(counter) or self._stopping.is_set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, close the websockets, and answer what was accepted."""
        _LOG.info("The server is stopping.")
        for server in self.servers:
            server.close()
        await self._goodbye()
        await super().shutdown(sockets)


async def _serve(
    settings: Settings, listener: socket.socket, announce: Callable[[str], None]
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    url = _url(settings.host, listener.getsockname()[1])

    def started() -> None:
        announce(url)
        _LOG.info("The server is ready at %s.", url, extra={"action": "ready"})

    async with compose(settings) as exchange:
        config = uvicorn.Config(
            make_app(exchange),
            http="httptools",
            ws="websockets-sansio",
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
        server = GracefulServer(
            config, stopping=stopping, started=started, goodbye=exchange.sockets.close_all
        )
        await server.serve(sockets=[listener])
    _LOG.info("The server has stopped.")


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Open the port before anything else: a second server then says so at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server(
            (host, port), family=family, backlog=CONNECTIONS_WAITING_MAX
        )
    except OSError as error:
        raise StartError(_why_not(host, port, error)) from error
    with listener:
        yield listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use, perhaps by another server; stop that one, or choose "
            "another port with CNOP_PORT."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} may not be opened by this user; choose one above 1023 with CNOP_PORT."
    reason = error.strerror or str(error)
    return f"{host} port {port} can't be opened ({reason}); see CNOP_HOST and CNOP_PORT."


def _url(host: str, port: int) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - only compared
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
