"""Whatever is sent: an answer of the right shape, never a failure of ours, never past a bound."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api.world import Session, opened
from tests.schema.contract import doubling
from tests.schema.random_operations import operations
from tests.web.asgi import client_of
from tests.web.test_sockets import Socket, ended, served
from web.app import make_app

OURS = {"INTERNAL", "SERVICE_UNAVAILABLE", "OUTCOME_UNKNOWN"}
"""Codes that put the fault on our side."""

EXAMPLES_MIN = 400
"""Each takes some milliseconds, and many of them are refused early."""

JSON = {"content-type": "application/json"}


class Fuzzed:
    """One server in memory, asked by many examples on one event loop."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._runner.run(self._open())

    async def _open(self) -> None:
        world = await self._stack.enter_async_context(opened())
        self._alice: Session = await world.trader("10000")
        await world.buy(self._alice)
        limits_off = replace(world.exchange.settings, requests_per_minute=0)
        app = make_app(replace(world.exchange, settings=limits_off))
        self._client = await self._stack.enter_async_context(client_of(app))

    def close(self) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    def post(self, body: bytes, *, signed_in: bool) -> httpx.Response:
        token = {"authorization": f"Bearer {self._alice.access_token}"} if signed_in else {}
        return self._runner.run(self._client.post("/graphql", content=body, headers=JSON | token))


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    server = Fuzzed()
    yield server
    server.close()


def check(answer: httpx.Response) -> dict[str, Any]:
    """Hold an answer against what every answer is."""
    assert answer.status_code < 500
    told: dict[str, Any] = answer.json()
    assert told.keys() <= {"data", "errors", "extensions"}
    assert told.keys() & {"data", "errors"}
    for error in told.get("errors", ()):
        assert error["extensions"]["code"] not in OURS, error
        assert isinstance(error["message"], str)
        assert "Traceback" not in error["message"]
    return told


def test_a_random_operation_is_answered(fuzzed: Fuzzed, say: Callable[[str], None]) -> None:
    codes: Counter[str] = Counter()

    @settings(max_examples=max(EXAMPLES_MIN, settings().max_examples))
    @given(body=operations(), signed_in=st.booleans())
    def tried(body: dict[str, Any], *, signed_in: bool) -> None:
        told = check(fuzzed.post(json.dumps(body).encode(), signed_in=signed_in))
        codes.update({error["extensions"]["code"] for error in told.get("errors", ())} or {"none"})

    tried()

    say(f"fuzzing: {codes.total()} random operations, 0 findings; errors: {dict(codes)}")


@settings(max_examples=50)
@given(body=operations())
def test_a_random_document_is_valid_but_for_its_values(
    fuzzed: Fuzzed, body: dict[str, Any]
) -> None:
    """Or the other tests would only try the validation."""
    told = check(fuzzed.post(json.dumps(body).encode(), signed_in=True))
    codes = {error["extensions"]["code"] for error in told.get("errors", ())}
    assert "GRAPHQL_PARSE_FAILED" not in codes
    assert not any("Cannot query" in error["message"] for error in told.get("errors", ()))


def test_damaged_bytes_are_answered(fuzzed: Fuzzed, say: Callable[[str], None]) -> None:
    statuses: Counter[int] = Counter()

    @settings(max_examples=max(EXAMPLES_MIN, settings().max_examples))
    @given(body=operations(), data=st.data())
    def tried(body: dict[str, Any], data: st.DataObject) -> None:
        answer = fuzzed.post(damaged(json.dumps(body).encode(), data), signed_in=True)
        statuses[answer.status_code] += 1
        check(answer)

    tried()

    say(f"fuzzing: {statuses.total()} damaged requests, 0 findings; statuses: {dict(statuses)}")


def damaged(body: bytes, data: st.DataObject) -> bytes:
    changed = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        end = place + data.draw(st.integers(0, 3))
        changed[place:end] = data.draw(st.binary(max_size=3))
        changed = changed or bytearray(b" ")
    return bytes(changed)


@pytest.mark.parametrize(
    "document",
    [
        f"{{ {'__typename ' * 10_000} }}",
        f"{{ {' '.join(f'a{number}: __typename' for number in range(3_000))} }}",
        "{ " * 3_000 + "}" * 3_000,
        doubling(60),
        f"{{ __typename {'@skip(if: false) ' * 2_000} }}",
        '{ asset(id: "' + "x" * 90_000 + '") { id } }',
    ],
    ids=["tokens", "aliases", "depth", "fragments", "directives", "text"],
)
def test_a_document_beyond_all_bounds_is_refused(fuzzed: Fuzzed, document: str) -> None:
    told = check(fuzzed.post(json.dumps({"query": document}).encode(), signed_in=False))
    assert told.get("data") in (None, {"asset": None})
    assert len(json.dumps(told)) < 10_000


async def test_300_idle_sockets_leave_room_for_everybody() -> None:
    async with served() as (_, app):
        sockets = [Socket(app) for _ in range(300)]
        for socket in sockets:
            await socket.begin()
        async with client_of(app) as client:
            answer = await client.post("/graphql", json={"query": "{ __typename }"})
        await ended(*sockets)

    assert answer.json()["data"] == {"__typename": "Query"}
