"""Media types: what a request is written in, and what its answer may be written in."""

from collections.abc import Iterator
from dataclasses import dataclass

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"

_RANGES = {
    name: (name, name.partition("/")[0] + "/*", "*/*")
    for name in (JSON, GRAPHQL_JSON, EVENT_STREAM)
}
"""What an Accept header may call each of them, the closest name first."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client takes as an answer."""

    single: str | None
    """JSON or GRAPHQL_JSON; None where it takes neither."""
    is_stream: bool = False
    """Whether it takes EVENT_STREAM, and says so by name."""


JUST_JSON = Accepted(JSON)


def accepted(header: str) -> Accepted:
    """Return what an Accept header allows; JSON where it leaves it to us.

    Source: GraphQL over HTTP, "Content negotiation"; RFC 9110, 12.5.1.
    """
    if header in {"", "*/*", JSON}:
        return JUST_JSON
    qualities = dict(_ranges(header))
    json, named = (_quality(name, qualities) for name in (JSON, GRAPHQL_JSON))
    # Where both are as welcome, the newer one is given to who names it.
    prefers_named = named > json or (named == json > 0.0 and GRAPHQL_JSON in qualities)
    single = GRAPHQL_JSON if prefers_named else JSON if json > 0 else None
    return Accepted(single, is_stream=qualities.get(EVENT_STREAM, 0.0) > 0)


def parsed(content_type: str) -> tuple[str, dict[str, str]]:
    """Return a content type's name and its parameters, in lower case."""
    name, *rest = content_type.split(";")
    pairs = (part.partition("=") for part in rest)
    found = {key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs}
    return name.strip().lower(), found


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(","):
        name, parameters = parsed(part)
        try:
            yield name, float(parameters.get("q", "1"))
        except ValueError:
            yield name, 0.0


def _quality(name: str, qualities: dict[str, float]) -> float:
    return next((qualities[known] for known in _RANGES[name] if known in qualities), 0.0)
