"""People who trade through servers that are killed, and remember what they were told."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.people import DEPOSIT, ORDER, Person

TRIES_MAX = 50
"""Sendings of one operation to a server that is there, and says that it can't do it now."""

PAUSE_S = 0.1

PASSING = frozenset({"CONFLICT", "OUTCOME_UNKNOWN", "SERVICE_UNAVAILABLE"})
"""Codes that ask for the same again, with the same key."""

Told = tuple[str, str | None]
"""An entry as somebody was told it: the change of cash and of the quantity."""


@dataclass(slots=True)
class Memory:
    """What the servers acknowledged of one account, by version."""

    person: Person
    acknowledged: dict[int, Told] = field(default_factory=dict)

    def note(self, payload: dict[str, Any]) -> None:
        entry = payload["transaction"]
        told = (entry["cashChange"], entry.get("quantityChange"))
        # A version is told twice where an answer was lost, and then in the same words.
        assert self.acknowledged.setdefault(entry["version"], told) == told


@dataclass(slots=True)
class Writer:
    """One of those who trade on an account, and the operation that has had no answer."""

    name: str
    memory: Memory
    operations: int = 0
    in_doubt: tuple[str, dict[str, Any]] | None = None

    async def trade(
        self, client: httpx.AsyncClient, done: asyncio.Semaphore, stopping: asyncio.Event
    ) -> None:
        """Put money in, buy and sell by turns, until it is time to stop or the server is gone."""
        while not stopping.is_set():
            if self.in_doubt is None:
                self.in_doubt = self._next()
            if not await self._send(client):
                return
            done.release()

    async def settle(self, client: httpx.AsyncClient) -> None:
        """Send again what has had no answer: it happens once, whoever did it."""
        if self.in_doubt is not None:
            assert await self._send(client)

    async def _send(self, client: httpx.AsyncClient) -> bool:
        """Do the operation; tell whether the server answered."""
        assert self.in_doubt is not None
        document, variables = self.in_doubt
        headers = {"Authorization": f"Bearer {self.memory.person.access_token}"}
        for _ in range(TRIES_MAX):
            try:
                answer = await client.post(
                    "/graphql", json={"query": document, "variables": variables}, headers=headers
                )
            except httpx.TransportError:
                return False
            body = answer.json()
            payload = next(iter((body.get("data") or {"": None}).values()))
            if payload is not None and not payload["errors"]:
                self.memory.note(payload)
                self.in_doubt = None
                return True
            assert _codes(body, payload) <= PASSING, body
            await asyncio.sleep(PAUSE_S)
        raise AssertionError(f"{self.name} was never served: {body}")

    def _next(self) -> tuple[str, dict[str, Any]]:
        self.operations += 1
        key = f"{self.name}-{self.operations}"
        turn = self.operations % 3
        if turn == 1:
            return DEPOSIT, {"amount": "100.00", "key": key}
        side = "BUY" if turn == 2 else "SELL"
        order = {"assetId": "DOGE", "side": side, "quantity": "1.5", "idempotencyKey": key}
        return ORDER, {"input": order}


def _codes(body: dict[str, Any], payload: dict[str, Any] | None) -> set[str]:
    top = {error["extensions"]["code"] for error in body.get("errors", ())}
    return top | {error["code"] for error in (payload or {"errors": ()})["errors"]}
