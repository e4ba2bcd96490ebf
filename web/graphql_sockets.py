"""The protocol graphql-transport-ws: whatever a client sends, it is told what was wrong with it."""

import asyncio
import logging
from contextlib import ExitStack, aclosing, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLError, parse
from strawberry.http import GraphQLRequestData
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    CompleteMessage,
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)
from strawberry.types.graphql import OperationType
from strawberry.utils.operation import get_operation_type

from domain.ids import UserId
from domain.sessions import NotAuthenticatedError
from web.graphql_errors import (
    INTERNAL,
    RATE_LIMITED,
    SERVICE_UNAVAILABLE,
    RequestRefusedError,
    has_begun,
)
from web.graphql_requests import message_problem, request_data
from web.reception import Caller
from web.session_ends import LOOK_EVERY, Sleep, ended
from web.socket_adapter import (
    BAD_MESSAGE,
    FORBIDDEN,
    GOING_AWAY,
    NO_ANSWER,
    TOO_MANY_INITS,
    TRY_AGAIN_LATER,
)

if TYPE_CHECKING:
    from strawberry.types import ExecutionResult

    from web.graphql_app import GraphQLEndpoint

GOODBYE_S_MAX = 2.0
"""Seconds that queries and mutations on a socket have to end once the server stops."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketPace:
    """How long a socket waits for what."""

    init_wait: timedelta = timedelta(seconds=10)
    """For connection_init: one slow round trip and a half."""
    look_every: timedelta = LOOK_EVERY
    """Between two looks at whether the session goes on."""
    looks_per_ping: int = 5
    """A ping each 25 s: proxies close what is silent for 30 to 60 s. Who has said nothing by the
    time of the next one is gone."""
    sleep: Sleep = asyncio.sleep


EVERYDAY = SocketPace()


class SocketOperation(Operation[Any, None]):
    """An operation as it was asked for; its document may still be named by a hash alone."""

    __slots__ = ("data",)

    def __init__(self, handler: "SocketHandler", name: str, data: GraphQLRequestData) -> None:
        super().__init__(handler, name, data.query or "", data.variables, data.operation_name)
        self.data = data


class SocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """Serves one socket. Its context is the Caller; each operation signs in anew."""

    view: "GraphQLEndpoint"
    context: Caller
    _care: asyncio.Task[None] | None = None
    _is_signed_in = False
    _is_asked = False
    """Whether a ping is out, and nothing was heard since."""
    _places: ExitStack
    """What the socket holds of its user's bound, given back whichever way it ends."""

    async def handle(self) -> None:
        """Serve the socket until it closes."""
        with self.view.sockets.holding(self), ExitStack() as self._places:
            try:
                await super().handle()
            finally:
                if self._care is not None:
                    self._care.cancel()
                    await asyncio.wait([self._care])

    async def handle_message(self, message: Message) -> None:
        """Do what a message asks for, or close with 4400 and the reason."""
        self._is_asked = False
        if problem := message_problem(message):
            await self.handle_invalid_message(problem)
        else:
            await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Sign in with the payload's token, or that of the upgrade request, and acknowledge."""
        if self.connection_timed_out:
            return
        if self.connection_init_received:
            await self.websocket.close(TOO_MANY_INITS, "Too many initialisation requests")
            return
        self.connection_init_received = True
        if self.connection_init_timeout_task:
            self.connection_init_timeout_task.cancel()
        payload = message.get("payload") or {}
        given = payload.get("Authorization", payload.get("authorization"))
        if not isinstance(given, str | None):
            await self.handle_invalid_message("`Authorization` must be a text.")
            return
        self.context = replace(self.context, authorization=given or self.context.authorization)
        try:
            viewer = await self.view.reception.viewer(self.context)
        except NotAuthenticatedError as error:
            await self.websocket.close(FORBIDDEN, f"Forbidden: {error.reason.value}")
        except RequestRefusedError as error:
            await self.websocket.close(TRY_AGAIN_LATER, error.message)
        else:
            if viewer is not None and not self._has_place(viewer.user_id):
                await self.websocket.close(TRY_AGAIN_LATER, self._too_many())
                return
            await self.send_message({"type": "connection_ack"})
            self.connection_acknowledged = True
            self._is_signed_in = viewer is not None
            self._care = asyncio.create_task(self._take_care())

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin an operation, unless there are too many or the server is about to stop."""
        if not self.connection_acknowledged or message["id"] in self.operations:
            await super().handle_subscribe(message)
        elif refusal := self._refusal():
            errors = [refusal.formatted]
            await self.send_message({"id": message["id"], "type": "error", "payload": errors})
        else:
            operation = SocketOperation(self, message["id"], request_data(message["payload"]))
            operation.task = asyncio.create_task(self.run_operation(operation))
            operation.task.add_done_callback(self._task_done)
            self.operations[operation.id] = operation

    async def run_operation(self, operation: SocketOperation) -> None:  # type: ignore[override] # our handle_subscribe makes no others
        """Run an operation to its end, whatever its kind."""
        self.view.metrics.socket_operations.inc()
        outcome = "errors"
        try:
            outcome = await self._run(operation)
        except WebSocketDisconnected:
            outcome = "disconnected"
        except asyncio.CancelledError:
            outcome = "stopped"
            raise
        except RequestRefusedError as refused:
            await self._end(operation, _error(refused.message, refused.code))
        except GraphQLError as error:  # of a hash that names no document here
            self.schema.process_errors([error])
            await self._end(operation, error)
        except Exception:  # noqa: BLE001 (the outermost edge of a task)
            _LOG.exception("An operation on a websocket failed in a way that nobody foresaw.")
            await self._end(operation, _error("Something went wrong on our side.", INTERNAL))
        finally:
            self.view.metrics.socket_operations.dec()
            self.view.metrics.operations.labels("websocket", outcome).inc()

    async def say_goodbye(self) -> None:
        """Let queries and mutations end, for a while, and close with 1001."""
        answering = [
            operation.task
            for operation in self.operations.values()
            if operation.task and not _is_subscription(operation)
        ]
        if answering:
            await asyncio.wait(answering, timeout=GOODBYE_S_MAX)
        await self.websocket.close(GOING_AWAY, "The server is shutting down; connect again.")

    async def handle_invalid_message(self, error_message: str) -> None:
        """Close the socket: a client that sends such things has a bug."""
        await self.websocket.close(BAD_MESSAGE, error_message)

    async def _take_care(self) -> None:
        """Close the socket once its session has ended, or once nobody answers."""
        pace, looks = self.view.pace, 0
        with suppress(WebSocketDisconnected):
            while True:
                await pace.sleep(pace.look_every.total_seconds())
                looks += 1
                if self._is_signed_in:
                    reason = await ended(self.view.reception, self.context)
                    if reason is not None:
                        await self.websocket.close(FORBIDDEN, f"Forbidden: {reason.value}")
                        return
                if looks % pace.looks_per_ping == 0:
                    if self._is_asked:
                        await self.websocket.close(NO_ANSWER, "Nobody answers the server's ping")
                        return
                    self._is_asked = True
                    await self.send_message({"type": "ping"})

    def _has_place(self, user: UserId) -> bool:
        return self._places.enter_context(self.view.sockets.counting_user(user))

    def _too_many(self) -> str:
        at_most = self.view.sockets.per_user_max
        return f"{RATE_LIMITED}: {at_most} websockets of yours are open here; close one first"

    async def _run(self, operation: SocketOperation) -> str:
        address = self.context.address
        operation.query = await self.view.documents.text(operation.data, address) or ""
        if not operation.query.strip():
            raise RequestRefusedError(400, "The operation has no `query` in it.")
        context = await self.view.reception.context(self.context)
        results = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=context,
            root_value=None,
            operation_name=operation.operation_name,
            operation_extensions=operation.data.extensions,
        )
        outcome = "ok"
        async with aclosing(results):
            async for result in results:
                answer = cast("ExecutionResult", result)  # our schema defers no parts of any
                if not has_begun(answer):
                    await operation.send_initial_errors(answer.errors or [])
                    return "errors"
                outcome = "errors" if answer.errors else outcome
                await operation.send_next(answer)
        await operation.send_operation_message(CompleteMessage(id=operation.id, type="complete"))
        return outcome

    async def _end(self, operation: Operation[Any, None], error: GraphQLError) -> None:
        try:
            await operation.send_initial_errors([error])
        except WebSocketDisconnected:
            return

    def _refusal(self) -> GraphQLError | None:
        """Return why no operation may begin now; each counts as a request of its address."""
        at_most, counts = self.view.operations_per_socket, self.view.counts
        if self.view.sockets.is_closing:
            return _error("The server is shutting down.", SERVICE_UNAVAILABLE)
        if counts is not None:
            standing = counts.count(self.context.address)
            if not standing.is_within:
                self.view.metrics.refused.inc()
                return _error(standing.advice, RATE_LIMITED, retryAfterSeconds=standing.wait_s)
        if at_most and len(self.operations) >= at_most:
            told = f"This socket runs {at_most} operations, and no more are allowed."
            return _error(told, RATE_LIMITED)
        return None


def _error(message: str, code: str, **more: object) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code, **more})


def _is_subscription(operation: Operation[Any, None]) -> bool:
    try:
        document = parse(operation.query)
        kind = get_operation_type(document, operation.operation_name)
    except (GraphQLError, RuntimeError, RecursionError):
        return False
    return kind is OperationType.SUBSCRIPTION
