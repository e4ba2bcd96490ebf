"""Whose word counts for where a request comes from: that of proxies the settings name, no other."""

from dataclasses import replace

import pytest

from tests.api.world import opened
from tests.web.asgi import client_of
from web.serving import _config

PROXY = "10.0.0.7"
STRANGER = "198.51.100.1"
CLIENT = "203.0.113.9"


async def remaining(peer: str, *headers: tuple[str, str], counted: str = CLIENT) -> list[str]:
    """Return what is left of an address's minute after a request with headers, and one of its own.

    `counted` is the address that the second request comes from by itself.
    """
    async with opened() as world:
        settings = replace(
            world.exchange.settings, trusted_proxies=("10.0.0.0/8",), requests_per_minute=9
        )
        config = _config(settings, replace(world.exchange, settings=settings))
        config.load()
        told = []
        for address, sent in ((peer, headers), (counted, ())):
            async with client_of(config.loaded_app, address) as client:
                answer = await client.get("/nowhere", headers=list(sent))
                told.append(answer.headers["x-ratelimit-remaining"])
        return told


@pytest.mark.parametrize(
    "forwarded",
    [
        CLIENT,
        f"{CLIENT}:40001",
        f"1.1.1.1, {CLIENT}",
        f"{CLIENT}, 10.1.1.1",
        f"127.0.0.1, 10.9.9.9, {CLIENT}, 10.1.1.1",
        f"unknown, {CLIENT}",
    ],
)
async def test_the_last_address_that_is_no_proxys_is_the_clients(forwarded: str) -> None:
    assert await remaining(PROXY, ("x-forwarded-for", forwarded)) == ["8", "7"]


async def test_a_header_that_the_client_brought_along_changes_nothing() -> None:
    brought, added = ("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", CLIENT)

    assert await remaining(PROXY, brought, added) == ["8", "7"]


async def test_nobody_else_is_believed() -> None:
    forwarded = ("x-forwarded-for", CLIENT)

    assert await remaining(STRANGER, forwarded) == ["8", "8"]
    assert await remaining(STRANGER, forwarded, counted=STRANGER) == ["8", "7"]


async def test_one_that_says_nothing_is_counted_itself() -> None:
    assert await remaining(PROXY, counted=PROXY) == ["8", "7"]
