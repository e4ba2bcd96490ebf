"""The server as a process of its own: started on a free port, spoken to, and ended by its id."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

# A loaded machine of two cores may take ten times the usual second.
START_S_MAX = 60
STOP_S_MAX = 60
POLL_S = 0.02

PROTOCOLS = [Subprotocol("graphql-transport-ws")]

CNOP = Path(sys.executable).with_name("cnop")
SERVE = (str(CNOP), "serve")

_API = re.compile(r"API +(http\S+)/graphql")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str


class Server:
    """A running `cnop serve`."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.url = self._wait_for_url()

    @property
    def out(self) -> str:
        return (self._folder / "out.txt").read_text()

    @property
    def err(self) -> str:
        return (self._folder / "err.txt").read_text()

    @property
    def websocket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/graphql"

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=STOP_S_MAX)

    async def socket(self, **headers: str) -> ClientConnection:
        """Open a websocket; a server that sheds load is asked again, as it asks for."""
        ends_at = time.monotonic() + START_S_MAX
        while True:
            try:
                return await connect(
                    self.websocket_url, subprotocols=PROTOCOLS, additional_headers=headers
                )
            except InvalidStatus as refused:
                busy = refused.response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
                if not busy or time.monotonic() > ends_at:
                    raise
                await asyncio.sleep(int(refused.response.headers["Retry-After"]))

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(STOP_S_MAX)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self._process.kill()
        self.wait()

    def _wait_for_url(self) -> str:
        ends_at = time.monotonic() + START_S_MAX
        while time.monotonic() < ends_at:
            if found := _API.search(self.out):
                return found[1]
            if self._process.poll() is not None:
                break
            time.sleep(POLL_S)
        self._process.kill()
        pytest.fail(f"the server did not start ({self._process.wait()}): {self.err}")


def environ(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with these settings; an empty one takes a variable away.

    People register by the dozen here, all from one address.
    """
    ours = {"CNOP_PORT": "0", "CNOP_LOGINS_PER_MINUTE": "0"}
    chosen = {**os.environ, **ours, **settings}
    return {name: value for name, value in chosen.items() if value}


@contextmanager
def running(folder: Path, program: Sequence[str] = SERVE, **settings: str) -> Iterator[Server]:
    """Serve in a folder, which holds store and output; at the end the server must stop cleanly."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
        process = subprocess.Popen(
            program, cwd=folder, env=environ(settings), stdout=out, stderr=err
        )
    try:
        server = Server(process, folder)
        yield server
        if process.poll() is None:
            assert server.stop() == 0, server.err
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def command(folder: Path, *arguments: str, **settings: str) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        [CNOP, *arguments],
        cwd=folder,
        env=environ(settings),
        check=False,
        capture_output=True,
        text=True,
        timeout=STOP_S_MAX,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


async def run(
    client: httpx.AsyncClient, text: str, token: str | None = None, **variables: Any
) -> dict[str, Any]:
    """Send an operation that must have no errors, and return its data."""
    answer = await client.post(
        "/graphql",
        json={"query": text, "variables": variables},
        headers={"Authorization": f"Bearer {token}"} if token else {},
    )
    body = answer.json()
    assert "errors" not in body, body
    data: dict[str, Any] = body["data"]
    return data
