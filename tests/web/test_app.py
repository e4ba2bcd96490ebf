import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from graphql import build_schema
from starlette.requests import Request

from adapters.table import Key, TableUnavailableError
from schema.api import make_schema
from schema.client_sdl import client_sdl
from tests.api.world import World, opened
from tests.web.asgi import client_of
from web.app import make_app
from web.health import STORE_KEPT_S, STORE_S_MAX, Health
from web.pages import playground_html
from web.paths import label_of
from web.settings import Settings


@asynccontextmanager
async def served(
    settings: Settings | None = None,
) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    async with opened() as world:
        exchange = replace(world.exchange, settings=settings or world.exchange.settings)
        async with client_of(make_app(exchange)) as client:
            yield world, client


async def ask(client: httpx.AsyncClient, query: str, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return await client.post("/graphql", json={"query": query}, headers=headers)


async def test_health_tells_the_version() -> None:
    async with served() as (_, client):
        answer = await client.get("/health")

    assert answer.json() == {"status": "ok", "version": "0.1.0"}
    assert answer.headers["cache-control"] == "no-store"


async def test_a_server_is_ready_when_store_and_market_are() -> None:
    async with served() as (_, client):
        answer = await client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json()["checks"] == {"server": "ok", "store": "ok", "market": "ok"}


async def test_a_store_that_is_gone_makes_a_server_unready_but_not_dead() -> None:
    async with served() as (world, client):
        world.table.fail_next(TableUnavailableError("secret host 10.0.0.7"))
        ready = await client.get("/health/ready")
        live = await client.get("/health/live")

    assert ready.status_code == 503
    assert ready.json()["checks"]["store"] == "no answer"
    assert live.status_code == 200


async def test_a_store_that_hangs_makes_a_server_unready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hang(*_: object) -> None:
        raise TimeoutError

    async with served() as (world, client):
        monkeypatch.setattr(world.table, "get", hang)
        ready = await client.get("/health/ready")

    assert ready.json()["checks"]["store"] == f"no answer within {STORE_S_MAX:g} s"


async def test_however_often_somebody_asks_the_store_is_looked_at_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks, now_s = 0, 0.0

    async def get(key: Key, *, strong: bool = True) -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise TableUnavailableError

    async def ask() -> int:
        return (await health.ready(Request({"type": "http"}))).status_code

    async with opened() as world:
        monkeypatch.setattr(world.table, "get", get)
        health = Health(world.exchange, monotonic=lambda: now_s)
        at_once = await asyncio.gather(*(ask() for _ in range(5)))
        now_s += STORE_KEPT_S / 2
        again = await ask()
        now_s += STORE_KEPT_S / 2
        later = await ask()
        looked = looks

    assert at_once == [200] * 5
    assert (again, later) == (200, 503)
    assert looked == 2


async def test_a_server_that_stops_is_not_ready() -> None:
    async with served() as (world, client):
        await world.exchange.sockets.close_all()
        ready = await client.get("/health/ready")

    assert ready.json()["checks"]["server"] == "stopping"


async def test_metrics_count_requests_operations_and_prices() -> None:
    async with served() as (world, client):
        await ask(client, "{ __typename }")
        await ask(client, "{ nothing }")
        await world.tick({"BTC": "50001"})
        text = (await client.get("/metrics")).text

    assert 'cnop_http_requests_total{path="/graphql",status="200"} 2.0' in text
    assert 'cnop_graphql_operations_total{outcome="ok",transport="http"} 1.0' in text
    assert 'cnop_graphql_operations_total{outcome="errors",transport="http"} 1.0' in text
    assert "cnop_price_ticks_total 2.0" in text
    assert "cnop_market_age_seconds 0.0" in text
    assert "process_resident_memory_bytes" in text


async def test_the_schema_can_be_read_as_text_that_needs_no_federation() -> None:
    async with served() as (_, client):
        answer = await client.get("/schema.graphql")

    assert build_schema(answer.text).get_type("Asset") is not None
    assert answer.text == client_sdl(make_schema().as_str())


async def test_the_first_page_names_what_there_is() -> None:
    async with served() as (_, client):
        page = (await client.get("/")).text

    assert all(f'href="{path}"' in page for path in ("/playground", "/graphql", "/schema.graphql"))


async def test_the_playground_speaks_to_the_api() -> None:
    async with served() as (_, client):
        page = await client.get("/playground")

    assert page.status_code == 200
    assert 'window.location.origin + "/graphql"' in playground_html()


async def test_the_playground_may_load_what_it_names_and_nothing_else() -> None:
    async with served() as (_, client):
        page = await client.get("/playground")

    policy = page.headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    named = set(re.findall(r'(?:src|href)="(https://[^"]+)"', page.text))
    allowed = {source for rule in rules.values() for source in rule.split() if "://" in source}
    assert named == allowed
    assert rules["default-src"] == "'none'"
    assert "unsafe-inline" not in rules["script-src"]
    assert re.search(r"'sha256-[\w+/]{43}='", rules["script-src"])


async def test_the_first_page_runs_no_scripts() -> None:
    async with served() as (_, client):
        page = await client.get("/")

    assert "script-src 'none'" in page.headers["content-security-policy"]


async def test_without_a_playground_nothing_leads_there() -> None:
    async with served(Settings(has_playground=False)) as (_, client):
        page = await client.get("/")
        playground = await client.get("/playground")
        api = await client.get("/graphql", headers={"accept": "text/html"})

    assert "/playground" not in page.text
    assert playground.status_code == 404
    assert api.status_code == 406


@pytest.mark.parametrize("path", ["/nothing", "/graphql/", "/health/x"])
async def test_an_unknown_address_is_answered_as_json(path: str) -> None:
    async with served() as (_, client):
        answer = await client.get(path, follow_redirects=True)

    assert "/graphql" in str(answer.url) or answer.json()["errors"]
    assert label_of("/nothing") == "other"


async def test_a_wrong_method_is_answered_as_json() -> None:
    async with served() as (_, client):
        answer = await client.post("/health")

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.json()["errors"]


async def test_one_address_is_slowed_down_and_probes_go_on() -> None:
    async with served(Settings(requests_per_minute=2)) as (_, client):
        answers = [await ask(client, "{ __typename }") for _ in range(3)]
        probe = await client.get("/health")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["x-request-id"]
    assert probe.status_code == 200


async def test_no_limit_means_no_guard() -> None:
    async with served(Settings(requests_per_minute=0)) as (_, client):
        answer = await ask(client, "{ __typename }")

    assert "x-ratelimit-limit" not in answer.headers


async def test_a_session_is_known_by_its_token_until_it_ends() -> None:
    async with served() as (world, client):
        alice = await world.register()
        me = await ask(client, "{ me { id } }", alice.access_token)
        await ask(client, "mutation { logout { success } }", alice.access_token)
        gone = await ask(client, "{ me { id } }", alice.access_token)

    assert me.json()["data"] == {"me": {"id": alice.user_id}}
    (error,) = gone.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["extensions"]["reason"] == "REVOKED"


async def test_when_sessions_cannot_be_checked_nobody_is_taken_for_a_stranger() -> None:
    async with served() as (world, client):
        alice = await world.register()
        world.table.fail_next(TableUnavailableError("gone"))
        answer = await ask(client, "{ me { id } }", alice.access_token)

    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


async def test_an_unforeseen_error_in_a_resolver_is_masked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served() as (world, client):
        monkeypatch.setattr(world.exchange.services.board, "_states", None)
        answer = await ask(client, '{ asset(id: "BTC") { id } }')

    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert answer.headers["x-request-id"] in error["message"]
    assert "NoneType" not in answer.text


async def test_an_unforeseen_error_outside_of_resolvers_is_masked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> dict[str, Any]:
        raise ValueError("hunter2")

    async with served() as (world, client):
        monkeypatch.setattr(world.exchange.metrics, "text", fail)
        answer = await client.get("/metrics")

    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.json()["errors"][0]["message"]
    assert "hunter2" not in answer.text


async def test_requests_at_once_keep_their_ids_apart() -> None:
    async with served() as (_, client):
        names = [f"request-{number}" for number in range(20)]
        answers = await asyncio.gather(
            *(
                client.post(
                    "/graphql", json={"query": "{ me { id } }"}, headers={"x-request-id": name}
                )
                for name in names
            )
        )

    told = [answer.json()["errors"][0]["extensions"]["requestId"] for answer in answers]
    assert told == names == [answer.headers["x-request-id"] for answer in answers]


@pytest.mark.parametrize("path", ["/graphql/", "/health/"])
async def test_nobody_is_sent_to_an_address_that_the_request_itself_has_named(path: str) -> None:
    async with served() as (_, client):
        answer = await client.post(path, headers={"host": "evil.example"})

    assert answer.status_code == 404
    assert "location" not in answer.headers
