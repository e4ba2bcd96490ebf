"""Trusted documents: what was registered is run, and nothing else, however it is asked for."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.table import Key, TableUnavailableError
from adapters.trusted_documents import TrustedDocumentTable
from domain.ports.trusted_documents import hash_of
from schema.api import make_schema
from tests.adapters.memory_table import MemoryTable
from tests.api.world import World, opened
from tests.web.asgi import client_of
from tests.web.test_sockets import Socket, ended
from web.app import make_app
from web.cli import main
from web.composition import Exchange
from web.registering import DocumentRefusedError, documents_in
from web.settings_reading import read_settings

QUERY = '{ asset(id: "BTC") { symbol } }'
DATA = {"asset": {"symbol": "BTC"}}
OTHER = "{ tradingRules { feePercent } }"


def named(text: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}}


def only_trusted(world: World) -> Exchange:
    settings = replace(world.exchange.settings, trusted_documents_only=True)
    return replace(world.exchange, settings=settings)


@asynccontextmanager
async def closed() -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    async with opened() as world, client_of(make_app(only_trusted(world))) as client:
        yield world, client


@pytest.mark.parametrize(
    "body",
    [
        {"query": QUERY},
        named(QUERY),
        {"query": QUERY, **named(QUERY)},
        {"documentId": hash_of(QUERY)},
        {"documentId": f"sha256:{hash_of(QUERY)}"},
    ],
)
async def test_a_document_runs_once_it_is_registered(body: dict[str, Any]) -> None:
    async with closed() as (world, client):
        before = (await client.post("/graphql", json=body)).json()
        await TrustedDocumentTable(world.table).register([QUERY])
        after = (await client.post("/graphql", json=body)).json()
        again = (await client.post("/graphql", json=body)).json()

    assert [one["extensions"]["code"] for one in before["errors"]] == ["DOCUMENT_NOT_TRUSTED"]
    assert "data" not in before or before["data"] is None
    assert after["data"] == again["data"] == DATA


async def test_a_registered_document_opens_the_door_to_no_other() -> None:
    async with closed() as (world, client):
        await TrustedDocumentTable(world.table).register([QUERY])
        refused = (await client.post("/graphql", json={"query": QUERY + " "})).json()
        wrong = await client.post("/graphql", json={"query": OTHER, **named(QUERY)})
    assert refused["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
    assert wrong.status_code == 400
    assert "data" not in wrong.json()


BY_NAME = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(QUERY)}}}


@pytest.mark.parametrize(
    "payload",
    [{"query": QUERY}, BY_NAME, {"query": QUERY, **BY_NAME}, {"documentId": hash_of(QUERY)}],
)
async def test_a_socket_runs_registered_documents_alone(payload: dict[str, Any]) -> None:
    async with opened() as world:
        app = make_app(only_trusted(world))
        socket = Socket(app)
        await socket.begin()
        socket.say("subscribe", "1", **payload)
        before = await socket.heard()
        await TrustedDocumentTable(world.table).register([QUERY])
        socket.say("subscribe", "1", **payload)
        after, _ = await socket.heard(), await socket.heard()
        socket.say("subscribe", "2", query=OTHER)
        another = await socket.heard()
        await ended(socket)

    for refused in (before, another):
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
    assert after["payload"]["data"] == DATA


async def test_a_socket_is_told_when_the_registered_documents_cannot_be_read() -> None:
    async with opened() as world:
        socket = Socket(make_app(only_trusted(world)))
        await socket.begin()
        world.table.fail_next(TableUnavailableError("gone"))
        socket.say("subscribe", "1", **BY_NAME)
        refused = await socket.heard()
        await ended(socket)

    assert (refused["type"], refused["id"]) == ("error", "1")
    assert refused["payload"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


@pytest.mark.parametrize("name", ["x" * 10_000, "\x00", hash_of(QUERY).upper(), "é" * 64])
async def test_a_hash_that_can_be_none_is_not_looked_for(name: str) -> None:
    async with closed() as (world, client):
        await TrustedDocumentTable(world.table).register([QUERY])
        answer = (await client.post("/graphql", json={"documentId": name})).json()

    assert [one["extensions"]["code"] for one in answer["errors"]] == ["DOCUMENT_NOT_TRUSTED"]


async def test_a_stream_runs_registered_documents_alone() -> None:
    trusted = TrustedDocumentTable(MemoryTable(lambda: 0.0))
    schema = make_schema(trusted=trusted)
    async with opened() as world:
        found = []
        for _ in range(2):
            results: Any = await schema.stream(QUERY, context_value=await world.context(None))
            found += [result async for result in results]
            await trusted.register([QUERY])
    refused, answered = found
    assert refused.errors[0].extensions["code"] == "DOCUMENT_NOT_TRUSTED"
    assert answered.data == DATA


@pytest.mark.parametrize("body", [{"query": QUERY}, named(QUERY)])
async def test_without_the_store_nothing_runs(
    body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def get(key: Key, *, strong: bool = True) -> None:
        raise TableUnavailableError

    async with closed() as (world, client):
        monkeypatch.setattr(world.table, "get", get)
        answer = await client.post("/graphql", json=body, headers={"accept": "application/json"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


async def test_elsewhere_a_document_id_is_a_persisted_query() -> None:
    async with opened() as world, client_of(make_app(world.exchange)) as client:
        body = {"documentId": hash_of(QUERY)}
        unknown = (await client.post("/graphql", json=body)).json()
        await client.post("/graphql", json={"query": QUERY, **named(QUERY)})
        known = (await client.post("/graphql", json=body)).json()
        odd = await client.post("/graphql", json={"documentId": 7})
    assert unknown["errors"][0]["message"] == "PersistedQueryNotFound"
    assert known["data"] == DATA
    assert odd.status_code == 400


async def test_registering_again_changes_nothing() -> None:
    trusted = TrustedDocumentTable(MemoryTable(lambda: 0.0), known_max=1)
    assert await trusted.register([QUERY, OTHER]) == 2
    assert await trusted.register([QUERY, OTHER]) == 0
    for text in (QUERY, OTHER, QUERY):
        assert await trusted.text(hash_of(text)) == text
    assert await trusted.text(hash_of("{ a }")) is None


def test_files_and_manifests_are_read(tmp_path: Path) -> None:
    plain, apollo, relay = (tmp_path / name for name in ("a.graphql", "b.json", "c.json"))
    plain.write_text(QUERY)
    operations = [{"id": "1", "name": "Rules", "type": "query", "body": OTHER}]
    apollo.write_text(json.dumps({"format": "apollo", "version": 1, "operations": operations}))
    relay.write_text(json.dumps({"some hash": "{ __typename }"}))

    found = documents_in([plain, apollo, relay])

    assert found == {hash_of(text): text for text in (QUERY, OTHER, "{ __typename }")}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.graphql", b"{ nothing }"),
        ("a.graphql", b"{"),
        ("a.graphql", b"\xff"),
        ("a.json", b"[1]"),
        ("a.json", b"{"),
        ("a.json", b'{"operations": [7]}'),
        ("a.json", b'"{ __typename }"'),
    ],
)
def test_a_file_that_is_no_document_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DocumentRefusedError, match=name):
        documents_in([path])


@pytest.mark.usefixtures("logs_as_they_were")
def test_the_command_registers_and_prints_hashes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.graphql").write_text(QUERY)
    Path("b.graphql").write_text("{ nothing }")
    store = ["--store", "sqlite:cnop.db"]
    for told in ("1 of them are new", "0 of them are new"):
        assert main(["documents", "register", "a.graphql", *store]) == 0
        printed = capsys.readouterr()
        assert printed.out == f"{hash_of(QUERY)}\n"
        assert told in printed.err
    assert main(["documents", "register", "b.graphql", *store]) == 2
    assert "b.graphql" in capsys.readouterr().err


def test_the_mode_is_a_setting() -> None:
    assert read_settings({"CNOP_TRUSTED_DOCUMENTS": "only"}).trusted_documents_only
    assert not read_settings({}).trusted_documents_only
