"""What a careless or hostile client sends over the wire: refused clearly, never a 500."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from tests.e2e.server import Server, running

INIT = '{"type": "connection_init"}'

BODIES = {
    "null": b"null",
    "number": b"5",
    "text": b'"x"',
    "list": b"[]",
    "list of numbers": b"[1]",
    "nothing": b"",
    "no object": b"{",
    "no query": b"{}",
    "empty query": b'{"query": ""}',
    "query of null": b'{"query": null}',
    "query of a number": b'{"query": 5}',
    "name of a number": b'{"query": "{ __typename }", "operationName": 5}',
    "unknown name": b'{"query": "query A { __typename }", "operationName": "B"}',
    "variables of a list": b'{"query": "{ __typename }", "variables": []}',
    "extensions of a text": b'{"query": "{ __typename }", "extensions": "x"}',
    "no UTF-8": b'{"query": "\xff"}',
    "UTF-16": '{"query": "{ __typename }"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"query": "{ __typename }"}',
    "gzip": b"\x1f\x8b\x08\x00",
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 40_000,
    "deep variables": b'{"query": "{ __typename }", "variables": {"a": '
    + b"[" * 50_000
    + b"]" * 50_000
    + b"}}",
    "long integer": b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 5_000 + b"}}",
    "NaN": b'{"query": "{ __typename }", "variables": {"a": NaN}}',
    "infinity": b'{"query": "{ __typename }", "variables": {"a": 1e999}}',
    "lone surrogate": b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
    "lone surrogate in the query": b'{"query": "\\udfff"}',
    "control character": b'{"query": "\x01"}',
    "subscription": b'{"query": "subscription { priceUpdates { price } }"}',
}

DEPOSIT = "mutation { deposit(input: {amount: %s}) { errors { code } } }"

DOCUMENTS = {
    "no syntax": "}",
    "unknown field": "{ nothing }",
    "deep selection": "{a" * 10_000,
    "deep list": '{ asset(id: "' + "[" * 10_000,
    "deep value": "{ asset(id: " + "[" * 5_000 + "]" * 5_000 + ") { id } }",
    "long float": '{ asset(id: "BTC") { candles(limit: 1' + "0" * 400 + "e400) { open } } }",
    "lone surrogate": '{ asset(id: "\\uD800") { id } }',
    "NUL": '{ asset(id: "\\u0000") { id } }',
    "fragment of itself": "{ ...F } fragment F on Query { ...F }",
    "only a fragment": "fragment F on Query { __typename }",
    "two without a name": "{ __typename } { __typename }",
    "variable without a value": "query ($a: ID!) { asset(id: $a) { id } }",
    "amount with an exponent": DEPOSIT % '"1e9999"',
    "amount without a number": DEPOSIT % '"NaN"',
    "amount of many digits": DEPOSIT % f'"{"9" * 10_000}"',
    "amount as a float": DEPOSIT % "1.5",
    "amount as a long integer": DEPOSIT % ("9" * 5_000),
}

MESSAGES = {
    "no JSON": "{",
    "null": "null",
    "number": "5",
    "list": "[]",
    "no type": "{}",
    "type of a number": '{"type": 5}',
    "unknown type": '{"type": "nothing"}',
    "type as long as a novel": json.dumps({"type": "x" * 50_000}),
    "NaN": "NaN",
    "deep": "[" * 100_000,
    "lone surrogate": '{"type": "\\ud800"}',
    "bytes": b'{"type": "ping"}',
    "init of a list": '{"type": "connection_init", "payload": []}',
    "token of a number": '{"type": "connection_init", "payload": {"Authorization": 5}}',
    "ping of a text": '{"type": "ping", "payload": "x"}',
}

SUBSCRIBES: dict[str, dict[str, Any]] = {
    "no id": {"payload": {"query": "{ __typename }"}},
    "id of a number": {"id": 5, "payload": {"query": "{ __typename }"}},
    "id of a list": {"id": [], "payload": {"query": "{ __typename }"}},
    "empty id": {"id": "", "payload": {"query": "{ __typename }"}},
    "no payload": {"id": "1"},
    "payload of null": {"id": "1", "payload": None},
    "no query": {"id": "1", "payload": {}},
    "query of a number": {"id": "1", "payload": {"query": 5}},
    "variables of a list": {"id": "1", "payload": {"query": "{ __typename }", "variables": []}},
    "name of a number": {"id": "1", "payload": {"query": "{ __typename }", "operationName": 5}},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("bad_requests")) as started:
        yield started
    assert "Traceback" not in started.err
    assert "nobody foresaw" not in started.err
    assert "unexpected" not in started.err


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_bad_body_is_refused_as_a_client_can_read(server: Server, body: bytes) -> None:
    async with server.client() as client:
        answer = await client.post(
            "/graphql", content=body, headers={"content-type": "application/json"}
        )

    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert len(error["message"]) < 300


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
async def test_a_bad_document_is_answered_without_a_failure(server: Server, document: str) -> None:
    async with server.client() as client:
        answer = await client.post("/graphql", json={"query": document})

    assert answer.status_code < 500
    codes = [error["extensions"]["code"] for error in answer.json().get("errors", [])]
    assert "INTERNAL" not in codes


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/jsonfoo", "multipart/form-data", "x"]
)
async def test_only_json_is_taken(server: Server, content_type: str) -> None:
    async with server.client() as client:
        answer = await client.post(
            "/graphql",
            content=b'{"query": "{ __typename }"}',
            headers={"content-type": content_type},
        )

    assert answer.status_code == 415


async def test_a_body_too_large_is_refused(server: Server) -> None:
    async with server.client() as client:
        answer = await client.post("/graphql", content=b" " * 300_000)

    assert answer.status_code == 413


async def test_queries_may_be_read_and_mutations_may_not(server: Server) -> None:
    headers = {"apollo-require-preflight": "1"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        read = await client.get("/graphql", params={"query": "{ __typename }", "variables": ""})
        changed = await client.get("/graphql", params={"query": "mutation { logout { success } }"})
        deep = await client.get("/graphql", params={"query": "{a}", "variables": "[" * 2_000})
        long = await client.get("/graphql", params={"query": "{a}", "variables": "[" * 20_000})
        bare = await client.get("/graphql")
        put = await client.put("/graphql")

    assert read.json()["data"] == {"__typename": "Query"}
    statuses = [one.status_code for one in (changed, deep, long, bare, put)]
    assert statuses == [405, 400, 414, 400, 405]


async def test_a_browser_at_the_api_is_led_to_the_playground(server: Server) -> None:
    async with server.client() as client:
        answer = await client.get("/graphql", headers={"accept": "text/html,*/*"})

    assert (answer.status_code, answer.headers["location"]) == (307, "/playground")


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer x", "Bearer a.b.c", "é"])
async def test_a_bad_token_leaves_what_is_public(server: Server, header: str) -> None:
    async with server.client() as client:
        answer = await client.post(
            "/graphql",
            json={"query": "{ me { id } tradingRules { feePercent } }"},
            headers=[(b"authorization", header.encode())],
        )

    body = answer.json()
    assert body["data"]["tradingRules"] == {"feePercent": "0"}
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def read(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def code_after(socket: ClientConnection) -> int | None:
    with suppress(ConnectionClosedError):
        async for _ in socket:
            pass  # whatever it says before it closes
    return socket.close_code


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
async def test_a_bad_message_closes_a_socket_with_4400(
    server: Server, message: str | bytes
) -> None:
    async with await server.socket() as socket:
        await socket.send(message)
        assert await code_after(socket) == 4400
    assert socket.close_reason


@pytest.mark.parametrize("fields", SUBSCRIBES.values(), ids=SUBSCRIBES.keys())
async def test_a_bad_subscribe_closes_a_socket_with_4400(
    server: Server, fields: dict[str, Any]
) -> None:
    async with await server.socket() as socket:
        await socket.send(INIT)
        await read(socket)
        await socket.send(json.dumps({"type": "subscribe", **fields}))
        assert await code_after(socket) == 4400


async def test_a_socket_that_does_not_begin_may_not_go_on(server: Server) -> None:
    async with await server.socket() as socket:
        await socket.send(
            '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}'
        )
        assert await code_after(socket) == 4401


async def test_a_socket_begins_once(server: Server) -> None:
    async with await server.socket() as socket:
        await socket.send('{"type": "connection_init", "payload": null}')
        assert await read(socket) == {"type": "connection_ack"}
        await socket.send(INIT)
        assert await code_after(socket) == 4429


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
async def test_a_socket_with_a_bad_token_is_forbidden_and_told_why(
    server: Server, name: str
) -> None:
    async with await server.socket() as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {name: "Bearer x"}}))
        assert await code_after(socket) == 4403
    assert socket.close_reason == "Forbidden: The access token is not one of ours."


async def test_a_bad_token_in_the_upgrade_request_is_forbidden_too(server: Server) -> None:
    async with await server.socket(authorization="Bearer x") as socket:
        await socket.send(INIT)
        assert await code_after(socket) == 4403


async def test_a_socket_without_our_protocol_is_not_served(server: Server) -> None:
    async with connect(server.websocket_url) as socket:
        assert await code_after(socket) == 4406


async def test_a_bad_document_ends_its_operation_and_not_the_socket(server: Server) -> None:
    async with await server.socket() as socket:
        await socket.send(INIT)
        await read(socket)
        for query in ("}", "{ nothing }", "{a" * 10_000, ""):
            await socket.send(
                json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}})
            )
            message = await read(socket)
            assert (message["type"], message["id"]) == ("error", "1")
            assert re.fullmatch("[A-Z_]+", message["payload"][0]["extensions"]["code"])
        await socket.send('{"type": "ping"}')
        assert await read(socket) == {"type": "pong"}


async def test_a_message_too_large_closes_the_socket(server: Server) -> None:
    async with await server.socket() as socket:
        await socket.send(" " * 300_000)
        assert await code_after(socket) == 1009


async def test_a_client_that_just_leaves_is_no_failure(server: Server) -> None:
    for _ in range(3):
        socket = await server.socket()
        await socket.send(INIT)
        await read(socket)
        query = "subscription { priceUpdates { price } }"
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
        await read(socket)
        socket.transport.abort()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{server.url}/health/ready")).status_code == 200
