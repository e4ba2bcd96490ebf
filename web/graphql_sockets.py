"""The protocol graphql-transport-ws: whatever a client sends, it is told what was wrong with it."""

import asyncio
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from domain.ids import UserId
from domain.sessions import NotAuthenticatedError
from web.graphql_errors import RATE_LIMITED, SERVICE_UNAVAILABLE, RequestRefusedError
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
from web.socket_operations import SocketOperation

if TYPE_CHECKING:
    from collections.abc import Collection

    from web.graphql_app import GraphQLEndpoint

GOODBYE_S_MAX = 2.0
"""Seconds that queries and mutations on a socket have to end once the server stops."""


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
            operation.task = asyncio.create_task(operation.run())
            operation.task.add_done_callback(self._task_done)
            self.operations[operation.id] = operation

    async def say_goodbye(self) -> None:
        """Let queries and mutations end, for a while, and close with 1001."""
        operations = cast("Collection[SocketOperation]", self.operations.values())
        answering = [one.task for one in operations if one.task and not one.is_subscription]
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
