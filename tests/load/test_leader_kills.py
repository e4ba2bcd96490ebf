"""Rounds of kill -9 within a tick: what recorded ticks set off is filled once, at their prices.

One round of a kill at each of four places; before a release: KILL_ROUNDS=20
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pytest

from domain.ids import AccountId, OrderId
from tests.e2e.people import DEPOSIT, ORDER, Person, register
from tests.e2e.server import START_S_MAX, Server, run, running
from tests.fixtures_dynamodb import dynamodb_endpoint
from tests.load.filled_once import Placed, Story
from tests.load.known_orders import (
    END,
    FIRST,
    KnownOrder,
    RecordedLine,
    known_orders,
    recorded_lines,
    write_recording,
)
from tests.load.mortal_leaders import NEVER, deaths, mortal_leaders
from tests.load.setups import Setup, on_dynamodb, on_sqlite
from tests.redis_server import own_redis

__all__ = ["dynamodb_endpoint", "on_dynamodb", "on_sqlite", "own_redis"]

ROUNDS = int(os.environ.get("KILL_ROUNDS", "1"))
ACCOUNTS = 4 + ROUNDS // 4
"""Enough for each to have no more orders open than are allowed."""
LINES_A_ROUND = 8
"""The kills of a round use up five lines at most; the rest is played to the end."""

SETTINGS = {
    "COVERAGE_PROCESS_CONFIG": "",  # who is killed has no measurement to give
    "CNOP_REPLAY_SPEED": "1000000",
    "CNOP_FEE_PERCENT": "0.1",
    "CNOP_SLIPPAGE_PERCENT": "0.05",
}
POLL_S = 0.1
PRICE = "query ($id: ID!) { asset(id: $id) { price } }"


def playing(setup: Setup, recording: Path) -> dict[str, str]:
    return setup.settings | SETTINGS | {"CNOP_MARKET": f"replay:{recording}"}


async def until_played(server: Server, client: httpx.AsyncClient, last: RecordedLine) -> None:
    """Wait until a server shows a recording's last price."""
    ends_at = time.monotonic() + START_S_MAX
    while (await run(client, PRICE, id=last.asset))["asset"]["price"] != f"{last.price}":
        assert time.monotonic() < ends_at, server.err
        await asyncio.sleep(POLL_S)


async def place_all(folder: Path, setup: Setup, known: list[KnownOrder]) -> list[Placed]:
    """Let people place the orders at the first prices, on a server that then stops."""
    recording = folder / "first.csv"
    write_recording(recording, FIRST)
    with running(folder / "first", **playing(setup, recording)) as server:
        async with server.client() as client:
            await until_played(server, client, FIRST[-1])
            placed = await asyncio.gather(
                *(
                    person_places(client, number, [one for one in known if one.account == number])
                    for number in range(ACCOUNTS)
                )
            )
    return [one for some in placed for one in some]


async def person_places(
    client: httpx.AsyncClient, number: int, known: list[KnownOrder]
) -> list[Placed]:
    person = await register(client, f"trader_{number}")
    await run(client, DEPOSIT, person.access_token, amount="100000.00", key="money")
    for line in FIRST[:2]:
        bought = {"assetId": line.asset, "side": "BUY", "quantity": "5"}
        assert (await place(client, person, bought))["status"] == "FILLED"
    placed = []
    for one in known:
        order = await place(client, person, one.typed)
        assert order["status"] == "OPEN", one
        placed.append(Placed(one, AccountId(person.account_id), OrderId(order["id"])))
    return placed


async def place(
    client: httpx.AsyncClient, person: Person, typed: Mapping[str, str]
) -> dict[str, str]:
    answer = (await run(client, ORDER, person.access_token, input=typed))["placeOrder"]
    assert answer["errors"] == [], typed
    order: dict[str, str] = answer["order"]
    return order


@pytest.mark.parametrize("name", ["on_sqlite", "on_dynamodb"])
async def test_what_recorded_ticks_set_off_is_filled_once_whenever_leaders_are_killed(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, say: Callable[[str], None]
) -> None:
    # Given orders of which it is known what sets them off
    setup: Setup = request.getfixturevalue(name)
    lines = [*recorded_lines(ROUNDS * LINES_A_ROUND), END]
    placed = await place_all(tmp_path, setup, list(known_orders(lines[:-1], ACCOUNTS)))
    recording = tmp_path / "recording.csv"
    write_recording(recording, lines)
    story = Story(setup=setup, recording=recording, lines=lines, placed=placed)
    settings = playing(setup, recording)
    # When one leader after the other is killed, and the last one is not
    planned = [death for number in range(ROUNDS) for death in deaths(number)]
    with mortal_leaders(tmp_path / "mortal", settings, at_once=setup.servers) as leaders:
        for death in leaders.die(planned):
            if setup.servers == 1:  # else the next leader is at work already
                await story.check_at_death(death)
    with running(tmp_path / "last", NEVER.program, **settings) as server:
        async with server.client() as client:
            await until_played(server, client, lines[-1])
    # Then
    await story.check_at_the_end()
    count = sum(one.known.line is not None for one in placed)
    say(f"kill -9 within a tick, {name}: {len(planned)} leaders, {count} orders filled once")
