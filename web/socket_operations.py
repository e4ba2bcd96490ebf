"""One operation on a websocket, from its document to its last message."""

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLError, parse
from strawberry.http import GraphQLRequestData
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import Operation
from strawberry.types.graphql import OperationType
from strawberry.utils.operation import get_operation_type

from web.graphql_errors import RequestRefusedError, has_begun, internal_error

if TYPE_CHECKING:
    from strawberry.types import ExecutionResult

    from web.graphql_sockets import SocketHandler

_LOG = logging.getLogger(__name__)


class SocketOperation(Operation[Any, None]):
    """An operation as it was asked for; its document may still be named by a hash alone."""

    __slots__ = ("data",)
    handler: "SocketHandler"

    def __init__(self, handler: "SocketHandler", name: str, data: GraphQLRequestData) -> None:
        super().__init__(handler, name, data.query or "", data.variables, data.operation_name)
        self.data = data

    @property
    def is_subscription(self) -> bool:
        """Tell whether it goes on until somebody ends it."""
        try:
            document = parse(self.query)
            kind = get_operation_type(document, self.operation_name)
        except (GraphQLError, RuntimeError, RecursionError):
            return False
        return kind is OperationType.SUBSCRIPTION

    async def run(self) -> None:
        """Run to the end, whatever the kind."""
        metrics = self.handler.view.metrics
        outcome = "errors"
        try:
            with metrics.socket_operations.track_inprogress():
                outcome = await self._told()
        except WebSocketDisconnected:
            outcome = "disconnected"
        except asyncio.CancelledError:
            outcome = "stopped"
            raise
        finally:
            metrics.operations.labels("websocket", outcome).inc()

    async def _told(self) -> str:
        try:
            return await self._answered()
        except RequestRefusedError as refused:
            error = GraphQLError(refused.message, extensions={"code": refused.code})
        except GraphQLError as unknown:  # a hash that names no document here
            self.handler.schema.process_errors([unknown])
            error = unknown
        except WebSocketDisconnected:
            raise
        except Exception:  # noqa: BLE001 (the outermost edge of a task)
            _LOG.exception("An operation on a websocket failed in a way that nobody foresaw.")
            message, extensions = internal_error()
            error = GraphQLError(message, extensions=extensions)
        await self.send_initial_errors([error])
        return "errors"

    async def _answered(self) -> str:
        view, caller = self.handler.view, self.handler.context
        self.query = await view.documents.text(self.data, caller.address) or ""
        if not self.query.strip():
            raise RequestRefusedError(400, "The operation has no `query` in it.")
        results = await self.handler.schema.stream(
            self.query,
            variable_values=self.variables,
            context_value=await view.reception.context(caller),
            operation_name=self.operation_name,
            operation_extensions=self.data.extensions,
        )
        outcome = "ok"
        async with aclosing(results):
            async for result in results:
                answer = cast("ExecutionResult", result)  # our schema defers no parts of any
                if not has_begun(answer):
                    await self.send_initial_errors(answer.errors or [])
                    return "errors"
                outcome = "errors" if answer.errors else outcome
                await self.send_next(answer)
        await self.send_operation_message({"id": self.id, "type": "complete"})
        return outcome
