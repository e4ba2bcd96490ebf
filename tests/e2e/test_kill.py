"""A server is killed while people trade, again and again: nothing acknowledged may be lost."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.people import DEPOSIT, ORDER, Person, register
from tests.e2e.server import Server, command, run, running

PEOPLE = 6
ROUNDS = 3
ACKNOWLEDGED_BEFORE_KILL = 40

SETTINGS = {"DAILY_DEPOSIT_LIMIT": "1000000", "CNOP_SLIPPAGE_PERCENT": "0"}

JOURNAL = """
query ($after: String) {
  transactions(first: 100, after: $after) {
    nodes { version cashChange quantityChange }
    pageInfo { hasNextPage endCursor }
  }
}"""

STATE = "{ account { version cash } portfolio { positions { quantity } } }"


@dataclass(slots=True)
class Trader:
    """Somebody, what the server acknowledged to them, and the key that was last in doubt."""

    person: Person
    operations: int = 0
    acknowledged: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    doubtful: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def note(self, payload: dict[str, Any]) -> None:
        assert payload["errors"] == []
        entry = payload["transaction"]
        told = (entry["cashChange"], entry.get("quantityChange"))
        assert self.acknowledged.setdefault(entry["version"], told) == told


async def trade(trader: Trader, client: httpx.AsyncClient, done: asyncio.Semaphore) -> None:
    """Put money in and buy and sell by turns, until the server is gone."""
    while True:
        trader.operations += 1
        turn = trader.operations % 3
        key = f"{trader.person.username}-{trader.operations}"
        document, variables = (
            (DEPOSIT, {"amount": "100.00", "key": key})
            if turn == 1
            else (ORDER, {"input": _order(key, "BUY" if turn == 2 else "SELL")})
        )
        try:
            data = await run(client, document, trader.person.access_token, **variables)
        except httpx.TransportError:
            trader.doubtful.append((document, variables))
            return
        trader.note(data["deposit" if turn == 1 else "placeOrder"])
        done.release()


def _order(key: str, side: str) -> dict[str, str]:
    return {"assetId": "DOGE", "side": side, "quantity": "1.5", "idempotencyKey": key}


async def kill_while_trading(server: Server, traders: list[Trader]) -> None:
    done = asyncio.Semaphore(0)
    async with server.client() as client:
        tasks = [asyncio.create_task(trade(trader, client, done)) for trader in traders]
        for _ in range(ACKNOWLEDGED_BEFORE_KILL):
            await done.acquire()
        server.kill()
        await asyncio.gather(*tasks)


async def repeat_what_is_in_doubt(server: Server, traders: list[Trader]) -> None:
    """Send each operation without an answer again, with its key: it happens once at most."""
    async with server.client() as client:
        for trader in traders:
            while trader.doubtful:
                document, variables = trader.doubtful.pop()
                data = await run(client, document, trader.person.access_token, **variables)
                trader.note(next(iter(data.values())))


async def compare(server: Server, trader: Trader) -> None:
    """Compare the journal with what was acknowledged, and the account with its journal."""
    token = trader.person.access_token
    journal: dict[int, tuple[str, str | None]] = {}
    async with server.client() as client:
        after = None
        while True:
            page = (await run(client, JOURNAL, token, after=after))["transactions"]
            for node in page["nodes"]:
                journal[node["version"]] = (node["cashChange"], node["quantityChange"])
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        state = await run(client, STATE, token)
    assert {version: cash for version, (cash, _) in journal.items()} == {
        version: cash for version, (cash, _) in trader.acknowledged.items()
    }
    assert sorted(journal) == list(range(1, state["account"]["version"] + 1))
    assert sum(Decimal(cash) for cash, _ in journal.values()) == Decimal(state["account"]["cash"])
    held = sum(Decimal(quantity) for _, quantity in journal.values() if quantity)
    positions = state["portfolio"]["positions"]
    assert held == sum(Decimal(position["quantity"]) for position in positions)


async def test_every_acknowledged_operation_survives_kills(tmp_path: Path) -> None:
    traders: list[Trader] = []
    for _ in range(ROUNDS):
        with running(tmp_path, **SETTINGS) as server:
            if not traders:
                async with server.client() as client:
                    people = [await register(client, f"trader_{n}") for n in range(PEOPLE)]
                traders = [Trader(person) for person in people]
            await repeat_what_is_in_doubt(server, traders)
            await kill_while_trading(server, traders)
        audited = command(tmp_path, "audit")
        assert audited.code == 0, audited.out

    with running(tmp_path, **SETTINGS) as server:
        await repeat_what_is_in_doubt(server, traders)
        for trader in traders:
            await compare(server, trader)
    assert command(tmp_path, "audit").code == 0
