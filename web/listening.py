"""Opening the port, and saying in a sentence why it can't be opened."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

CONNECTIONS_WAITING_MAX = 2_048
"""Connections that wait to be accepted: a burst while the event loop is busy."""


class StartError(Exception):
    """The server can't start; the message is a sentence for whoever started it."""


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Open the port before anything else: a second server then says so at once.

    Raises StartError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server(
            (host, port), family=family, backlog=CONNECTIONS_WAITING_MAX
        )
    except OSError as error:
        raise StartError(_why_not(host, port, error)) from error
    with listener:
        yield listener


def url_of(host: str, listener: socket.socket) -> str:
    """Return the address for a client on this machine."""
    port = listener.getsockname()[1]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - only compared
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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
