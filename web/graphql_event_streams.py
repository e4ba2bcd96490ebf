"""Operations answered as server-sent events: a subscription for who can't open a websocket.

The protocol is graphql-sse in distinct connections mode: an event `next` for each result, and
`complete` at the end. A stream that ends without it may be asked for again.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import ExitStack, aclosing
from datetime import timedelta
from typing import Any, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.http import GraphQLRequestData, process_result
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from schema.api import Schema
from schema.context import Context
from web.graphql_errors import RATE_LIMITED, SERVICE_UNAVAILABLE, error_response
from web.metrics import Metrics
from web.open_sockets import OpenSockets
from web.reception import Caller, Reception
from web.session_ends import Sleep, end_of_session
from web.strict_json import encode

HEARTBEAT_S = 15.0
"""How often a stream says that it is there; proxies close what is silent for 30 to 60 s."""

OPENING_S = 1.0
"""When it says so first, if nothing has happened: until then it has a place among the requests that
are worked on, and streams that wait for events are not to keep others from theirs."""

_ALLOWED = {
    "GET": frozenset({OperationType.QUERY, OperationType.SUBSCRIPTION}),
    "POST": frozenset(OperationType),
}
_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
]
"""What somebody is told is nobody else's, so no cache may keep it."""

_PING = ": ping\n\n"

Results = AsyncGenerator[ExecutionResult, None]

Ending = str
"""What a stream says last: events, or nothing."""


class EventStreams:
    """Makes streams; an open one counts as a websocket of its address and its user."""

    def __init__(
        self,
        schema: Schema,
        *,
        reception: Reception,
        sockets: OpenSockets,
        metrics: Metrics,
        look_every: timedelta,
        sleep: Sleep,
    ) -> None:
        self.schema = schema
        self.reception = reception
        self.sockets = sockets
        self.metrics = metrics
        self.look_every = look_every
        self.sleep = sleep

    async def stream(self, data: GraphQLRequestData, caller: Caller, method: str) -> "EventStream":
        """Return the answer to an operation; it runs once the answer is sent.

        Raises RequestRefusedError when nobody can tell who asks.
        """
        context = await self.reception.context(caller)
        return EventStream(self, data, caller, context, _ALLOWED[method])


class EventStream:
    """One answer, an ASGI application."""

    def __init__(
        self,
        streams: EventStreams,
        data: GraphQLRequestData,
        caller: Caller,
        context: Context,
        allowed: frozenset[OperationType],
    ) -> None:
        self._streams = streams
        self._data = data
        self._caller = caller
        self._context = context
        self._allowed = allowed
        self._goodbye = asyncio.Event()
        self._outcome = "stopped"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with ExitStack() as places:
            if refusal := self._refusal(places):
                await refusal(scope, receive, send)
            else:
                places.enter_context(self._streams.sockets.holding(self))
                await self._serve(receive, send)

    def _refusal(self, places: ExitStack) -> Response | None:
        """Take the places that a stream needs; return what is said where one is missing."""
        sockets, viewer = self._streams.sockets, self._context.request.viewer
        if not places.enter_context(sockets.counting(self._caller.address)):
            if sockets.is_closing:
                return error_response(503, SERVICE_UNAVAILABLE, "The server is shutting down.")
            return error_response(429, RATE_LIMITED, "This address has too many streams open.")
        if viewer is None or places.enter_context(sockets.counting_user(viewer.user_id)):
            return None
        return error_response(429, RATE_LIMITED, "This user has too many streams open.")

    async def say_goodbye(self) -> None:
        """End the answer where it is."""
        self._goodbye.set()

    async def _serve(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        results = await self._streams.schema.stream(
            self._data.query,
            variable_values=self._data.variables,
            context_value=self._context,
            operation_name=self._data.operation_name,
            operation_extensions=self._data.extensions,
            allowed_operation_types=self._allowed,
        )
        endings: list[Coroutine[Any, Any, Ending]] = [_client_left(receive), self._told_goodbye()]
        if self._context.request.viewer is not None:
            endings.append(self._session_ended())
        metrics, noted = self._streams.metrics, self._noted(results)
        try:
            with metrics.socket_operations.track_inprogress():
                async with aclosing(_until_ended(noted, endings)) as events:
                    async for event in events:
                        body = event.encode()
                        await send({"type": "http.response.body", "body": body, "more_body": True})
        finally:
            metrics.operations.labels("events", self._outcome).inc()
        await send({"type": "http.response.body", "body": b""})

    async def _noted(self, results: StreamResult) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the results, and remember how the operation ended; it may be cut off before."""
        errors = 0
        async with aclosing(results):
            async for result in results:
                answer = cast("ExecutionResult", result)  # our schema defers no parts of any
                errors += bool(answer.errors)
                yield answer
        self._outcome = "errors" if errors else "ok"

    async def _told_goodbye(self) -> Ending:
        await self._goodbye.wait()
        return ""

    async def _session_ended(self) -> Ending:
        streams = self._streams
        reason = await end_of_session(
            streams.reception, self._caller, look_every=streams.look_every, sleep=streams.sleep
        )
        error = {"message": reason.value, "extensions": {"code": "UNAUTHENTICATED"}}
        return _next({"errors": [error]}) + _COMPLETE


async def _client_left(receive: Receive) -> Ending:
    while (await receive())["type"] != "http.disconnect":
        pass
    return ""


async def _until_ended(
    results: Results, endings: list[Coroutine[Any, Any, Ending]]
) -> AsyncGenerator[str, None]:
    """Yield the text of each event; of the first ending, its last words."""
    causes = [asyncio.create_task(ending) for ending in endings]
    try:
        async with aclosing(results):
            async for event in _events(results, causes):
                yield event
    finally:
        for cause in causes:
            cause.cancel()
        await asyncio.gather(*causes, return_exceptions=True)


async def _events(
    results: Results, causes: list[asyncio.Task[Ending]]
) -> AsyncGenerator[str, None]:
    patience_s = OPENING_S
    while True:
        coming = asyncio.ensure_future(anext(results, None))
        try:
            while not coming.done():
                await asyncio.wait(
                    (coming, *causes),
                    timeout=patience_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if over := next((cause for cause in causes if cause.done()), None):
                    if last_words := over.result():
                        yield last_words
                    return
                patience_s = HEARTBEAT_S
                if not coming.done():
                    yield _PING
            result = coming.result()
        finally:
            await _cancelled(coming)
        if result is None:
            yield _COMPLETE
            return
        yield _next(process_result(result))


async def _cancelled(task: asyncio.Future[Any]) -> None:
    """Return once the task has ended: a stream can't be closed while it is being read."""
    task.cancel()
    await asyncio.wait([task])


def _next(result: Mapping[str, object]) -> str:
    return _event("next", encode(result).decode())


def _event(name: str, data: str = "") -> str:
    """Return an event; `data` is one line, and there even if empty: browsers drop one without.

    Lines may end in LF or CRLF by the standard, but Hive's gateway knows LF alone.
    """
    return f"event: {name}\ndata: {data}\n\n"


_COMPLETE = _event("complete")
