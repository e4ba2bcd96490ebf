"""Rounds of kill -9 under sixteen writers: nothing acknowledged is lost, and nothing doubled.

Three rounds each; before a release: KILL_ROUNDS=20 .venv/bin/pytest tests/load
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from adapters.journal_items import entry_sk
from adapters.table import Index, Position, Table
from domain.audit import Finding
from domain.money import Money
from tests.e2e.people import register
from tests.e2e.server import Server, running
from tests.fixtures_dynamodb import dynamodb_endpoint
from tests.load.setups import Setup, on_dynamodb, on_sqlite
from tests.load.writers import Memory, Writer
from tests.redis_server import own_redis
from web.auditing import audit
from web.stores import open_store_read_only

__all__ = ["dynamodb_endpoint", "on_dynamodb", "on_sqlite", "own_redis"]

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))
ACCOUNTS = 8
WRITERS = 16
ACKNOWLEDGED_BEFORE_KILL = 48
"""Operations in a round: three for each writer, so that all of them are in the middle of one."""


class Servers:
    """Servers in places of their own, each of which can be killed and started again."""

    def __init__(self, folder: Path, setup: Setup) -> None:
        self._folder = folder
        self._setup = setup
        self._places = [ExitStack() for _ in range(setup.servers)]
        self.running: list[Server | None] = [None] * setup.servers

    def start(self) -> list[Server]:
        """Start those that aren't running, and return all."""
        for place, server in enumerate(self.running):
            if server is None:
                folder = self._folder / f"server-{place}"
                served = running(folder, **self._setup.settings)
                self.running[place] = self._places[place].enter_context(served)
        return [server for server in self.running if server]

    def kill(self, place: int) -> None:
        server = self.running[place]
        assert server is not None
        server.kill()
        self._places[place].close()
        self.running[place] = None

    def close(self) -> None:
        for place in self._places:
            place.close()


@contextmanager
def served(folder: Path, setup: Setup) -> Iterator[Servers]:
    servers = Servers(folder, setup)
    try:
        yield servers
    finally:
        servers.close()


async def people(server: Server) -> list[Writer]:
    """Return the writers, two on each account."""
    async with server.client() as client:
        found = [await register(client, f"trader_{number}") for number in range(ACCOUNTS)]
    memories = [Memory(person) for person in found]
    return [Writer(f"writer-{n}", memories[n % ACCOUNTS]) for n in range(WRITERS)]


async def kill_while_trading(servers: Servers, writers: list[Writer], victim: int) -> None:
    """Kill one server in the middle of its work; those on another one go on, and then stop."""
    done, stopping = asyncio.Semaphore(0), asyncio.Event()
    async with clients_of(servers.start()) as clients:
        trading = [
            asyncio.create_task(writer.trade(clients[n % len(clients)], done, stopping))
            for n, writer in enumerate(writers)
        ]
        for _ in range(ACKNOWLEDGED_BEFORE_KILL):
            waiting = asyncio.create_task(done.acquire())
            await asyncio.wait({waiting, *trading}, return_when=asyncio.FIRST_COMPLETED)
            for task in trading:
                assert not task.done(), task.exception()
            await waiting
        servers.kill(victim)
        stopping.set()
        await asyncio.gather(*trading)


async def settle(servers: list[Server], writers: list[Writer]) -> None:
    """Repeat what is in doubt, on a server that did not begin it where there is one."""
    async with clients_of(servers) as clients:
        await asyncio.gather(
            *(writer.settle(clients[(n + 1) % len(clients)]) for n, writer in enumerate(writers))
        )


@asynccontextmanager
async def clients_of(servers: list[Server]) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(server.client()) for server in servers]


async def reconcile(setup: Setup, writers: list[Writer]) -> None:
    """Compare the store with what was acknowledged; what is in doubt may be there once."""
    assert [found async for found in audit(setup.store) if isinstance(found, Finding)] == []
    table = await open_store_read_only(setup.store, wall_clock_s=time.time)
    try:
        for memory in memories_of(writers):
            stored = await journal(table, memory.person.account_id)
            doubtful = sum(w.memory is memory and w.in_doubt is not None for w in writers)
            lost = memory.acknowledged.keys() - stored.keys()
            assert not lost, f"{memory.person.username} lost {sorted(lost)}"
            assert len(stored) - len(memory.acknowledged) <= doubtful
            for version, (cash, _) in memory.acknowledged.items():
                assert stored[version] == Money.of(cash), (memory.person.username, version)
    finally:
        await table.close()


def memories_of(writers: list[Writer]) -> list[Memory]:
    return list({id(writer.memory): writer.memory for writer in writers}.values())


async def journal(table: Table, account_id: str) -> dict[int, Money]:
    """Return what each version of an account did to its cash."""
    found: dict[int, Money] = {}
    after: Position | None = None
    while True:
        page = await table.query(
            f"ACCOUNT#{account_id}",
            index=Index.MAIN,
            low=entry_sk(1),
            high="JOURNAL#~",
            after=after,
        )
        for item in page.items:
            version, cash = item.attributes["version"], item.attributes["cash_change"]
            assert isinstance(version, int)
            assert isinstance(cash, int)
            found[version] = Money(cash)
        if not page.more:
            return found
        after = Position.of(page.items[-1])


@pytest.mark.parametrize("name", ["on_sqlite", "on_dynamodb"])
async def test_nothing_is_lost_or_doubled(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, say: Callable[[str], None]
) -> None:
    setup: Setup = request.getfixturevalue(name)
    writers: list[Writer] = []
    with served(tmp_path, setup) as servers:
        for number in range(ROUNDS):
            started = servers.start()
            writers = writers or await people(started[0])
            await settle(started, writers)
            await kill_while_trading(servers, writers, victim=number % setup.servers)
            await reconcile(setup, writers)
        await settle(servers.start(), writers)
        await reconcile(setup, writers)
        assert not [writer.name for writer in writers if writer.in_doubt]
    acknowledged = sum(len(memory.acknowledged) for memory in memories_of(writers))
    say(f"kill -9, {name}: {acknowledged} operations in {ROUNDS} rounds, none lost or doubled")
    assert acknowledged >= ROUNDS * ACKNOWLEDGED_BEFORE_KILL
