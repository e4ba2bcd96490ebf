"""Requests as they come in: what is no GraphQL request is refused with a sentence."""

from collections.abc import Mapping

from strawberry.http import GraphQLRequestData

from web.graphql_errors import RequestRefusedError

OPERATION_ID_MAX = 256
"""Characters of an operation's id on a websocket; clients use a UUID or a number."""


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
        extensions=body.get("extensions"),
    )


def media_type(content_type: str | None) -> str:
    """Return a content type without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()


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
    if payload is None or not isinstance(payload.get("query"), str):
        return "A subscribe message needs a `payload` with a `query` in it."
    return _payload_problem(payload)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= OPERATION_ID_MAX


def _payload_problem(payload: Mapping[str, object]) -> str | None:
    if not isinstance(payload.get("query"), str | None):
        return "`query` must be a text."
    if not isinstance(payload.get("operationName"), str | None):
        return "`operationName` must be a text or null."
    for name in ("variables", "extensions"):
        if not isinstance(payload.get(name), dict | None):
            return f"`{name}` must be an object or null."
    return None
