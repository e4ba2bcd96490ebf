"""A server in memory for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.api.world import World, opened


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with opened() as running:
        yield running
