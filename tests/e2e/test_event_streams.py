"""Subscriptions as server-sent events, over a real connection."""

import json
import signal
from pathlib import Path

from tests.e2e.server import running

PRICES = 'subscription { priceUpdates(assetIds: ["BTC"]) { price } }'
EVENTS = 5


async def test_prices_are_streamed_until_the_server_stops(tmp_path: Path) -> None:
    with running(tmp_path, CNOP_MARKET_TICK_SECONDS="0.05") as server:
        async with (
            server.client() as client,
            client.stream(
                "POST",
                "/graphql",
                json={"query": PRICES},
                headers={"accept": "text/event-stream"},
            ) as answer,
        ):
            told = []
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    told.append(json.loads(line.removeprefix("data: ")))
                if len(told) == EVENTS:
                    server.signal(signal.SIGTERM)
        assert server.wait() == 0, server.err

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream"
    prices = {event["data"]["priceUpdates"][0]["price"] for event in told}
    assert len(prices) > 1
