"""Stepping through a recording by HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.world import cheap_hashing
from tests.web.asgi import client_of
from tests.web.test_market_time import BEGIN, MINUTE, recorded, replay
from web import replay_steps
from web.app import make_app
from web.composition import Parts, compose
from web.settings import ReplayMarket

STEP = "/replay/step"


@asynccontextmanager
async def stepped(folder: Path, *, is_stepped: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    path = recorded(folder / "days.csv", {BEGIN + number * MINUTE: 100 for number in range(3)})
    settings = replay(path)
    assert isinstance(settings.market, ReplayMarket)
    settings = replace(settings, market=replace(settings.market, is_stepped=is_stepped))
    async with (
        compose(settings, Parts(hasher=cheap_hashing())) as exchange,
        client_of(make_app(exchange)) as client,
    ):
        yield client


async def test_lines_are_played_as_they_are_asked_for(tmp_path: Path) -> None:
    query = {"query": '{ asset(id: "BTC") { priceUpdatedAt } }'}
    async with stepped(tmp_path) as client:
        assert (await client.post("/graphql", json=query)).json()["data"] == {"asset": None}
        answers = [(await client.post(STEP, json={"lines": 1})).json()]
        found = (await client.post("/graphql", json=query)).json()["data"]
        answers += [
            (await client.post(STEP, json={"until": until})).json()
            for until in ("2017-12-17T23:01:30+01:00", "2099-01-01T00:00:00Z")
        ]
    assert found == {"asset": {"priceUpdatedAt": "2017-12-17T22:00:00.000Z"}}
    assert answers == [
        {"marketTime": "2017-12-17T22:00:00.000Z", "hasEnded": False},
        {"marketTime": "2017-12-17T22:01:00.000Z", "hasEnded": False},
        {"marketTime": "2017-12-17T22:02:00.000Z", "hasEnded": True},
    ]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"lines": 0},
        {"lines": 100_001},
        {"lines": True},
        {"lines": "1"},
        {"lines": 1, "until": "2099-01-01T00:00:00Z"},
        {"until": "tomorrow"},
        {"until": "2099-01-01T00:00:00"},
        {"until": 5},
        [],
        None,
    ],
)
async def test_what_is_no_step_is_refused(tmp_path: Path, sent: Any) -> None:
    async with stepped(tmp_path) as client:
        answer = await client.post(STEP, json=sent, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert '"lines": 1 to 100000' in answer.json()["errors"][0]["message"]


async def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    async with stepped(tmp_path) as client:
        headers = {"content-type": "application/json; charset=utf-8"}
        answer = await client.post(STEP, content=b"{", headers=headers)
    assert answer.status_code == 400


async def test_a_foreign_page_cannot_send_a_step_unasked(tmp_path: Path) -> None:
    async with stepped(tmp_path) as client:
        body = b'{"lines": 1}'
        answer = await client.post(STEP, content=body, headers={"content-type": "text/plain"})
    assert answer.status_code == 415


async def test_a_step_that_takes_long_is_told_to_be_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_steps, "STEP_S_MAX", timedelta(0).total_seconds())
    async with stepped(tmp_path) as client:
        answer = await client.post(STEP, json={"lines": 1})
    assert answer.status_code == 503


async def test_without_steps_there_is_no_such_address(tmp_path: Path) -> None:
    async with stepped(tmp_path, is_stepped=False) as client:
        assert (await client.post(STEP, json={"lines": 1})).status_code == 404


async def test_a_step_can_only_be_posted(tmp_path: Path) -> None:
    async with stepped(tmp_path) as client:
        assert (await client.get(STEP)).status_code == 405
