"""The ASGI application: addresses inside, guards around them."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from adapters.trusted_documents import TrustedDocumentTable
from schema.api import make_schema
from schema.client_sdl import client_sdl
from web import pages
from web.composition import Exchange
from web.graphql_app import GraphQLEndpoint
from web.graphql_errors import BAD_USER_INPUT, error_response, internal_error_response
from web.graphql_sockets import EVERYDAY, SocketPace
from web.health import Health
from web.metrics import CONTENT_TYPE
from web.middleware.access_log import AccessLog
from web.middleware.address_limit import AddressLimit
from web.middleware.body_limit import BodyLimit
from web.middleware.cors import Cors
from web.middleware.header_limit import HeaderLimit
from web.middleware.last_resort import LastResort
from web.middleware.load_shedding import LoadShedding
from web.middleware.request_ids import RequestIds
from web.middleware.security_headers import SecurityHeaders
from web.origins import Origins
from web.paths import GRAPHQL, METRICS
from web.reception import Reception
from web.replay_steps import StepEndpoint
from web.request_counts import RequestCounts

COMPRESSED_BYTES_MIN = 2_048
"""Smaller answers fit into two packets as they are."""

COMPRESSION_LEVEL = 4
"""Of 9: the higher ones take several times as long for a few percent less."""


def make_app(exchange: Exchange, pace: SocketPace = EVERYDAY) -> ASGIApp:
    """Return the application of a running exchange."""
    settings = exchange.settings
    origins = Origins(settings.cors_origins)
    schema = make_schema(
        tells_strangers=settings.has_introspection,
        trusted=TrustedDocumentTable(exchange.table) if settings.trusted_documents_only else None,
    )
    per_minute = settings.requests_per_minute
    counts = RequestCounts(per_minute) if per_minute else None
    endpoint = GraphQLEndpoint(
        schema,
        reception=Reception(
            exchange.services,
            prices=exchange.prices,
            entries=exchange.entries,
            budgets=exchange.budgets,
            used=exchange.usage.touch,
        ),
        sockets=exchange.sockets,
        counts=counts,
        metrics=exchange.metrics,
        origins=origins,
        operations_per_socket=settings.subscriptions_per_socket,
        has_playground=settings.has_playground,
        pace=pace,
    )

    async def show_metrics(request: Request) -> Response:
        del request
        return Response(exchange.metrics.text(), headers={"content-type": CONTENT_TYPE})

    routes = [
        Route(GRAPHQL, endpoint),
        WebSocketRoute(GRAPHQL, endpoint),
        *Health(exchange).routes(),
        Route(METRICS, show_metrics),
        *pages.routes(exchange, client_sdl(schema.sdl)),
    ]
    if exchange.steps is not None:
        routes.append(StepEndpoint(exchange.steps, exchange.services.market_clock).route())
    handlers = {404: _not_found, 405: _wrong_method, Exception: _failed}
    routed = Starlette(routes=routes, exception_handlers=handlers)
    routed.router.redirect_slashes = False  # it redirects to whatever host the request has named
    app: ASGIApp = routed
    # The guards, from the inside out: a request passes them in the opposite order.
    app = GZipMiddleware(app, COMPRESSED_BYTES_MIN, COMPRESSION_LEVEL)
    app = LoadShedding(app, exchange.load, exchange.metrics)
    app = BodyLimit(app)
    if counts is not None:
        app = AddressLimit(app, counts, exchange.metrics)
    app = HeaderLimit(app)
    app = LastResort(app)
    app = Cors(app, origins)
    app = SecurityHeaders(app)
    app = AccessLog(app, exchange.metrics)
    return RequestIds(app)


async def _not_found(request: Request, error: Exception) -> Response:
    del request, error
    return error_response(404, BAD_USER_INPUT, f"There is nothing here; the API is at {GRAPHQL}.")


async def _wrong_method(request: Request, error: Exception) -> Response:
    del request
    headers = error.headers if isinstance(error, HTTPException) else None
    return error_response(405, BAD_USER_INPUT, "This address can only be read.", headers)


async def _failed(request: Request, error: Exception) -> Response:
    del request, error
    return internal_error_response()
