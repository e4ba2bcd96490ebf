"""Whether the server is there, and whether it can do its work."""

import asyncio
import logging
import time
from collections.abc import Callable
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from adapters.table import Key, TableError
from web.composition import Exchange
from web.paths import HEALTH, LIVE, READY

STORE_S_MAX = 2.0
"""Seconds that the store has to answer a probe; Kubernetes gives a probe one to ten."""

STORE_KEPT_S = 1.0
"""Seconds for which an answer of the store is told again: probes are neither counted nor refused,
and whoever asks all the time must not make the store work."""

OK = "ok"
_PROBE = Key("HEALTH", "PROBE")
_NO_STORE = {"cache-control": "no-store"}
_LOG = logging.getLogger(__name__)


class Health:
    """Answers probes: `live` looks at nothing, `ready` at what requests need."""

    def __init__(
        self, exchange: Exchange, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._exchange = exchange
        self._monotonic = monotonic
        self._version = version("cnop")
        self._look: asyncio.Task[str] | None = None
        self._look_again_at = 0.0

    def routes(self) -> list[Route]:
        """Return the addresses of the probes."""
        return [
            Route(HEALTH, self.health),
            Route(LIVE, self.live),
            Route(READY, self.ready),
        ]

    async def health(self, request: Request) -> JSONResponse:
        """Tell the version."""
        del request
        return JSONResponse({"status": OK, "version": self._version}, headers=_NO_STORE)

    async def live(self, request: Request) -> JSONResponse:
        """Tell that the event loop turns."""
        del request
        return JSONResponse({"status": OK}, headers=_NO_STORE)

    async def ready(self, request: Request) -> JSONResponse:
        """Tell whether requests can be served: 503 with what is wrong otherwise.

        What goes on worse than it should, and why, doesn't keep requests away.
        """
        del request
        checks = {
            "server": "stopping" if self._exchange.sockets.is_closing else OK,
            "store": await self._store(),
            "market": self._market(),
        }
        is_ready = all(found == OK for found in checks.values())
        degraded = self._exchange.degraded()
        status = "unavailable" if not is_ready else "degraded" if degraded else OK
        return JSONResponse(
            {"status": status, "checks": checks, "degraded": degraded},
            200 if is_ready else 503,
            _NO_STORE,
        )

    async def _store(self) -> str:
        """Tell what the last look found, or the one that others are waiting for already."""
        now_s = self._monotonic()
        if self._look is None or (self._look.done() and now_s >= self._look_again_at):
            self._look = asyncio.create_task(self._look_at_store(), name="probe")
            self._look_again_at = now_s + STORE_KEPT_S
        return await asyncio.shield(self._look)

    async def _look_at_store(self) -> str:
        try:
            async with asyncio.timeout(STORE_S_MAX):
                await self._exchange.table.get(_PROBE)
        except TimeoutError:
            return f"no answer within {STORE_S_MAX:g} s"
        except TableError as error:
            _LOG.warning("The store does not answer a probe: %s", error)
            return "no answer"
        return OK

    def _market(self) -> str:
        health = self._exchange.market.health()
        if health.is_healthy:
            return OK
        if health.tick_age is None:
            return "no prices yet"
        return f"no prices for {health.tick_age.total_seconds():.0f} s"
