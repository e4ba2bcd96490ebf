"""How large a query may be. Every bound is checked once per document, before it is validated."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from graphql import DocumentNode, GraphQLError, parse

from schema.document_shape import SATURATED, FragmentsUnclearError, Shape, shape_of
from schema.merged_fields import most_repeats

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"

_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "depth": "nests fields {found} levels deep",
        "introspection_depth": "nests introspection {found} levels deep",
        "aliases": "has {found} aliases",
        "directives": "has {found} directives",
        "root_fields": "has {found} fields at its root",
        "selections": "selects {found} fields and fragments",
        "repeats": "asks {found} times for one object in one place",
        "leaf_repeats": "asks {found} times for one value in one place",
        "operations": "has {found} operations",
        "literals": "has {found} values written out in it",
        "nodes": "could return {found} objects",
    }
)
"""What a message says of each limit after the words "The query"."""


class DocumentRefusedError(Exception):
    """A document is too large in one way or several; `errors` are for the client."""

    def __init__(self, errors: tuple[GraphQLError, ...]) -> None:
        self.errors = errors
        super().__init__(" ".join(error.message for error in errors))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryLimits:
    """The greatest value of everything that is counted in a query.

    Fragments count wherever they are spread, as if their content were written out there.
    """

    characters: int = 100_000
    """Code points of the text. 2,000 tokens of long names, widely indented, are half of that."""

    tokens: int = 2_000
    """Tokens and comments. Usual ceilings are 1,000 to 2,000; introspection has about 200."""

    depth: int = 15
    """Fields within fields. Usual ceilings are 10 to 15; the console's queries have 6."""

    introspection_depth: int = 20
    """Fields within fields under `__schema` or `__type`. The query that every tool sends has 15,
    nine of them `ofType`. MaxIntrospectionDepthRule of graphql-core bounds how its lists nest."""

    aliases: int = 50
    """Renamed fields: each runs again. Usual ceilings are 15 to 50."""

    directives: int = 50
    """Directives as written. Usual ceiling; a field has use for two."""

    root_fields: int = 20
    """Fields at the root, which run at once. The largest page of the console asks for 6."""

    selections: int = 2_000
    """Fields, spreads and inline fragments: no more by fragments than could be written without,
    so that all later work on a document is bounded by the size of a text."""

    repeats: int = 30
    """Fields with a selection that merge into one: graphql-core compares each with each, which
    took 470 ms for 280 of them. A page of 30 components may each bring its fragment."""

    leaf_repeats: int = 100
    """Fields without a selection that merge into one: compared likewise, 300 ms for 700 of them.
    Each of those 30 components may bring fragments of its own, and each of them an id."""

    operations: int = 50
    """Each is validated by itself, 0.3 ms for the smallest; a client's whole set may be sent along
    each time."""

    literals: int = 500
    """Values written out in arguments. An error repeats all of the object that it is about, so that
    640 wrong fields in one took 2 s. The longest list of ids has 250; more goes into variables."""

    nodes: int = 10_000
    """Objects that one operation could return, by the sizes of its lists: a tenth of a second.
    Usual ceiling; 500,000 at GitHub."""

    @property
    def parse_options(self) -> dict[str, int]:
        """The options of graphql-core's parser: it reads no further than they allow."""
        return {"max_tokens": self.tokens, "max_source_length": self.characters}

    def parse(self, text: str) -> DocumentNode:
        """Return the document of a text. Raises GraphQLError, GRAPHQL_PARSE_FAILED."""
        try:
            return parse(text, **self.parse_options)  # type: ignore[arg-type] # mypy mixes up the options' types
        except GraphQLError as error:
            error.extensions = {"code": PARSE_FAILED}
            raise

    def check(self, document: DocumentNode) -> None:
        """Raise DocumentRefusedError for a document that is too large, whatever the schema."""
        errors = self._errors_in(document)
        if errors:
            raise DocumentRefusedError(errors)

    def check_nodes(self, nodes: int) -> None:
        """Raise DocumentRefusedError where an operation could return too much."""
        if nodes > self.nodes:
            raise DocumentRefusedError((_error("nodes", nodes, self.nodes),))

    def _errors_in(self, document: DocumentNode) -> tuple[GraphQLError, ...]:
        try:
            shape = shape_of(document)
        except FragmentsUnclearError as error:
            return (GraphQLError(str(error), extensions={"code": VALIDATION_FAILED}),)
        errors = self._errors_of(shape)
        if errors:
            return errors  # to count repeats could take long, too
        repeats = most_repeats(document)
        return self._errors_among(
            ("repeats", repeats.objects, self.repeats),
            ("leaf_repeats", repeats.leaves, self.leaf_repeats),
        )

    def _errors_of(self, shape: Shape) -> tuple[GraphQLError, ...]:
        return self._errors_among(
            ("depth", shape.depth, self.depth),
            ("introspection_depth", shape.introspection_depth, self.introspection_depth),
            ("aliases", shape.aliases, self.aliases),
            ("directives", shape.directives, self.directives),
            ("root_fields", shape.root_fields, self.root_fields),
            ("selections", shape.selections, self.selections),
            ("operations", shape.operations, self.operations),
            ("literals", shape.literals, self.literals),
        )

    @staticmethod
    def _errors_among(*found: tuple[str, int, int]) -> tuple[GraphQLError, ...]:
        return tuple(
            _error(name, number, allowed) for name, number, allowed in found if number > allowed
        )


def _error(name: str, found: int, allowed: int) -> GraphQLError:
    number = f"{found} or more" if found >= SATURATED else str(found)
    return GraphQLError(
        f"The query {_SENTENCES[name].format(found=number)}; at most {allowed} are allowed.",
        extensions={"code": VALIDATION_FAILED, "limit": name, "found": found, "allowed": allowed},
    )
