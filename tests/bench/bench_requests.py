"""What a request costs, as a multiple of what a plain Starlette route costs in the same run.

CPU time of this process, in memory and without a network, so that only ratios mean anything.
"""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from statistics import median

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.api.world import many_assets, opened
from tests.web.asgi import client_of
from web.app import make_app

ROUNDS = 5
REQUESTS = 60

QUERIES: Mapping[str, str] = {
    "one asset": '{ asset(id: "A00") { id name price } }',
    "50 assets": (
        "{ assets(first: 50) { nodes { id symbol name price marketCap volume24h high24h low24h "
        "priceChangePercent24h isTradable } } }"
    ),
    "portfolio of 50": (
        "{ portfolio { totalValue positions { quantity marketValue asset { id price } } } }"
    ),
    "market order": (
        'mutation { placeOrder(input: {assetId: "A00", side: BUY, quantity: "0.01"}) '
        "{ order { id status } account { version cash } errors { code } } }"
    ),
}


async def plain(request: Request) -> Response:
    """Read a JSON body and answer with JSON, as the least that any server does."""
    asked = orjson.loads(await request.body())
    return Response(orjson.dumps({"data": len(asked["query"])}), media_type="application/json")


@asynccontextmanager
async def clients() -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient, str]]:
    assets = many_assets(50)
    prices = {str(one.facts.id): "1" for one in assets}
    async with opened(catalogue=assets, prices=prices) as world:
        trader = await world.trader("10000")
        for number in range(50):
            await world.buy(trader, f"A{number:02}", "1")
        app = make_app(replace(world.exchange, budgets=None))
        least = Starlette(routes=[Route("/graphql", plain, methods=["POST"])])
        async with client_of(app) as ours, client_of(least) as theirs:
            yield ours, theirs, trader.access_token


async def cpu_us(client: httpx.AsyncClient, query: str, headers: Mapping[str, str]) -> float:
    """Return CPU microseconds for a request: the median of some rounds."""
    found = []
    for _ in range(ROUNDS):
        began_ns = time.process_time_ns()
        for _ in range(REQUESTS):
            answer = await client.post("/graphql", json={"query": query}, headers=dict(headers))
        found.append((time.process_time_ns() - began_ns) / REQUESTS / 1000)
        assert answer.status_code == 200, answer.text
    return median(found)


async def test_requests() -> None:
    async with clients() as (ours, theirs, token):
        headers = {"Authorization": f"Bearer {token}"}
        print(f"\n{'request':<18}{'CPU µs':>10}{'times plain':>14}")
        for name, query in QUERIES.items():
            least = await cpu_us(theirs, query, headers)
            cost = await cpu_us(ours, query, headers)
            print(f"{name:<18}{cost:>10.0f}{cost / least:>14.1f}")
