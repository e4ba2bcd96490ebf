"""Stepping through a recording by HTTP: for tests of clients, never in production."""

import asyncio
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.replay_steps import LINES_MAX, ReplaySteps
from domain.instants import text_of
from domain.market_clock import MarketClock
from web.graphql_errors import BAD_USER_INPUT, SERVICE_UNAVAILABLE, error_response
from web.graphql_media_types import JSON, parsed
from web.paths import REPLAY_STEP
from web.strict_json import decode

STEP_S_MAX = 600.0
"""Seconds that a request waits for its step: what takes longer goes on without it."""

_EXPECTED = f'{{"lines": 1 to {LINES_MAX}}} or {{"until": "2024-03-02T00:00:00Z"}} is expected.'


class BadStepError(Exception):
    """What was sent is no step."""


class StepEndpoint:
    """Plays the next lines, and answers when all that they bring about is done."""

    def __init__(self, steps: ReplaySteps, clock: MarketClock) -> None:
        self._steps = steps
        self._clock = clock

    def route(self) -> Route:
        """Return the address of steps."""
        return Route(REPLAY_STEP, self.step, methods=["POST"])

    async def step(self, request: Request) -> Response:
        """Play so many lines, or all up to an instant; tell the market's time then."""
        if parsed(request.headers.get("content-type", ""))[0] != JSON:
            # A page of another origin needs leave to send this type, and doesn't get it.
            return error_response(415, BAD_USER_INPUT, f"The Content-Type must be {JSON}.")
        try:
            lines, until = read(await request.body())
            async with asyncio.timeout(STEP_S_MAX):
                await self._steps.step(lines=lines, until=until)
        except BadStepError:
            return error_response(400, BAD_USER_INPUT, _EXPECTED)
        except TimeoutError:
            return error_response(503, SERVICE_UNAVAILABLE, "The step isn't over yet; ask again.")
        at = text_of(self._clock.market_now())
        return JSONResponse({"marketTime": at, "hasEnded": self._steps.has_ended})


def read(body: bytes) -> tuple[int, datetime | None]:
    """Return how many lines a step has, or up to when it goes. Raises BadStepError."""
    try:
        match _only_pair(decode(body)):
            case ("lines", int(lines)) if 1 <= lines <= LINES_MAX and lines is not True:
                return lines, None
            case ("until", str(text)):
                until = datetime.fromisoformat(text)
                if until.tzinfo is not None:
                    return 0, until
    except ValueError:
        pass
    raise BadStepError


def _only_pair(sent: object) -> object:
    """Return the name and the value of an object that has one of each."""
    return next(iter(sent.items())) if isinstance(sent, dict) and len(sent) == 1 else None
