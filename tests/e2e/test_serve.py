import json
import os
import re
import shlex
import signal
import socket
from pathlib import Path

import pytest

from tests.e2e.people import register
from tests.e2e.server import command, environ, run, running

SECRET = "first:" + 32 * "s"


async def test_a_fresh_folder_serves_and_what_is_printed_to_try_works(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        words = shlex.split(server.out.split("Try:")[1].replace("\\\n", "").splitlines()[1])
        body = json.loads(words[words.index("-d") + 1])
        async with server.client() as client:
            assets = (await run(client, body["query"]))["assets"]
            answer = await client.get("/health/ready")

        assert len(assets["nodes"]) == 3
        assert answer.json()["status"] == "ok"
        assert "server" not in answer.headers
        assert (tmp_path / "var" / "cnop.db").exists()


async def test_data_and_sessions_survive_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        async with server.client() as client:
            ada = await register(client, "ada_lovelace")
    with running(tmp_path) as server:
        async with server.client() as client:
            me = (await run(client, "{ me { username } }", ada.access_token))["me"]

    assert me == {"username": "ada_lovelace"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_sockets_with_a_reason_and_the_server_with_0(
    tmp_path: Path, number: signal.Signals
) -> None:
    with running(tmp_path) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as half:
            half.sendall(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{")
            async with (
                server.client() as idle,
                await server.socket() as ours,
            ):
                await idle.get("/health")
                await ours.send('{"type": "connection_init"}')
                assert json.loads(await ours.recv()) == {"type": "connection_ack"}
                query = "subscription { priceUpdates { price } }"
                message = {"id": "1", "type": "subscribe", "payload": {"query": query}}
                await ours.send(json.dumps(message))
                assert json.loads(await ours.recv())["type"] == "next"

                server.signal(number)
                async for _ in ours:
                    pass  # ends when the server closes it

        assert server.wait() == 0
    assert ours.close_code == 1001
    assert "shutting down" in (ours.close_reason or "")
    assert "Traceback" not in server.err


async def test_a_request_that_was_accepted_is_answered_before_the_end(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        host, port = server.url.removeprefix("http://").split(":")
        body = json.dumps({"query": "{ tradingRules { feePercent } }"}).encode()
        head = (
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((host, int(port)), timeout=30) as ours:
            ours.sendall(head.encode() + body[:5])
            async with server.client() as client:
                await client.get("/health")  # the server has read what came before
            server.signal(signal.SIGTERM)
            ours.sendall(body[5:])
            answer = ours.recv(65_536)

        assert server.wait() == 0
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_second_server_on_the_same_store_is_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        second = command(tmp_path, "serve")

    assert second.code == 2
    assert second.err.startswith("cnop: var/cnop.db is in use.")
    assert second.err.count("\n") == 1


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        port = server.url.rpartition(":")[2]
        second = command(tmp_path, "serve", "--port", port)

    assert second.code == 2
    assert re.fullmatch(rf"cnop: Port {port} of 127\.0\.0\.1 is in use.*\n", second.err)


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid", "::g"])
def test_an_address_that_is_not_ours_is_told(tmp_path: Path, host: str) -> None:
    ended = command(tmp_path, "serve", "--host", host)

    assert ended.code == 2
    assert host in ended.err
    assert ended.err.count("\n") == 1


def test_all_bad_settings_are_told_at_once(tmp_path: Path) -> None:
    ended = command(tmp_path, "serve", CNOP_PORT="x", CNOP_ENV="production")

    assert ended.code == 2
    assert [line.split()[1] for line in ended.err.splitlines()] == [
        "CNOP_PORT",
        "CNOP_JWT_SECRET",
    ]
    assert not (tmp_path / "var").exists()


def test_a_store_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "cnop.db").write_bytes(b"no database at all" * 100)

    ended = command(tmp_path, "serve", CNOP_STORE="sqlite:cnop.db")

    assert ended.code == 2
    assert ended.err.startswith("cnop: cnop.db")
    assert ended.err.count("\n") == 1


def test_a_setting_nobody_knows_is_told(tmp_path: Path) -> None:
    with running(tmp_path, CNOP_PROT="1") as server:
        assert "CNOP_PROT" in server.err


def test_settings_are_read_from_a_dotenv_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CNOP_STORE=sqlite:elsewhere/x.db\nCNOP_PLAYGROUND=off\n")
    with running(tmp_path) as server:
        assert "Playground" not in server.out

    assert (tmp_path / "elsewhere" / "x.db").exists()


async def test_production_shows_no_playground_and_logs_json(tmp_path: Path) -> None:
    with running(tmp_path, CNOP_ENV="production", CNOP_JWT_SECRET=SECRET) as server:
        async with server.client() as client:
            assert (await client.get("/playground")).status_code == 404

    lines = [json.loads(line) for line in server.err.splitlines()]
    assert {line["service"] for line in lines} == {"cnop"}
    assert any(line["message"] == "GET /playground 404" for line in lines)


def test_the_environment_of_these_tests_has_no_settings() -> None:
    assert not [name for name in os.environ if name.startswith("CNOP_")]
    assert environ({"CNOP_PORT": "5"})["CNOP_PORT"] == "5"
