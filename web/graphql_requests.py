"""Requests as they come in: what is no GraphQL request is refused with a sentence."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from strawberry.http import GraphQLRequestData

from web.graphql_errors import RequestRefusedError
from web.graphql_media_types import JSON, parsed
from web.strict_json import decode

OPERATION_ID_MAX = 256
"""Characters of an operation's id on a websocket; clients use a UUID or a number."""

VALUES_MAX = 2_000
"""In all variables together, lists and objects included: 100 entities with some fields each. Each
wrong one is looked at, at 5 µs and at no charge."""

PREFLIGHT_HEADERS = ("apollo-require-preflight", "x-apollo-operation-name")
"""A browser sends neither to another site before that has allowed it. Source: Apollo Server."""


async def operation_of(request: Request) -> GraphQLRequestData:
    """Return the operation that a GET or a POST asks for. Raises RequestRefusedError."""
    if request.method == "GET":
        _check_preflighted(request)
        given: dict[str, object] = {n: value for n, value in request.query_params.items() if value}
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = _decoded(str(given[name]))
        return request_data(given)
    _check_content(request)
    return request_data(_decoded(await request.body()))


def request_data(body: object) -> GraphQLRequestData:
    """Return the operation that a body asks for. Raises RequestRefusedError."""
    if isinstance(body, list):
        raise RequestRefusedError(400, "Batches are not offered; send one operation a request.")
    if not isinstance(body, dict):
        raise RequestRefusedError(400, "The body must be a JSON object with a `query` in it.")
    if problem := _payload_problem(body):
        raise RequestRefusedError(400, problem)
    return GraphQLRequestData(
        query=body.get("query"),
        variables=body.get("variables"),
        operation_name=body.get("operationName"),
        extensions=_extensions(body),
    )


def message_problem(message: object) -> str | None:
    """Say what is wrong with a message of graphql-transport-ws; None when nothing is."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message must be a JSON object with a `type`."
    kind, payload = message["type"], message.get("payload")
    if kind in {"subscribe", "complete"} and not _is_id(message.get("id")):
        return f"A message needs an `id`: a text of 1 to {OPERATION_ID_MAX} characters."
    if not isinstance(payload, dict | None):
        return "A `payload` must be an object or null."
    if kind != "subscribe":
        return None
    if payload is None or not _names_document(payload):
        return "A subscribe message needs a `payload` with a `query` in it, or the hash of one."
    return _payload_problem(payload)


def _check_content(request: Request) -> None:
    """Raise RequestRefusedError unless the body is plain JSON in UTF-8.

    A browser asks before it sends this content type to another site, so no foreign page can post.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        message = "Send the body as it is; no content encoding is understood."
        raise RequestRefusedError(415, message, headers={"accept-encoding": "identity"})
    name, parameters = parsed(request.headers.get("content-type", ""))
    if name != JSON or parameters.get("charset", "utf-8") not in {"utf-8", "utf8"}:
        raise RequestRefusedError(
            415, "Send the operation as application/json in UTF-8.", headers={"accept-post": JSON}
        )


def _check_preflighted(request: Request) -> None:
    """Raise RequestRefusedError for a GET that a foreign page could send unasked."""
    if any(request.headers.get(name) for name in PREFLIGHT_HEADERS):
        return
    if parsed(request.headers.get("content-type", ""))[0] == JSON:
        return
    raise RequestRefusedError(
        400,
        f"Operations by GET need a header that no foreign page can send: {PREFLIGHT_HEADERS[0]} or "
        f"{PREFLIGHT_HEADERS[1]}, not empty, or content-type: {JSON}.",
    )


def _decoded(text: str | bytes) -> object:
    try:
        return decode(text)
    except json.JSONDecodeError as error:
        raise RequestRefusedError(400, f"This is not valid JSON: {error}.") from error


def _extensions(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the extensions; a `documentId` says the same as the hash of a persisted query.

    Source: GraphQL over HTTP, appendix on persisted documents.
    """
    named = body.get("documentId")
    if not named:
        return body.get("extensions")
    persisted = {"version": 1, "sha256Hash": named.removeprefix("sha256:")}
    return {**(body.get("extensions") or {}), "persistedQuery": persisted}


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= OPERATION_ID_MAX


def _names_document(payload: Mapping[str, object]) -> bool:
    is_sent = isinstance(payload.get("query"), str)
    return is_sent or bool(payload.get("documentId") or payload.get("extensions"))


def _payload_problem(payload: Mapping[str, object]) -> str | None:
    if not isinstance(payload.get("query"), str | None):
        return "`query` must be a text."
    if not isinstance(payload.get("documentId"), str | None):
        return "`documentId` must be a text."
    if not isinstance(payload.get("operationName"), str | None):
        return "`operationName` must be a text or null."
    for name in ("variables", "extensions"):
        if not isinstance(payload.get(name), dict | None):
            return f"`{name}` must be an object or null."
    if _has_too_many(payload.get("variables")):
        return f"`variables` may hold {VALUES_MAX} values at most."
    return None


def _has_too_many(variables: object) -> bool:
    """Tell whether there are more values than may be, and look at no more than that."""
    found, waiting = 0, [variables]
    while waiting and found <= VALUES_MAX:
        value = waiting.pop()
        if isinstance(value, dict | list):
            found += len(value)
            waiting.extend(value.values() if isinstance(value, dict) else value)
    return found > VALUES_MAX
