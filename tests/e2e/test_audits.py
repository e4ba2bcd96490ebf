"""Audits of the endpoint, run in Node: each prints a summary, and a line for what is not ok."""

import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.people import register
from tests.e2e.server import Server, running
from tests.parts import NPM_FOLDER, node, npm_packages

AUDITS_S_MAX = 120


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    npm_packages()
    with running(tmp_path_factory.mktemp("audits"), CNOP_MARKET_TICK_SECONDS="0.05") as started:
        yield started


def audit(say: Callable[[str], None], script: str, *arguments: str) -> None:
    done = subprocess.run(
        [node(), NPM_FOLDER / script, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=AUDITS_S_MAX,
    )
    assert done.returncode == 0, done.stderr
    summary, *failures = done.stdout.splitlines()
    say(summary)
    assert failures == []


def test_http_passes_all_audits_of_the_package_graphql_http(
    server: Server, say: Callable[[str], None]
) -> None:
    audit(say, "http_audits.js", f"{server.url}/graphql")


async def test_websockets_keep_the_protocol_graphql_transport_ws(
    server: Server, say: Callable[[str], None]
) -> None:
    async with server.client() as client:
        ada = await register(client, "ada_lovelace")

    audit(say, "ws_audits.js", server.websocket_url, ada.access_token)
